"""Column types that refuse on SQLite what PostgreSQL would refuse: naive times, NUL bytes, over-long text."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


def refuse_nul(value: Any) -> Any:
    """Return `value` unless a NUL or a lone surrogate hides in one of its strings (ValueError)."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("NUL in text")
        value.encode("utf-8")
    elif isinstance(value, dict):
        for key, inner in value.items():
            refuse_nul(key)
            refuse_nul(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            refuse_nul(inner)
    return value


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored and given back in UTC; a naive one is a bug (ValueError)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime refused")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Line(TypeDecorator[str]):
    """Bounded text; longer than its length or holding NUL is refused on both databases."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        refuse_nul(value)
        length = getattr(self.impl, "length", None)
        if length is not None and len(value) > length:
            raise ValueError(f"text longer than {length}")
        return value


class Prose(TypeDecorator[str]):
    """Unbounded text without NUL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(refuse_nul(value))


class Document(TypeDecorator[Any]):
    """A JSON document without NUL in any string."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return refuse_nul(value)
