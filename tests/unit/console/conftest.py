"""The console's stage: `stage` once per database, `desk_stage` on SQLite alone for what no database can change."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from console import passwords
from storage.database import Database
from storage.models import Base
from tests.unit.console.stage import Clock, Stage


@pytest.fixture
def stage(database: Database, tmp_path: Path, now: datetime) -> Stage:
    """A console with no accounts and no tickets."""
    return Stage(database, tmp_path, Clock(now))


@pytest.fixture
def desk_stage(tmp_path: Path, now: datetime) -> Iterator[Stage]:
    """The same on SQLite alone: for routes, roles and pages."""
    database = Database(f"sqlite:///{tmp_path / 'desk.db'}")
    Base.metadata.create_all(database.engine)
    yield Stage(database, tmp_path, Clock(now))
    database.close()


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Hashes that cost little, but for the test that looks at what they cost."""
    if "real_hashes" not in request.fixturenames:
        monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def real_hashes() -> None:
    """Asks for the hashes of a real deployment."""
