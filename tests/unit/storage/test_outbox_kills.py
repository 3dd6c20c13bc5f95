"""Writers and consumers killed with SIGKILL wherever they are: nothing told is lost, every event id comes once, order holds."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from storage.database import Database
from storage.models import TicketRow
from storage.outbox import ack, counts, lease

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 3


class Program:
    """One run of the program; `killed_after` gives all whole lines it printed until then."""

    def __init__(self, *arguments: str) -> None:
        program = [sys.executable, "-m", "tests.unit.storage.outbox_program", *arguments]
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, cwd=ROOT)

    def killed_after(self, seconds: float) -> list[str]:
        """Kill it `seconds` after its first line."""
        assert self.process.stdout is not None
        with self.process.stdout as out:
            first = out.readline()
            time.sleep(seconds)
            self.process.kill()
            lines = (first + out.read()).split(b"\n")[:-1]
        self.process.wait()
        return [line.decode() for line in lines]


def test_killed_writers_and_consumers_lose_and_double_nothing(database: Database) -> None:
    told: list[str] = []
    delivered: list[tuple[str, str, str]] = []
    for round_ in range(ROUNDS):
        writer, consumer = Program("write", database.url, str(round_ * 10_000)), Program("take", database.url)
        told += writer.killed_after(0.15 + 0.05 * round_)
        delivered += [(a, b, c) for a, b, c in (line.split() for line in consumer.killed_after(0.1))]
    time.sleep(0.5)  # a commit the server had already received may still be under way
    at = datetime.now(UTC)
    for _ in range(10_000):
        at += timedelta(seconds=1)
        with database.write() as session:
            got = lease(session, 200, 60, (), at)
            delivered += [(str(e["id"]), str(e["subject"]), str(e["sequence"])) for e in got.events]
            if got.id is None:
                break
            ack(session, got.id, at)
    with database.read() as session:
        stored = set(session.scalars(select(TicketRow.number)))
        found = counts(session)
    assert len(told) > ROUNDS and set(told) <= stored
    assert (found.issued, found.sent, found.dead, found.missing) == (2 * len(stored), 2 * len(stored), 0, 0)
    first_seen = list(dict.fromkeys(delivered))
    assert len(first_seen) == len({event_id for event_id, _, _ in first_seen}) == 2 * len(stored)
    by_ticket: dict[str, list[str]] = {}
    for _, subject, sequence in first_seen:
        by_ticket.setdefault(subject, []).append(sequence)
    assert all(sequences == ["0000000001", "0000000002"] for sequences in by_ticket.values())
