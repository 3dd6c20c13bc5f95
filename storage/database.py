"""Opens the one database and hands out transactions; the durability rules are read back on every connect."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from config.refusal import Refused


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we emit BEGIN ourselves (see _sqlite_begin)
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # an erased person's key must not stay in a free page
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    for pragma, value in wanted.items():
        got = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
        if got not in (value, "memory"):
            raise Refused(f"SQLite {pragma} 是 {got}，不是 {value}", "把数据库放在支持 WAL 的本地磁盘上")
    cursor.close()


def _postgres_connect(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        for setting in ("synchronous_commit", "fsync"):
            got = cursor.execute(f"SHOW {setting}").fetchone()[0]
            if got == "off":
                raise Refused(f"PostgreSQL 的 {setting} 为 off，断电会丢失已受理的事项", f"把 {setting} 设为 on 后再启动")
    connection.commit()


class Database:
    """One engine and its transactions. `write()` is BEGIN IMMEDIATE on SQLite, so writers queue instead of failing."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = url
        backend = make_url(url).get_backend_name()
        self.dialect: str = backend
        if backend == "sqlite":
            self.engine: Engine = create_engine(url, connect_args={"check_same_thread": False}, pool_size=pool_size, max_overflow=60)
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", self._sqlite_begin)
        elif backend == "postgresql":
            self.engine = create_engine(
                make_url(url).set(drivername="postgresql+psycopg"), pool_size=pool_size, max_overflow=60, pool_pre_ping=True
            )
            event.listen(self.engine, "connect", _postgres_connect)
        else:
            raise Refused(f"不支持的数据库 {backend}", "用 sqlite:/// 或 postgresql:// 开头的地址")
        # SQLite has one writer anyway; waiting in line here costs nothing, waiting in its busy handler sleeps up to 100 ms a try.
        self._one_writer: AbstractContextManager[object] = threading.RLock() if backend == "sqlite" else nullcontext()
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @staticmethod
    def _sqlite_begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("linda_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write; commits at the end, rolls back on any exception."""
        with self._one_writer, self._sessions() as session:
            session.connection(execution_options={"linda_begin": "IMMEDIATE"})
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with self._sessions() as session:
            yield session  # closing detaches the rows read without expiring them; the connection itself is rolled back

    def answers(self) -> bool:
        """Whether the database answers a trivial query now (for /readyz)."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception:  # any driver error means the same thing here: not ready
            return False
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
