"""Changing a ticket: the state table, history, event and notice belong together."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from config.refusal import Refused
from storage.database import Database
from storage.models import MessageRow, OutboxRow, TicketEventRow
from tickets.change_ticket import Change, change_ticket
from tickets.ticket import NEXT_STATES, OPEN_STATES, STATES, ticket_record


def test_the_table_names_every_state_and_only_states():
    assert set(NEXT_STATES) == set(STATES)
    assert {after for allowed in NEXT_STATES.values() for after in allowed} <= set(STATES)


def test_every_state_can_be_reached_from_submitted():
    reached, waiting = {"submitted"}, ["submitted"]
    while waiting:
        for after in NEXT_STATES[waiting.pop()] - reached:
            reached.add(after)
            waiting.append(after)
    assert reached == set(STATES)


def test_the_way_of_the_contract_is_open_and_only_reopening_leads_back():
    way = ("submitted", "accepted", "in_progress", "resolved", "closed")
    for before, after in itertools.pairwise(way):
        assert after in NEXT_STATES[before]
        assert before not in NEXT_STATES[after]
    undone = {"merged"}  # undoing a merge gives back the state before it
    assert {s for s in STATES if "reopened" in NEXT_STATES[s]} - undone == {"resolved", "closed", "rejected"}


@pytest.mark.parametrize("before", [s for s in STATES if s != "merged"])
def test_what_the_table_forbids_is_refused_and_changes_nothing(database: Database, build, now, before):
    with database.write() as session:
        row = build.ticket(session, now)
        row.state = before
    for after in set(STATES) - NEXT_STATES[before]:
        with database.write() as session, pytest.raises(Refused) as refused:
            change_ticket(session, session.merge(row), Change(after, "王师傅", "说明", state=after), now)
        assert refused.value.status == 409
        assert refused.value.remedy
    with database.read() as session:
        assert len(session.scalars(select(TicketEventRow)).all()) == 1
        assert len(session.scalars(select(OutboxRow)).all()) == 1


def test_a_change_writes_history_event_and_notice(database: Database, build, now, said):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("accepted", "王师傅", "下午到", state="accepted"), now + timedelta(minutes=5))
    with database.read() as session:
        row = session.merge(row)
        assert (row.state, row.version, row.changed_at) == ("accepted", 2, now + timedelta(minutes=5))
        assert [(e.seq, e.event, e.by, e.text) for e in session.scalars(select(TicketEventRow).order_by(TicketEventRow.seq))] == [
            (1, "opened", "resident", ""),
            (2, "accepted", "王师傅", "下午到"),
        ]
        events = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        assert [e.type for e in events] == ["linda.ticket.opened.v1", "linda.ticket.updated.v1"]
        assert events[1].payload["data"]["state"] == "accepted"
        message = session.scalars(select(MessageRow)).one()
        assert message.author == "notice"
        assert message.body["kind"] == "notice"
        assert set(message.body) == {"kind", "text", "choices", "citations"}
        assert said(session, row) == [f"您的工单 {row.number}（路灯与楼道灯）已受理，由物业服务企业负责。\n说明：下午到"]


@pytest.mark.parametrize(
    ("state", "kind"),
    [("withdrawn", "withdrawn"), ("closed", "closed"), ("resolved", "updated"), ("rejected", "updated")],
)
def test_the_event_type_follows_the_change(database: Database, build, now, state, kind):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change(state, "王师傅", "因为", state=state), now)
        last = session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc())).first()
        assert last is not None
        assert last.type == f"linda.ticket.{kind}.v1"


@pytest.mark.parametrize("state", ["accepted", "in_progress", "resolved", "closed", "rejected"])
def test_each_state_told_to_the_resident_has_words_of_its_own(database: Database, build, now, said, state):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change(state, "王师傅", "因为", state=state), now)
        (notice,) = said(session, row)
        assert row.number in notice
        assert "有新进展" not in notice


def test_news_without_a_state_is_told_too(database: Database, build, now, said):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("updated", "王师傅", "配件明天到"), now)
        assert said(session, row) == [f"您的工单 {row.number}（路灯与楼道灯）有新进展，现在是“已提交，等待受理”。\n说明：配件明天到"]


def test_an_internal_note_reaches_neither_resident_nor_company_nor_queue(database: Database, build, now, said):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("noted", "王师傅", "住户电话打不通", public=False), now)
        assert said(session, row) == []
        assert len(session.scalars(select(OutboxRow)).all()) == 1
        for audience, seen in (("resident", False), ("company", False), ("queue", False), ("office", True)):
            texts = [line["text"] for line in ticket_record(session, row, audience=audience)["history"]]
            assert ("住户电话打不通" in texts) is seen


def test_what_the_resident_did_is_not_told_back(database: Database, build, now, said):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("supplemented", "resident", "还漏水"), now)
        assert said(session, row) == []
        assert ticket_record(session, row, audience="resident")["history"][-1]["text"] == "还漏水"


def test_a_ticket_without_a_conversation_or_with_an_erased_one_changes_in_silence(database: Database, build, now):
    with database.write() as session:
        orphan = build.ticket(session, now, conversation_id=None)
        erased = build.ticket(session, now, conversation_id=build.conversation(session, erased_at=now).id)
        for row in (orphan, erased):
            change_ticket(session, row, Change("accepted", "王师傅", state="accepted"), now)
        assert session.scalars(select(MessageRow)).all() == []


def test_rejecting_needs_a_reason_and_keeps_it(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        with pytest.raises(Refused) as refused:
            change_ticket(session, row, Change("rejected", "王师傅", " ", state="rejected"), now)
        assert refused.value.code == "reason_missing"
        change_ticket(session, row, Change("rejected", "王师傅", "不是本小区", state="rejected"), now)
        assert (row.state, row.reason, row.closed_at) == ("rejected", "不是本小区", now)


def test_merging_needs_a_target(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        with pytest.raises(Refused):
            change_ticket(session, row, Change("merged", "backend", state="merged"), now)
        assert row.state in OPEN_STATES


def test_a_state_that_does_not_exist_is_refused(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        with pytest.raises(Refused) as refused:
            change_ticket(session, row, Change("done", "王师傅", state="done"), now)
        assert refused.value.code == "unknown_state"


def test_two_changes_at_once_both_stand_in_order(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
    with database.write() as session:
        stale = session.merge(row, load=False)  # read before the change below, as another request would hold it
        change_ticket(session, stale, Change("updated", "甲", "一"), now)
    with database.write() as session:
        again = session.merge(row, load=False)
        assert again.version == 1
        change_ticket(session, again, Change("updated", "乙", "二"), now)
        assert again.version == 3
        assert [e.seq for e in session.scalars(select(TicketEventRow).order_by(TicketEventRow.seq))] == [1, 2, 3]
