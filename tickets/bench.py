"""`python -m tickets.bench [URL]…`: 100,000 open tickets, one sweep with a full batch of broken promises, its time and memory;
then four sweepers at once, nothing double and nothing missed.

Without a URL: a fresh SQLite file, and PostgreSQL at LINDA_TEST_POSTGRES_URL or postgresql:///test in a schema of its own.
"""

import os
import resource
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.engine import make_url

from storage.database import Database
from storage.models import Base, ClockRow, TicketEventRow, TicketRow
from tickets.ladder import sweep

OPEN = 100_000
DUE = 500  # of these break a promise in the counted sweep: a full batch, the most that one sweep takes
NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
STEP = 5_000
MOST_SECONDS, MOST_MB = 5.0, 200.0


@dataclass(frozen=True)
class SweepFigures:
    """One sweep of `open_tickets`: seconds, CPU seconds, peak memory of the process in MB, promises broken; then four at once."""

    open_tickets: int
    seconds: float
    cpu_seconds: float
    memory_mb: float
    breached: int
    double: int
    missed: int

    @property
    def kept(self) -> bool:
        """Whether the promise is kept: five seconds, 200 MB, nothing double, nothing missed."""
        return self.seconds <= MOST_SECONDS and self.memory_mb <= MOST_MB and not self.double and not self.missed


def fill(database: Database, count: int, due: int) -> None:
    """Write `count` open tickets with a handle and a resolve clock; the handle clocks of `due` are past their time at NOW."""
    for first in range(0, count, STEP):
        numbers = range(first, min(first + STEP, count))
        with database.write() as session:
            session.execute(insert(TicketRow), [_ticket(n) for n in numbers])
            session.execute(insert(ClockRow), [clock for n in numbers for clock in _clocks(n, count, due)])
            session.execute(
                insert(TicketEventRow), [{"ticket_id": n + 1, "seq": 1, "at": NOW, "event": "opened", "by": "linda"} for n in numbers]
            )


def _ticket(n: int) -> dict[str, object]:
    return {
        "id": n + 1,
        "number": f"LD261120{n:06d}",
        "kind": "repair",
        "category": "lighting",
        "state": "submitted",
        "region": "donghe",
        "property_form": "quasi",
        "community": "巴彦小区",
        "building": str(n % 30 + 1),
        "description": "楼道灯不亮",
        "lead_unit": "物业服务企业",
        "support_units": ["区住建局"],
        "opened_at": NOW,
        "changed_at": NOW,
    }


def _clocks(n: int, count: int, due: int) -> list[dict[str, object]]:
    late = n % (count // due) == 0
    handle = NOW - timedelta(minutes=1) if late else NOW + timedelta(hours=5)
    both = (("handle", handle, "league"), ("resolve", NOW + timedelta(hours=20), "region"))
    return [
        {
            "ticket_id": n + 1,
            "name": name,
            "source_plan": "nmg-2026",
            "source_clause": "四（二）",
            "started_at": NOW - timedelta(hours=12),
            "due_at": moment,
            "state": "running",
            "climbs_to": level,
        }
        for name, moment, level in both
    ]


def measure(database: Database, count: int = OPEN, due: int = DUE) -> SweepFigures:
    """Fill an empty database and count one sweep, then four sweepers at once over what comes due later."""
    fill(database, count, due)
    begun, cpu = time.perf_counter(), time.process_time()
    found = sweep(database, NOW, batch=due)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    double, missed = four_at_once(database, due)
    return SweepFigures(count, seconds, cpu, memory, found.breached, double, missed + due - found.breached)


def four_at_once(database: Database, due: int) -> tuple[int, int]:
    """(double, missed) when four sweepers take the same `due` broken promises at once."""
    with database.write() as session:
        ids = list(session.scalars(select(ClockRow.ticket_id).where(ClockRow.state == "breached").order_by(ClockRow.id).limit(due)))
        clocks = select(ClockRow).where(ClockRow.ticket_id.in_(ids), ClockRow.name == "resolve")
        for clock in session.scalars(clocks):
            clock.due_at = NOW + timedelta(minutes=1)
    wait = threading.Barrier(4)

    def work() -> None:
        wait.wait()
        while sweep(database, NOW + timedelta(minutes=2), batch=200).more:
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        steps = select(TicketEventRow.ticket_id, TicketEventRow.data).where(TicketEventRow.event == "escalated")
        told = Counter(ticket for ticket, data in session.execute(steps) if data["why"] == "resolve")
        left = session.scalar(select(func.count()).where(ClockRow.state == "running", ClockRow.due_at <= NOW + timedelta(minutes=2)))
    return sum(count - 1 for count in told.values()), max(len(ids) - len(told), left or 0)


@contextmanager
def fresh_postgres(address: str) -> Iterator[str]:
    """A schema of its own, dropped at the end."""
    schema, url = f"bench_{uuid.uuid4().hex[:10]}", make_url(address).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    try:
        yield url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()


def run(url: str, count: int = OPEN, due: int = DUE) -> SweepFigures:
    """Make the tables at `url`, measure and print."""
    database = Database(url, pool_size=6)
    try:
        Base.metadata.create_all(database.engine)
        found = measure(database, count, due)
    finally:
        database.close()
    took = f"{found.seconds:.2f} s ({found.cpu_seconds:.2f} s CPU), {found.memory_mb:.0f} MB"
    print(f"{database.dialect}: {found.open_tickets} open tickets, one sweep of {found.breached} steps in {took}", flush=True)
    print(f"  four sweepers: {found.double} double, {found.missed} missed — {'kept' if found.kept else 'NOT KEPT'}", flush=True)
    return found


def main(arguments: list[str]) -> int:
    """Exit 0 when every promise is kept, 1 otherwise."""
    if arguments:
        return 0 if all(run(url).kept for url in arguments) else 1
    with tempfile.TemporaryDirectory() as folder:
        kept = run(f"sqlite:///{Path(folder) / 'bench.db'}").kept
    with fresh_postgres(os.environ.get("LINDA_TEST_POSTGRES_URL", "postgresql:///test")) as url:
        return 0 if run(url).kept and kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
