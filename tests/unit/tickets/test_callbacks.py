"""Calling back: as many as the plan asks for, drawn by lot, each once; what was heard has effect; ratings count once each."""

import threading
from datetime import timedelta

import pytest

from config.refusal import Refused
from config.regions import regions
from storage.models import CallbackRow, RatingRow, TicketEventRow
from tickets.callbacks import callback_rate, draw_callbacks, due_callbacks, everything, rate, record_callback
from tickets.change_ticket import Change, change_ticket
from tickets.followers import join


def ended(build, session, now, form="market", **fields):
    row = build.ticket(session, now, property_form=form, **fields)
    change_ticket(session, row, Change("resolved", "王师傅", "换了灯泡", state="resolved"), now + timedelta(hours=1))
    return row


def test_ninety_five_in_a_hundred_are_drawn_once_by_lot(database, build, now):
    later = now + timedelta(hours=2)
    with database.write() as session:
        for _ in range(40):
            ended(build, session, now, conversation_id=None)
        ended(build, session, now, form="quasi")
        build.ticket(session, now, property_form="market")
        assert draw_callbacks(session, later) == 38
        assert draw_callbacks(session, later) == 0
        due = due_callbacks(session, everything())
        assert len(due) == 38
        assert {(c.source_plan, c.source_clause) for c, _ in due} == {("donghe-2025", "三（二）1")}
        assert {c.due_at.isoformat() for c, _ in due} == {"2026-11-25T16:00:00+00:00"}


def test_who_cannot_be_reached_is_tried_three_times_and_replaced(database, build, now):
    later = now + timedelta(hours=2)
    with database.write() as session:
        clerk = build.operator(session)
        for _ in range(20):
            ended(build, session, now, conversation_id=None)
        assert draw_callbacks(session, later) == 19
        call = due_callbacks(session, everything())[0][0]
        for tries in (1, 2, 3):
            assert call.state == "due"
            record_callback(session, call, clerk, "unreachable", "", later)
            assert call.tries == tries
        assert (call.state, call.outcome) == ("done", "unreachable")
        assert draw_callbacks(session, later) == 1
        for one, _ in due_callbacks(session, everything()):
            record_callback(session, one, clerk, "satisfied", "", later)
        found = callback_rate(session, regions()["donghe"], "market", (now, now + timedelta(days=1)))
        assert (found.ended, found.reached, found.rate) == (20, 19, 0.95)
        assert found.target is not None
        assert found.target.value == 95


def test_not_fixed_reopens_and_every_answer_is_written_down_once(database, build, now):
    later = now + timedelta(hours=2)
    with database.write() as session:
        clerk, row = build.operator(session), ended(build, session, now)
        draw_callbacks(session, later)
        call = session.query(CallbackRow).one()
        for outcome, note, code in (("great", "", "outcome"), ("not_fixed", " ", "reason_missing")):
            with pytest.raises(Refused) as refused:
                record_callback(session, call, clerk, outcome, note, later)
            assert refused.value.code == code
        record_callback(session, call, clerk, "not_fixed", "还是不亮", later)
        assert row.state == "reopened"
        with pytest.raises(Refused) as over:
            record_callback(session, call, clerk, "satisfied", "", later)
        assert over.value.code == "over"
        change_ticket(session, row, Change("resolved", "王师傅", "换了整个灯座", state="resolved"), later + timedelta(hours=1))
        assert draw_callbacks(session, later + timedelta(hours=2)) == 1  # a second ending is called back too


def test_several_who_draw_at_once_add_each_once(database, build, now):
    later = now + timedelta(hours=2)
    with database.write() as session:
        for _ in range(30):
            ended(build, session, now, conversation_id=None)
    wait, added, errors = threading.Barrier(3), [], []

    def draw() -> None:
        wait.wait()
        try:
            with database.write() as session:
                added.append(draw_callbacks(session, later))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.read() as session:
        assert session.query(CallbackRow).count() == 29
    assert sum(added) == 29


@pytest.mark.parametrize("stars", [0, 6, -1, True])
def test_stars_are_one_to_five(database, build, now, stars):
    with database.write() as session:
        row = ended(build, session, now)
        with pytest.raises(Refused):
            rate(session, row, stars, "", now)


def test_the_last_rating_counts_and_each_resident_has_one(database, build, now):
    later = now + timedelta(hours=2)
    with database.write() as session:
        row = build.ticket(session, now)
        neighbour = build.conversation(session)
        join(session, row, neighbour.id, None, "", now)
        with pytest.raises(Refused) as early:
            rate(session, row, 5, "", now)
        assert early.value.code == "not_ended"
        change_ticket(session, row, Change("resolved", "王师傅", "换了灯泡", state="resolved"), later)
        rate(session, row, 2, "太慢", later)
        rate(session, row, 5, "", later)
        rate(session, row, 3, "", later, conversation_id=neighbour.id)
        assert sorted((r.stars, r.text) for r in session.query(RatingRow)) == [(3, ""), (5, "")]
        events = session.query(TicketEventRow).filter(TicketEventRow.event == "rated").order_by(TicketEventRow.seq)
        assert [e.data["stars"] for e in events] == [2, 5, 3]
