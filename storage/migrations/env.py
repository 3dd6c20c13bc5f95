"""Alembic's entry: works on the connection storage/migrate.py hands over, inside its transaction."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from storage.models import Base


def plain_type(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types as the plain ones beneath them: a revision must not change when our classes do."""
    if kind == "type" and isinstance(item, TypeDecorator):
        inner = item.impl
        if isinstance(inner, sa.DateTime):
            return "sa.DateTime(timezone=True)"
        if isinstance(inner, sa.Text):
            return "sa.Text()"
        if isinstance(inner, sa.String):
            return f"sa.String(length={inner.length})"
        if isinstance(inner, sa.JSON):
            return "sa.JSON()"
    return False


def run() -> None:
    """Run the wanted revisions on the given connection."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_type,
        transaction_per_migration=False,
    )
    context.run_migrations()


run()
