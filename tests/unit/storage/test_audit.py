"""The audit chain: every tampering is named."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from storage.audit import anchor, record, verify
from storage.database import Database
from storage.models import AuditHeadRow, AuditRow


@pytest.fixture
def chain(database: Database, now: datetime) -> Database:
    """Ten lines, ids 1 to 10."""
    with database.write() as session:
        for index in range(10):
            record(
                session, "op:王", "ticket.read", f"LD2611200000{index}", {"n": index, "who": "王", 5: 1.5}, now + timedelta(seconds=index)
            )
    return database


def test_untouched_chain_holds(chain: Database, database: Database) -> None:
    with database.read() as session:
        assert verify(session) == []
        assert anchor(session).rows == 10


def test_empty_chain_holds(database: Database) -> None:
    with database.read() as session:
        assert verify(session) == []


def swap(session: Session) -> None:
    for old, new in ((4, 99), (5, 4), (99, 5)):
        session.execute(update(AuditRow).where(AuditRow.id == old).values(id=new))


TAMPERING: dict[str, tuple[Callable[[Session], object], set[tuple[int | None, str]]]] = {
    "words": (lambda s: s.execute(update(AuditRow).where(AuditRow.id == 4).values(actor="op:李")), {(4, "altered")}),
    "detail": (lambda s: s.execute(update(AuditRow).where(AuditRow.id == 4).values(detail={"n": 9})), {(4, "altered")}),
    "row gone": (lambda s: s.execute(delete(AuditRow).where(AuditRow.id == 4)), {(5, "gap"), (10, "cut")}),
    "first gone": (lambda s: s.execute(delete(AuditRow).where(AuditRow.id == 1)), {(2, "gap"), (10, "cut")}),
    "swapped": (swap, {(4, "gap"), (5, "gap"), (6, "gap")}),
    "tail cut": (lambda s: s.execute(delete(AuditRow).where(AuditRow.id > 7)), {(7, "cut")}),
    "all gone": (lambda s: s.execute(delete(AuditRow)), {(None, "cut")}),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_named(chain: Database, how: str) -> None:
    act, faults = TAMPERING[how]
    with chain.write() as session:
        act(session)
    with chain.read() as session:
        assert {(fault.row_id, fault.kind) for fault in verify(session)} == faults


def test_chain_and_head_rewritten_together_are_caught_by_an_anchor_kept_elsewhere(chain: Database, now: datetime) -> None:
    with chain.read() as session:
        kept = anchor(session)
    with chain.write() as session:
        record(session, "op:王", "later", "x", {}, now)
    with chain.read() as session:
        assert verify(session, kept) == []
    with chain.write() as session:
        session.execute(delete(AuditRow))
        session.execute(delete(AuditHeadRow))
        for index in range(12):
            record(session, "op:李", "ticket.read", f"x{index}", {}, now)
    with chain.read() as session:
        assert verify(session) == []
        assert [fault.kind for fault in verify(session, kept)] == ["cut"]


def test_four_writers_make_one_chain(database: Database, now: datetime) -> None:
    start = threading.Barrier(4)

    def work(name: str) -> None:
        start.wait()
        for index in range(20):
            with database.write() as session:
                record(session, name, "act", str(index), {}, now)

    workers = [threading.Thread(target=work, args=(f"op:{index}",)) for index in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with database.read() as session:
        assert verify(session) == []
        assert anchor(session).rows == 80


def test_line_of_a_failed_transaction_leaves_no_trace(chain: Database, now: datetime) -> None:
    with pytest.raises(RuntimeError), chain.write() as session:
        record(session, "op:王", "lost", "x", {}, now)
        raise RuntimeError("rolled back")
    with chain.read() as session:
        assert anchor(session).rows == 10
        assert verify(session) == []
