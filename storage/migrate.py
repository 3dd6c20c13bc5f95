"""Brings a database to the schema of this program, in one transaction and once, however many processes start together.

As a program: `python -m storage.migrate URL` migrates; `python -m storage.migrate new WORDS` writes a revision from the models.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from config.refusal import Refused
from storage.database import Database
from storage.models import Base

FOLDER = Path(__file__).resolve().parent / "migrations"
LOCK = 0x4C494E4441  # PostgreSQL advisory lock of the migration ("LINDA")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A writing transaction no other migration runs beside."""
    with database.engine.connect() as plain:
        connection = plain.execution_options(linda_begin="IMMEDIATE")
        with connection.begin():
            if database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            yield connection


def differences(connection: Connection) -> list[object]:
    """What Alembic would still have to change so that the database is as the models say; empty when nothing."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def _adopt(connection: Connection) -> bool:
    """Whether a database made without revisions is just as the models say and may be taken over as it stands."""
    ours = set(Base.metadata.tables) & set(inspect(connection).get_table_names())
    if not ours:
        return False
    if differences(connection):
        raise Refused("数据库里已有表，但不是由本程序的迁移建立的，结构也对不上", "换一个空数据库，或先备份再清空它", code="schema_unknown")
    return True


def migrate(url: str) -> str:
    """Bring the database at `url` to this program's schema and give back the revision it then has.

    All or nothing: killed at any moment, the database stands as before. Refused when the database was written by a newer program,
    or holds tables of unknown origin.
    """
    script = ScriptDirectory.from_config(_config())
    head = script.get_current_head()
    assert head is not None
    known = {revision.revision for revision in script.walk_revisions()}
    database = Database(url, pool_size=1)
    try:
        with _alone(database) as connection:
            stands = MigrationContext.configure(connection).get_current_revision()
            if stands is not None and stands not in known:
                raise Refused(f"数据库的结构版本 {stands} 比本程序新", "升级程序，或用与程序同版本的备份", code="schema_newer")
            if stands is None and _adopt(connection):
                command.stamp(_config(connection), "head")
            elif stands != head:
                command.upgrade(_config(connection), "head")
    finally:
        database.close()
    return head


def new_revision(words: str) -> Path:
    """Write a revision that leads from the newest one to the models, found on an empty SQLite database, and give back its file."""
    script = ScriptDirectory.from_config(_config())
    number = f"{len(list(script.walk_revisions())) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.db'}", pool_size=1)
        with _alone(database) as connection:
            if number != "0001":
                command.upgrade(_config(connection), "head")
            made = command.revision(_config(connection), words, autogenerate=True, rev_id=number)
        database.close()
    assert made is not None and not isinstance(made, list)
    return Path(made.path)


def main(arguments: list[str]) -> int:
    """See the module's words; 0 done, 1 refused, 2 wrong use."""
    if len(arguments) == 2 and arguments[0] == "new":
        print(new_revision(arguments[1]))
        return 0
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(migrate(arguments[0]))
    except Refused as refusal:
        print(f"{refusal.reason}：{refusal.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
