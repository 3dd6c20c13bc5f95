"""Fixtures every test may use: a fresh database of each dialect, a fixed clock, no network beyond loopback."""

import os
import socket
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from storage.database import Database
from storage.models import Base

POSTGRES = os.environ.get("LINDA_TEST_POSTGRES_URL", "postgresql+psycopg:///test")


def _postgres_answers() -> bool:
    try:
        engine = create_engine(make_url(POSTGRES).set(drivername="postgresql+psycopg"), connect_args={"connect_timeout": 2})
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()
    except Exception:
        return False
    return True


POSTGRES_ANSWERS = _postgres_answers()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once per dialect."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'linda.db'}"
        return
    if not POSTGRES_ANSWERS:
        pytest.skip(f"no PostgreSQL answers at {make_url(POSTGRES).render_as_string(hide_password=True)}")
    schema = f"t_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(POSTGRES).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg").update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with all tables, once per dialect."""
    opened = Database(database_url, pool_size=5)
    Base.metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """A fixed instant: 2026-11-20 09:30 in Beijing."""
    return datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse any connection that would leave this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else ""
        if host and not (str(host).startswith("127.") or host in {"::1", "localhost", "0.0.0.0"}):
            raise OSError(f"tests may not connect to {host}")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
