"""Alembic's environment and the revisions; run through storage/migrate.py, never by hand on a deployment."""
