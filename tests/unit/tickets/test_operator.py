"""Operators: one holder, replies that arrive, merges that can be undone, and an end to being sent round."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from config.refusal import Refused
from storage.database import Database
from storage.models import ClockRow, MessageRow, OperatorRow, TicketEventRow, TicketRow
from tickets.change_ticket import Change, change_ticket
from tickets.operator import add_note, claim, merge, release, reply_to_resident, set_state, transfer, unmerge
from tickets.ticket import ticket_record


def test_one_of_two_operators_wins_and_the_other_learns_who(database: Database, build, now):
    with database.write() as session:
        row, one, two = build.ticket(session, now), build.operator(session), build.operator(session)
        assert claim(session, row, one, now).won
        lost = claim(session, row, two, now)
        assert (lost.won, lost.holder_id, lost.holder) == (False, one.id, one.name)
        again = claim(session, row, one, now + timedelta(hours=1))
        assert again.won
        assert (row.claimed_by, row.claimed_at) == (one.id, now)
        events = [e.event for e in session.scalars(select(TicketEventRow).order_by(TicketEventRow.seq))]
        assert events == ["opened", "claimed"]


def test_many_claim_at_once_and_exactly_one_holds_it(database: Database, build, now):
    with database.write() as session:
        tickets = [build.ticket(session, now, conversation_id=None).id for _ in range(10)]
        operators = [build.operator(session).id for _ in range(4)]
    won, wait = [], threading.Barrier(4)

    def work(operator_id: int) -> None:
        wait.wait()
        for ticket in tickets:
            with database.write() as session:
                if claim(session, session.get(TicketRow, ticket), session.get(OperatorRow, operator_id), now).won:
                    won.append((ticket, operator_id))

    threads = [threading.Thread(target=work, args=(operator,)) for operator in operators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ticket for ticket, _ in won) == sorted(tickets)
    with database.read() as session:
        assert {(t.id, t.claimed_by) for t in session.scalars(select(TicketRow))} == set(won)
        assert len(session.scalars(select(TicketEventRow).where(TicketEventRow.event == "claimed")).all()) == len(tickets)


def test_only_the_holder_gives_back_unless_forced(database: Database, build, now):
    with database.write() as session:
        row, one, two = build.ticket(session, now), build.operator(session), build.operator(session)
        claim(session, row, one, now)
        with pytest.raises(Refused):
            release(session, row, two, now)
        release(session, row, two, now, force=True)
        assert row.claimed_by is None
        assert claim(session, row, two, now).won
        release(session, row, two, now)
        release(session, row, two, now)
        assert (row.claimed_by, row.claimed_at) == (None, None)


def test_a_reply_stands_in_chat_and_history_once(database: Database, build, now, said):
    with database.write() as session:
        row, one = build.ticket(session, now), build.operator(session)
        reply_to_resident(session, row, one, " 师傅下午两点到 ", now)
        message = session.scalars(select(MessageRow)).one()
        assert (message.author, message.author_name, message.body["text"]) == ("operator", one.name, "师傅下午两点到")
        assert said(session, row) == []
        line = ticket_record(session, row, audience="resident")["history"][-1]
        assert (line["event"], line["by"], line["text"]) == ("replied", one.name, "师傅下午两点到")
        with pytest.raises(Refused):
            reply_to_resident(session, row, one, "  ", now)
        with pytest.raises(Refused):
            reply_to_resident(session, build.ticket(session, now, conversation_id=None), one, "在吗", now)


def test_an_ending_needs_words(database: Database, build, now):
    with database.write() as session:
        row, one = build.ticket(session, now), build.operator(session)
        for state in ("resolved", "rejected", "closed"):
            with pytest.raises(Refused):
                set_state(session, row, one, state, now=now)
        with pytest.raises(Refused):
            set_state(session, row, one, "merged", text="并了", now=now)
        set_state(session, row, one, "accepted", now=now)
        set_state(session, row, one, "resolved", text="换了灯泡", now=now)
        set_state(session, row, one, "closed", now=now)
        assert (row.state, row.version) == ("closed", 4)


def test_the_third_transfer_goes_up_by_itself(database: Database, build, now, said):
    with database.write() as session:
        row, one = build.ticket(session, now), build.operator(session)
        with pytest.raises(Refused):
            transfer(session, row, one, "供水公司", reason="", now=now)
        transfer(session, row, one, "供水公司", reason="是供水管", now=now)
        transfer(session, row, one, "区住建局", reason="是公共管", now=now)
        assert row.level == "company"
        transfer(session, row, one, "物业服务企业", reason="是户内管", now=now)
        assert (row.level, row.lead_unit) == ("county", "物业服务企业")
        assert said(session, row)[0] == f"您的工单 {row.number}（路灯与楼道灯）已转给供水公司办理。\n说明：是供水管"
        assert (
            said(session, row)[-1] == f"您的工单 {row.number}（路灯与楼道灯）已经转了3次手，不能再转来转去，现在报到东河区住建局来定谁办。"
        )


def test_the_merged_hear_the_news_and_a_merge_is_undone_whole(database: Database, build, now, said):
    with database.write() as session:
        one = build.operator(session)
        main, copy, copys_copy = (build.ticket(session, now, property_form="quasi") for _ in range(3))
        set_state(session, copy, one, "accepted", now=now)
        due = [c.due_at for c in session.scalars(select(ClockRow).where(ClockRow.ticket_id == copy.id))]
        merge(session, copys_copy, copy, one, now)
        merge(session, copy, main, one, now + timedelta(hours=1))
        assert (copy.state, copy.merged_into) == ("merged", main.id)
        assert f"并入工单 {main.number}" in said(session, copy)[-1]
        assert [c.state for c in session.scalars(select(ClockRow).where(ClockRow.ticket_id == copy.id))] == [
            "not_set",
            "stopped",
            "stopped",
        ]

        set_state(session, main, one, "in_progress", text="在修", now=now + timedelta(hours=2))
        for row in (main, copy, copys_copy):
            assert said(session, row)[-1] == f"您的工单 {row.number}（路灯与楼道灯）已经开始办理。\n说明：在修"

        unmerge(session, copy, one, now + timedelta(hours=3))
        assert (copy.state, copy.merged_into) == ("accepted", None)
        clocks = session.scalars(select(ClockRow).where(ClockRow.ticket_id == copy.id).order_by(ClockRow.id)).all()
        assert [(c.state, c.due_at) for c in clocks] == list(zip(["not_set", "running", "running"], due, strict=True))
        set_state(session, main, one, "resolved", text="换了灯泡", now=now + timedelta(hours=4))
        assert "已办结" not in said(session, copy)[-1]


def test_a_merged_ticket_moves_only_by_being_taken_apart(database: Database, build, now):
    with database.write() as session:
        one = build.operator(session)
        main, copy = build.ticket(session, now), build.ticket(session, now)
        merge(session, copy, main, one, now)
        with pytest.raises(Refused) as refused:
            set_state(session, copy, one, "accepted", now=now)
        assert "撤销合并" in refused.value.remedy
        with pytest.raises(Refused):
            merge(session, main, copy, one, now)


def test_merging_what_does_not_belong_together_is_refused(database: Database, build, now):
    with database.write() as session:
        one, row = build.operator(session), build.ticket(session, now)
        elsewhere, over = build.ticket(session, now, region="minle"), build.ticket(session, now)
        change_ticket(session, over, Change("withdrawn", "resident", state="withdrawn"), now)
        for into in (row, elsewhere, over):
            with pytest.raises(Refused):
                merge(session, row, into, one, now)
        with pytest.raises(Refused):
            unmerge(session, row, one, now)
        assert (row.state, row.merged_into) == ("submitted", None)


def test_a_note_stays_inside(database: Database, build, now, said):
    with database.write() as session:
        row, one = build.ticket(session, now), build.operator(session)
        add_note(session, row, one, "业主脾气急", now)
        assert said(session, row) == []
        assert "业主脾气急" in str(ticket_record(session, row, audience="office"))
        assert "业主脾气急" not in str(ticket_record(session, row, audience="resident"))
