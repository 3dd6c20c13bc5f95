"""Members, cases, reminders: saved, shared, resumed, reminded once, audited, and closed to strangers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from committee.cases import CaseDesk, CaseView, StepDone, case_calendar, cases_of, replan, view_case
from committee.members import (
    Invitation,
    Member,
    active_members,
    end_membership,
    end_terms,
    forget_member,
    invite,
    join,
    member_at_desk,
    member_of,
    open_desk,
)
from committee.paper_drafts import keep_paper, kept_paper
from committee.procedures import Procedures
from committee.reminders import fire_at, sweep_reminders
from config.refusal import Refused
from storage.audit import verify
from storage.committee_rows import CaseReminderRow, CommitteeCaseRow, CommitteeMemberRow
from storage.database import Database
from storage.models import AuditRow, ConversationRow, MessageRow

ESTATE = "和平小区"


@pytest.fixture(scope="module")
def procedures() -> Procedures:
    return Procedures.load()


def conversation(session: Session, name: str, now: datetime) -> str:
    session.add(ConversationRow(id=name, token_hash="-", channel="web", region="donghe", created_at=now, seen_at=now))
    session.flush()
    return name


def add_member(database: Database, name: str, now: datetime, community: str = ESTATE, until: date | None = None) -> Member:
    with database.write() as session:
        term = Invitation("donghe", community, name, "委员", date(2026, 1, 1), until or date(2030, 12, 31))
        _row, code = invite(session, term, "operator:boss", now)
        return join(session, conversation(session, f"talk-{name}", now), code, now)


@contextmanager
def desk(database: Database, procedures: Procedures, member: Member, now: datetime) -> Iterator[CaseDesk]:
    with database.write() as session:
        yield CaseDesk(session, procedures, member, now)


def seen(database: Database, procedures: Procedures, now: datetime) -> CaseView:
    with database.read() as session:
        (row,) = cases_of(session, "donghe", ESTATE)
        return view_case(session, procedures, row, now)


def said(database: Database, conversation_id: str) -> list[str]:
    with database.read() as session:
        rows = session.scalars(select(MessageRow).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.id))
        return [row.body["text"] for row in rows if row.author == "notice"]


def test_an_invitation_is_used_once_and_not_for_ever(database: Database, now: datetime) -> None:
    with database.write() as session:
        one, two = conversation(session, "one", now), conversation(session, "two", now)
        term = Invitation("donghe", ESTATE, "张三", "主任", date(2026, 1, 1), date(2030, 12, 31))
        row, code = invite(session, term, "operator:boss", now)
        assert code not in (row.code_hash or "") and len(code) == 10
        _, old = invite(session, term, "operator:boss", now - timedelta(days=15))
        member = join(session, one, f" {code[:5].lower()}-{code[5:]} ", now)
        assert (member.name, member.duty, member.community) == ("张三", "主任", ESTATE)
        for wrong in (code, old, "", "ABCDEFGHJK"):
            with pytest.raises(Refused, match="邀请码不对"):
                join(session, two, wrong, now)
        assert member_of(session, one, now) == member
        assert member_of(session, two, now) is None


def test_odd_invitations_are_refused(database: Database, now: datetime) -> None:
    with database.write() as session:
        for wrong in (
            Invitation("donghe", "没有的小区", "张三", "主任", date(2026, 1, 1), date(2030, 1, 1)),
            Invitation("mars", ESTATE, "张三", "主任", date(2026, 1, 1), date(2030, 1, 1)),
            Invitation("donghe", ESTATE, " ", "主任", date(2026, 1, 1), date(2030, 1, 1)),
            Invitation("donghe", ESTATE, "张三", "皇帝", date(2026, 1, 1), date(2030, 1, 1)),
            Invitation("donghe", ESTATE, "张三", "主任", date(2026, 1, 1), date(2026, 11, 19)),
            Invitation("donghe", ESTATE, "张三", "主任", date(2026, 1, 1), date(2031, 1, 2)),
        ):
            with pytest.raises(Refused):
                invite(session, wrong, "operator:boss", now)


def test_a_term_ends_by_itself(database: Database, procedures: Procedures, now: datetime) -> None:
    member = add_member(database, "张三", now, until=date(2026, 11, 30))
    last, after = datetime(2026, 11, 30, 15, 59, tzinfo=UTC), datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight in Beijing
    with database.read() as session:
        assert member_of(session, "talk-张三", last) == member
        assert member_of(session, "talk-张三", after) is None  # before any sweep
        assert active_members(session, "donghe", ESTATE, after) == []
    with pytest.raises(Refused, match="在任"), desk(database, procedures, member, after) as cases:
        cases.open("renewal")
    with database.write() as session:
        assert [m.id for m in end_terms(session, last)] == []
        assert [m.id for m in end_terms(session, after)] == [member.id]
        assert end_terms(session, after) == []
        ended = session.scalars(select(AuditRow).where(AuditRow.action == "member_ended")).one()
        assert (ended.actor, ended.detail) == ("system", {"why": "任期届满"})


def test_the_supervisor_can_end_a_membership(database: Database, now: datetime) -> None:
    member = add_member(database, "张三", now)
    with database.write() as session:
        secret = open_desk(session, member, now)
        assert member_at_desk(session, secret, now) == member
        assert member_at_desk(session, secret, now + timedelta(hours=12)) is None
        assert member_at_desk(session, secret + "x", now) is None
        newer = open_desk(session, member, now)
        assert member_at_desk(session, secret, now) is None
        end_membership(session, member.id, "operator:boss", "搬走了", now)
        assert member_of(session, "talk-张三", now) is None
        assert member_at_desk(session, newer, now) is None
        with pytest.raises(Refused):
            end_membership(session, member.id, "operator:boss", "又一次", now)


def test_a_case_is_saved_shared_and_resumed(database: Database, procedures: Procedures, now: datetime) -> None:
    one, two = add_member(database, "张三", now), add_member(database, "李四", now)
    with desk(database, procedures, one, now) as cases:
        case_id = cases.open("first_formation").id
    with desk(database, procedures, two, now) as cases:
        assert cases.open("first_formation").id == case_id  # shared, not a second one
    view = seen(database, procedures, now)
    assert view.next is not None and view.next.n == 1 and view.done == 0 and view.title
    with desk(database, procedures, one, now) as cases:
        cases.mark_step(case_id, StepDone(1, date(2026, 11, 18), paper="面积清册"))
        cases.mark_step(case_id, StepDone(2, date(2026, 11, 19), paper="书面申请，街道已收"))
        cases.set_event(case_id, "written_application", date(2026, 11, 19))
    later = now + timedelta(weeks=5)
    view = seen(database, procedures, later)
    assert view.next is not None and view.next.n == 3 and view.done == 2
    assert view.next.due == date(2027, 1, 18)  # 60 days after 19 November
    assert view.steps[1].paper == "书面申请，街道已收" and view.steps[1].by == one.actor
    with desk(database, procedures, two, later) as cases:
        cases.mark_step(case_id, StepDone(1, date(2026, 11, 17)))  # the later word holds
        cases.undo_step(case_id, 2)
        cases.mark_step(case_id, StepDone(5, date(2026, 12, 1), note="街道说不用", skipped=True))
    view = seen(database, procedures, later)
    assert view.steps[0].done_on == date(2026, 11, 17) and view.steps[0].by == two.actor
    assert [s.state for s in view.steps[:5]] == ["done", "todo", "todo", "todo", "skipped"]
    with database.read() as session:
        actions = list(session.scalars(select(AuditRow.action).where(AuditRow.object == f"case:{case_id}").order_by(AuditRow.id)))
        assert verify(session) == []
    assert actions == ["case_opened", "case_step", "case_step", "case_event", "case_step", "case_step_undone", "case_step"]


def test_only_members_of_the_estate_act(database: Database, procedures: Procedures, now: datetime) -> None:
    one, other = add_member(database, "张三", now), add_member(database, "王五", now, community="幸福小区")
    with desk(database, procedures, one, now) as cases:
        case_id = cases.open("renewal").id
    forged = Member(999, "donghe", ESTATE, "假", "主任", None)
    for stranger, reason in ((other, "没有这件事"), (forged, "只有本小区")):
        for act in (
            lambda c: c.mark_step(case_id, StepDone(1, date(2026, 11, 1))),
            lambda c: c.set_event(case_id, "term_end", date(2027, 1, 1)),
            lambda c: c.close(case_id, "不办了"),
            lambda c: c.new_calendar(case_id),
        ):
            with pytest.raises(Refused, match=reason), desk(database, procedures, stranger, now) as cases:
                act(cases)
    with pytest.raises(Refused, match="只有本小区"), desk(database, procedures, forged, now) as cases:
        cases.open("renewal")


def test_what_cannot_be_is_refused(database: Database, procedures: Procedures, now: datetime) -> None:
    one = add_member(database, "张三", now)
    with desk(database, procedures, one, now) as cases:
        case_id = cases.open("renewal").id
        for wrong in (
            lambda: cases.open("nonsense"),
            lambda: cases.mark_step(case_id, StepDone(99, date(2026, 11, 1))),
            lambda: cases.mark_step(case_id, StepDone(1, date(2026, 11, 21))),  # tomorrow in Beijing
            lambda: cases.mark_step(case_id, StepDone(1, date(1026, 11, 1))),
            lambda: cases.mark_step(case_id, StepDone(1, date(2026, 11, 1), skipped=True)),
            lambda: cases.set_event(case_id, "nonsense", date(2026, 11, 1)),
            lambda: cases.set_event(case_id, "term_end", date(2126, 11, 1)),
            lambda: cases.undo_step(case_id, 1),
            lambda: cases.close(case_id),
            lambda: cases.mark_step(case_id + 1, StepDone(1, date(2026, 11, 1))),
        ):
            with pytest.raises(Refused):
                wrong()
        cases.close(case_id, "先不换了")
        with pytest.raises(Refused, match="已经结束"):
            cases.mark_step(case_id, StepDone(1, date(2026, 11, 1)))
        assert cases.open("renewal").id != case_id


def test_two_members_open_the_same_case_at_once(database: Database, procedures: Procedures, now: datetime) -> None:
    members = [add_member(database, f"委员{i}", now) for i in range(4)]
    found: list[int] = []
    barrier = threading.Barrier(4)

    def open_it(member: Member) -> None:
        barrier.wait()
        with desk(database, procedures, member, now) as cases:
            found.append(cases.open("renewal").id)

    threads = [threading.Thread(target=open_it, args=(m,)) for m in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


@pytest.fixture
def meeting(database: Database, procedures: Procedures, now: datetime) -> tuple[Member, int]:
    """A general meeting planned for 20 December: the notice is due on 4 December."""
    one = add_member(database, "张三", now)
    add_member(database, "李四", now)
    with desk(database, procedures, one, now) as cases:
        case_id = cases.open("general_meeting").id
        cases.set_event(case_id, "general_meeting", date(2026, 12, 20))
    return one, case_id


def test_reminders_come_at_nine_once_to_every_member(database: Database, procedures: Procedures, meeting: tuple[Member, int]) -> None:
    due = date(2026, 12, 4)
    with database.read() as session:
        rows = list(session.scalars(select(CaseReminderRow).order_by(CaseReminderRow.fire_at)))
    assert [(r.kind, r.due_on) for r in rows] == [("d7", due), ("d3", due), ("d1", due), ("overdue", due)]
    assert fire_at(due, "d7") == datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
    for expected, row in enumerate(rows, start=1):
        assert sweep_reminders(database, row.fire_at - timedelta(seconds=1)).said == 0
        assert sweep_reminders(database, row.fire_at).said == 1
        assert sweep_reminders(database, row.fire_at).said == 0
        assert len(said(database, "talk-张三")) == len(said(database, "talk-李四")) == expected
    told = said(database, "talk-张三")
    assert "还有 7 天" in told[0] and "2026-12-04" in told[0] and "还有 1 天" in told[2] and "已经过了 1 天" in told[3]
    assert seen(database, procedures, rows[-1].fire_at).late[0].due == due


def test_many_sweepers_say_it_once(database: Database, meeting: tuple[Member, int]) -> None:
    at = fire_at(date(2026, 12, 4), "d7")
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(sweep_reminders(database, at).said)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1 and len(counts) == 4
    assert len(said(database, "talk-张三")) == 1


def test_after_an_outage_only_the_nearest_is_said(database: Database, meeting: tuple[Member, int]) -> None:
    count = sweep_reminders(database, datetime(2026, 12, 3, 4, 0, tzinfo=UTC))
    assert (count.said, count.passed) == (1, 2)
    assert "还有 1 天" in said(database, "talk-张三")[0]
    count = sweep_reminders(database, datetime(2026, 12, 9, 4, 0, tzinfo=UTC))
    assert (count.said, count.passed) == (1, 0)
    assert "已经过了 5 天" in said(database, "talk-张三")[1]


def test_done_moved_and_closed_stop_the_reminders(
    database: Database, procedures: Procedures, meeting: tuple[Member, int], now: datetime
) -> None:
    one, case_id = meeting

    def waiting() -> list[date]:
        with database.read() as session:
            query = select(CaseReminderRow.due_on).where(CaseReminderRow.state == "waiting").order_by(CaseReminderRow.fire_at)
            return list(session.scalars(query))

    with desk(database, procedures, one, now) as cases:
        cases.set_event(case_id, "general_meeting", date(2026, 12, 27))
    assert waiting() == [date(2026, 12, 11)] * 4
    with desk(database, procedures, one, now) as cases:
        cases.set_event(case_id, "general_meeting", date(2026, 12, 20))  # back again
    assert waiting() == [date(2026, 12, 4)] * 4
    notice = next(s.n for s in seen(database, procedures, now).steps if s.due == date(2026, 12, 4))
    with desk(database, procedures, one, now) as cases:
        cases.mark_step(case_id, StepDone(notice, date(2026, 11, 20), paper="通知"))
    assert waiting() == []
    with desk(database, procedures, one, now) as cases:
        cases.undo_step(case_id, notice)
    assert len(waiting()) == 4
    with desk(database, procedures, one, now) as cases:
        cases.close(case_id, "改期再议")
    assert waiting() == []
    assert sweep_reminders(database, now + timedelta(days=60)).said == 0


def test_a_date_missed_before_it_was_known_is_said_once(database: Database, procedures: Procedures, now: datetime) -> None:
    one = add_member(database, "张三", now)
    with desk(database, procedures, one, now) as cases:
        case_id = cases.open("general_meeting").id
        cases.set_event(case_id, "general_meeting", date(2026, 11, 25))  # the notice was due on 9 November
    assert sweep_reminders(database, now).said == 1
    assert "已经过了 11 天" in said(database, "talk-张三")[0]


def test_what_recurs_goes_on(database: Database, procedures: Procedures, now: datetime) -> None:
    one = add_member(database, "张三", now)
    with desk(database, procedures, one, now) as cases:
        cases.open("common_revenue_disclosure")
    moment, texts = now, 0
    for _ in range(8):  # two years by quarters
        moment += timedelta(days=91)

        def again(session: Session, case: CommitteeCaseRow, at: datetime) -> None:
            replan(session, procedures, case, at)

        sweep_reminders(database, moment, replan=again)
        assert len(said(database, "talk-张三")) > texts
        texts = len(said(database, "talk-张三"))


def test_a_jumping_clock_pauses(database: Database, meeting: tuple[Member, int], now: datetime) -> None:
    assert sweep_reminders(database, now + timedelta(days=400), skew=timedelta(days=1)).paused
    assert said(database, "talk-张三") == []


def test_an_erased_conversation_hears_nothing(database: Database, meeting: tuple[Member, int], now: datetime) -> None:
    with database.write() as session:
        row = session.get(ConversationRow, "talk-张三")
        assert row is not None
        row.erased_at = now
    sweep_reminders(database, fire_at(date(2026, 12, 4), "d7"))
    assert said(database, "talk-张三") == [] and len(said(database, "talk-李四")) == 1


def test_the_calendar_follows_the_case(database: Database, procedures: Procedures, meeting: tuple[Member, int], now: datetime) -> None:
    one, case_id = meeting
    token = seen(database, procedures, now).calendar_token
    with database.read() as session:
        first = case_calendar(session, procedures, token, now)
        assert case_calendar(session, procedures, token + "x", now) is None
    assert first is not None and "DTSTART;VALUE=DATE:20261204" in first and "TRIGGER:-P7D" in first
    with desk(database, procedures, one, now) as cases:
        cases.set_event(case_id, "general_meeting", date(2026, 12, 27))
        newer = cases.new_calendar(case_id)
    with database.read() as session:
        assert case_calendar(session, procedures, token, now) is None
        moved = case_calendar(session, procedures, newer, now)
    assert moved is not None and "20261211" in moved and "20261204" not in moved
    assert [line for line in first.splitlines() if line.startswith("UID")] == [
        line for line in moved.splitlines() if line.startswith("UID")
    ]


def test_an_erased_member_leaves_no_name(database: Database, procedures: Procedures, now: datetime) -> None:
    member = add_member(database, "张三", now)
    with database.write() as session:
        desk_secret = open_desk(session, member, now)
        kept = keep_paper(session, member, "ballot", {"estate": ESTATE, "owner": "张三"}, now)
        case = CaseDesk(session, procedures, member, now).open("renewal")
        assert member.conversation_id is not None
        forget_member(session, member.conversation_id, now)
        forget_member(session, member.conversation_id, now)
        assert case.opened_by == f"member:{member.id}"
    with database.read() as session:
        row = session.get_one(CommitteeMemberRow, member.id)
        assert (row.state, row.conversation_id, row.desk_hash) == ("ended", None, None)
        assert "张" not in row.name
        assert member_at_desk(session, desk_secret, now) is None
        with pytest.raises(Refused):
            kept_paper(session, kept, "docx", now)
        said = [str(entry.detail) for entry in session.scalars(select(AuditRow))]
        assert not any("张三" in text for text in said)
