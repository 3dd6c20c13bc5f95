"""Migrations lead to what the models say, once, and never touch what they do not know."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from config.refusal import Refused
from storage.database import Database
from storage.migrate import differences, main, migrate
from storage.models import Base


def shape(database: Database) -> dict[str, object]:
    """Everything inspection can tell about every table but Alembic's own."""
    seen = inspect(database.engine)
    found: dict[str, object] = {}
    for table in sorted(seen.get_table_names()):
        if table == "alembic_version":
            continue
        found[table] = (
            [(c["name"], str(c["type"]), c["nullable"], c["default"] and "default") for c in seen.get_columns(table)],
            sorted((i["name"], tuple(i["column_names"]), i["unique"]) for i in seen.get_indexes(table)),
            sorted(tuple(u["column_names"]) for u in seen.get_unique_constraints(table)),
            sorted((tuple(f["constrained_columns"]), f["referred_table"]) for f in seen.get_foreign_keys(table)),
            seen.get_pk_constraint(table)["constrained_columns"],
        )
    return found


def test_migrations_lead_to_the_models(database_url: str) -> None:
    """When this fails after a change of models.py: `python -m storage.migrate new WORDS`, and read what it wrote."""
    migrate(database_url)
    database = Database(database_url, pool_size=1)
    with database.engine.connect() as connection:
        assert differences(connection) == []
    migrated = shape(database)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        Base.metadata.drop_all(connection)
    Base.metadata.create_all(database.engine)
    assert migrated == shape(database)
    database.close()


def test_a_missing_column_is_noticed(database_url: str) -> None:
    migrate(database_url)
    database = Database(database_url, pool_size=1)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE tickets DROP COLUMN reason"))
    with database.engine.connect() as connection:
        assert len(differences(connection)) == 1
    database.close()


def test_second_time_changes_nothing_and_data_stays(database_url: str) -> None:
    first = migrate(database_url)
    database = Database(database_url, pool_size=1)
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO audit_head (id, rows, hash) VALUES (1, 7, 'x')"))
    assert migrate(database_url) == first
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT rows FROM audit_head")).scalar_one() == 7
    database.close()


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    ends: list[str] = []
    workers = [threading.Thread(target=lambda: ends.append(migrate(database_url))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(ends) == 4 and len(set(ends)) == 1


def test_newer_schema_is_refused(database_url: str) -> None:
    migrate(database_url)
    database = Database(database_url, pool_size=1)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused) as refused:
        migrate(database_url)
    assert refused.value.code == "schema_newer" and refused.value.remedy
    database.close()


def test_tables_of_unknown_origin_are_refused_and_our_own_are_adopted(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    Base.metadata.create_all(database.engine)
    head = migrate(database_url)
    with database.engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == head
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("ALTER TABLE tickets DROP COLUMN reason"))
    with pytest.raises(Refused) as refused:
        migrate(database_url)
    assert refused.value.code == "schema_unknown"
    database.close()


def test_killed_in_the_middle_leaves_the_database_as_it_was(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    upgrade = command.upgrade

    def killed(*arguments: object) -> None:
        upgrade(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", killed)
    with pytest.raises(KeyboardInterrupt):
        migrate(database_url)
    monkeypatch.undo()
    database = Database(database_url, pool_size=1)
    assert inspect(database.engine).get_table_names() == []
    database.close()
    migrate(database_url)


def test_command_says_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'linda.db'}"
    assert main([url]) == 0
    database = Database(url, pool_size=1)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    assert main([url]) == 1
    assert "升级程序" in capsys.readouterr().err
    assert main([]) == 2
