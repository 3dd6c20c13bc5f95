"""Opening a ticket: one transaction holds the row, its history, clocks, event and photos."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from config.refusal import Refused
from config.regions import regions
from storage.database import Database
from storage.models import AttachmentRow, ClockRow, OutboxRow, TicketEventRow, TicketRow
from tickets import open_ticket as module
from tickets.open_ticket import open_ticket, ticket_number
from tickets.ticket import ticket_record
from understanding.reading import Place


def photo(number: int, conversation: str, now: datetime) -> AttachmentRow:
    return AttachmentRow(
        id=f"a{number}", conversation_id=conversation, media_type="image/jpeg", file_name="x", size=1, width=1, height=1, received_at=now
    )


def test_everything_of_a_ticket_is_written_together(database: Database, build, now):
    with database.write() as session:
        mine, other = build.conversation(session), build.conversation(session)
        session.add_all([photo(1, mine.id, now), photo(2, other.id, now)])
        row = build.ticket(session, now, conversation_id=mine.id, attachments=("a1", "a2", "nothing"))
    with database.read() as session:
        row = session.scalars(select(TicketRow)).one()
        assert re.fullmatch(r"LD261120\d{5}", row.number)
        assert (row.state, row.property_form, row.version) == ("submitted", "market", 1)
        assert [(e.seq, e.event, e.by, e.public) for e in session.scalars(select(TicketEventRow))] == [(1, "opened", "resident", True)]
        event = session.scalars(select(OutboxRow)).one()
        assert (event.type, event.subject, event.region) == ("linda.ticket.opened.v1", row.number, "donghe")
        assert event.payload["data"] == ticket_record(session, row, audience="queue")
        assert {a.id: a.ticket_id for a in session.scalars(select(AttachmentRow))} == {"a1": row.id, "a2": None}


def test_nothing_remains_when_the_transaction_fails(database: Database, build, now):
    with pytest.raises(RuntimeError), database.write() as session:
        build.ticket(session, now)
        raise RuntimeError("the caller failed after us")
    with database.read() as session:
        for table in (TicketRow, TicketEventRow, ClockRow, OutboxRow):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_a_turn_opens_its_ticket_once(database: Database, build, now):
    with database.write() as session:
        conversation = build.conversation(session)
        new = build.new(conversation.id, turn_id="turn-1")
        first = open_ticket(session, new, now)
        assert open_ticket(session, new, now + timedelta(seconds=5)).id == first.id
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 1


def test_the_same_turn_in_parallel_opens_one_ticket(database: Database, build, now):
    with database.write() as session:
        conversation = build.conversation(session)
    new, numbers, wait = build.new(conversation.id, turn_id="turn-1"), [], threading.Barrier(4)

    def work() -> None:
        wait.wait()
        with database.write() as session:
            numbers.append(open_ticket(session, new, now).number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 4
    assert len(set(numbers)) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(TicketRow)) == 1
        assert session.scalar(select(func.count()).select_from(TicketEventRow)) == 1


def test_a_number_already_taken_is_drawn_again(database: Database, build, now, monkeypatch):
    drawn = iter([7, 7, 7, 8])
    monkeypatch.setattr(module, "ticket_number", lambda region, at: ticket_number(region, at, lambda _: next(drawn)))
    with database.write() as session:
        numbers = [build.ticket(session, now).number for _ in range(2)]
    assert numbers == ["LD26112000007", "LD26112000008"]


def test_the_number_carries_the_local_day():
    assert ticket_number(regions()["donghe"], datetime(2026, 12, 31, 16, 0, tzinfo=UTC), lambda _: 42) == "LD27010100042"
    assert ticket_number(regions()["donghe"], datetime(2026, 12, 31, 15, 59, tzinfo=UTC), lambda _: 42) == "LD26123100042"


def test_an_unknown_region_is_refused_with_those_there_are(database: Database, build, now):
    with database.write() as session, pytest.raises(Refused) as refused:
        build.ticket(session, now, region="atlantis")
    assert "donghe" in refused.value.remedy


def test_a_region_without_routes_is_refused(database: Database, build, now):
    with database.write() as session, pytest.raises(Refused) as refused:
        build.ticket(session, now, region="gansu")
    assert refused.value.code == "no_route"


@pytest.mark.parametrize(
    ("fields", "lead", "level"),
    [
        ({}, "物业服务企业", "company"),
        ({"property_form": "community"}, "所在社区", "company"),
        ({"kind": "complaint", "category": "fees"}, "区住建局", "company"),
        ({"kind": "complaint", "category": "committee_conduct"}, "区住建局", "county"),
        ({"kind": "handoff", "category": "other_complaint"}, "值班人员", "company"),
        ({"kind": "emergency", "category": "gas_leak"}, "物业服务企业", "company"),
    ],
)
def test_a_ticket_goes_where_the_region_says(database: Database, build, now, fields, lead, level):
    with database.write() as session:
        row = build.ticket(session, now, **fields)
        assert (row.lead_unit, row.level, row.urgent) == (lead, level, fields.get("kind") == "emergency")


def test_the_record_is_the_contracts_ticket(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, place=Place("和平小区", "3", "2", "502", "厨房"))
        record = ticket_record(session, row, audience="resident")
    assert record == {
        "number": row.number,
        "kind": "repair",
        "category": "lighting",
        "state": "submitted",
        "place": {"region": "donghe", "community": "和平小区", "building": "3", "unit": "2", "room": "502", "spot": "厨房"},
        "description": "楼道灯不亮",
        "lead_unit": "物业服务企业",
        "support_units": ["区住建局", "各街道（镇）"],
        "level": "company",
        "clocks": [
            {
                "name": "respond",
                "due_at": "2026-11-20T02:00:00Z",
                "source": {"plan": "donghe-2025", "clause": "三（二）1"},
                "state": "running",
            },
            {"name": "respond", "due_at": None, "source": {"plan": "nmg-2026", "clause": "四（二）"}, "state": "not_set"},
            {"name": "handle", "due_at": "2026-11-20T13:30:00Z", "source": {"plan": "nmg-2026", "clause": "四（二）"}, "state": "running"},
            {"name": "resolve", "due_at": "2026-11-21T01:30:00Z", "source": {"plan": "nmg-2026", "clause": "四（二）"}, "state": "running"},
        ],
        "opened_at": "2026-11-20T01:30:00Z",
        "history": [{"at": "2026-11-20T01:30:00Z", "event": "opened", "by": "resident", "text": "已上报，等待受理"}],
    }
