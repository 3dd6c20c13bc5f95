"""What residents do with their own tickets, and only with their own."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from config.refusal import Refused
from storage.database import Database
from storage.models import AttachmentRow, OutboxRow
from tickets.change_ticket import Change, change_ticket
from tickets.resident import chase, confirm_fixed, dispute_fixed, find_own, supplement, withdraw
from tickets.ticket import ticket_record


def test_a_number_finds_only_an_own_ticket(database: Database, build, now):
    with database.write() as session:
        mine, theirs = build.ticket(session, now), build.ticket(session, now)
        assert find_own(session, mine.conversation_id, mine.number).id == mine.id
        assert find_own(session, mine.conversation_id, f" {mine.number.lower()[:2]} {mine.number[2:]} ").id == mine.id
        assert find_own(session, mine.conversation_id, theirs.number) is None
        assert find_own(session, "nobody") is None


def test_without_a_number_the_newest_open_one_is_meant(database: Database, build, now):
    with database.write() as session:
        conversation = build.conversation(session).id
        first, second, third = (build.ticket(session, now, conversation_id=conversation) for _ in range(3))
        build.ticket(session, now, conversation_id=conversation, kind="handoff", category="other_complaint")
        assert find_own(session, conversation).id == third.id
        withdraw(session, third, now=now)
        assert find_own(session, conversation).id == second.id
        for row in (first, second):
            withdraw(session, row, now=now)
        assert find_own(session, conversation).id == third.id


def test_chasing_is_counted_and_seen_by_the_desk(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        chase(session, row, text="快点", now=now)
        chase(session, row, text="", now=now)
        assert row.chased == 2
        history = ticket_record(session, row, audience="company")["history"]
        assert [(line["event"], line["text"]) for line in history[1:]] == [("chased", "快点"), ("chased", "居民第2次催办")]
        assert len(session.scalars(select(OutboxRow)).all()) == 3


def test_a_finished_ticket_cannot_be_chased_or_withdrawn(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("resolved", "王师傅", "修好了", state="resolved"), now)
        with pytest.raises(Refused):
            chase(session, row, text="快点", now=now)
        with pytest.raises(Refused):
            withdraw(session, row, now=now)
        assert (row.state, row.chased) == ("resolved", 0)


def test_withdrawing_tells_the_queue(database: Database, build, now, said):
    with database.write() as session:
        row = build.ticket(session, now)
        withdraw(session, row, now=now)
        assert row.state == "withdrawn"
        assert session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc())).first().type == "linda.ticket.withdrawn.v1"
        assert said(session, row) == []


def test_confirming_closes(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("resolved", "王师傅", "修好了", state="resolved"), now)
        confirm_fixed(session, row, now=now)
        assert (row.state, row.closed_at) == ("closed", now)
        assert ticket_record(session, row, audience="resident")["history"][-1]["text"] == "居民确认已解决"


@pytest.mark.parametrize(("days", "reopens"), [(0, True), (7, True), (8, False)])
@pytest.mark.parametrize("closed", [False, True])
def test_not_fixed_reopens_within_the_regions_days(database: Database, build, now, days, reopens, closed):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("resolved", "王师傅", "修好了", state="resolved"), now)
        if closed:
            confirm_fixed(session, row, now=now)
        if reopens:
            dispute_fixed(session, row, text="还漏", now=now + timedelta(days=days))
            assert (row.state, row.resolved_at, row.closed_at) == ("reopened", None, None)
        else:
            with pytest.raises(Refused) as refused:
                dispute_fixed(session, row, text="还漏", now=now + timedelta(days=days))
            assert refused.value.code == "too_late"


def test_words_and_photos_are_added_in_any_state(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        withdraw(session, row, now=now)
        session.add(
            AttachmentRow(
                id="a1",
                conversation_id=row.conversation_id,
                media_type="image/jpeg",
                file_name="x",
                size=1,
                width=1,
                height=1,
                received_at=now,
            )
        )
        supplement(session, row, text="", attachments=("a1",), now=now)
        assert session.get(AttachmentRow, "a1", populate_existing=True).ticket_id == row.id
        assert ticket_record(session, row, audience="office")["history"][-1]["text"] == "居民补充了照片"


def test_the_change_of_place_in_the_same_transaction_is_kept(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, kind="emergency", category="flood")
        row.community, row.room = "幸福小区", "101"
        supplement(session, row, text="幸福小区101", now=now)
    with database.read() as session:
        assert ticket_record(session, session.merge(row), audience="queue")["place"]["community"] == "幸福小区"
