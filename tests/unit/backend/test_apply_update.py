"""Updates under a crowd and under crashes: one effect each."""

import threading
from datetime import datetime

import pytest

from backend.api_keys import ApiCaller
from backend.apply_update import TicketUpdate, apply_update
from config.refusal import Refused
from storage.database import Database
from storage.models import UpdateRow
from tests.contracts.queue_side import QueueSide

WHO = ApiCaller(1, "热线平台", ())


def test_same_update_from_eight_connections_at_once_has_one_effect(database: Database, now: datetime) -> None:
    side = QueueSide(database, now)
    number = side.open()
    start, ends = threading.Barrier(8), []

    def work() -> None:
        start.wait()
        with database.write() as session:
            done = apply_update(session, WHO, number, TicketUpdate("u1", now, "accepted", "好"), now)
            ends.append(done.repeated)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ends) == [False] + [True] * 7
    assert len(side.notices(number)) == 1


def test_crash_before_commit_leaves_nothing_and_the_update_may_come_again(database: Database, now: datetime) -> None:
    side = QueueSide(database, now)
    number = side.open()
    update = TicketUpdate("u1", now, "accepted", "好")
    with pytest.raises(RuntimeError), database.write() as session:
        apply_update(session, WHO, number, update, now)
        raise RuntimeError("killed")
    assert side.state(number) == "submitted" and side.notices(number) == []
    with database.write() as session:
        assert not apply_update(session, WHO, number, update, now).repeated
        assert session.query(UpdateRow).count() == 1
    assert side.state(number) == "accepted"


def test_resolved_without_a_word_is_refused_with_the_remedy_and_may_be_sent_again(database: Database, now: datetime) -> None:
    side = QueueSide(database, now)
    number = side.open()
    for silent in ("", "  "):
        with pytest.raises(Refused) as refused, database.write() as session:
            apply_update(session, WHO, number, TicketUpdate("u1", now, "resolved", silent), now)
        assert (refused.value.status, refused.value.code) == (422, "text_missing")
        assert "text" in refused.value.remedy
    assert side.state(number) == "submitted"
    with database.write() as session:
        apply_update(session, WHO, number, TicketUpdate("u1", now, "resolved", "更换了三楼的声控开关，试过能亮"), now)
    assert side.state(number) == "resolved"
