"""Reading rows that are shown after the transaction: they keep their values when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from storage.database import Database


@contextmanager
def look_at(database: Database) -> Iterator[Session]:
    """A reading transaction whose rows stay readable afterwards (a rollback would empty them)."""
    with database.read() as session:
        yield session
        session.expunge_all()
