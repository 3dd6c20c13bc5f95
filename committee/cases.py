"""A case: a procedure an estate is going through, saved, resumed weeks later, shared among its members; who did what is audited."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from committee.ics import Entry, calendar_text
from committee.members import Member, check_member, local_day
from committee.procedures import Procedures, Step
from committee.reminders import plan_reminders
from committee.timetable import Line, Timetable, events_of, timetable
from config.refusal import Refused
from storage.audit import record
from storage.committee_rows import CaseStepRow, CommitteeCaseRow

FURTHEST = timedelta(days=366 * 12)  # a date further away than this is a slip of the pen


@dataclass(frozen=True)
class CaseStep:
    """A step of a case. state: todo | done | skipped; `due` is the date to keep, when one can be reckoned."""

    n: int
    step: Step
    state: str
    due: date | None = None
    done_on: date | None = None
    paper: str = ""
    by: str = ""
    is_late: bool = False


@dataclass(frozen=True)
class CaseView:
    """Where a case stands: its steps in order, the next one, the dates still to keep, the events whose date is not known yet."""

    id: int
    region: str
    community: str
    procedure_id: str
    title: str
    state: str
    steps: tuple[CaseStep, ...]
    lines: tuple[Line, ...]
    events: tuple[tuple[str, str, date | None], ...]  # id, words, date
    warnings: tuple[str, ...]
    calendar_token: str
    opened_at: datetime
    changed_at: datetime

    @property
    def next(self) -> CaseStep | None:
        """The first step that is still to do."""
        return next((step for step in self.steps if step.state == "todo"), None)

    @property
    def done(self) -> int:
        """How many steps are behind."""
        return sum(step.state != "todo" for step in self.steps)

    @property
    def late(self) -> list[CaseStep]:
        """The steps whose date has passed."""
        return [step for step in self.steps if step.is_late]


@dataclass(frozen=True)
class StepDone:
    """What a member says about a step: `n` is its number in the file; `skipped` when it does not apply (say why in `note`)."""

    n: int
    on: date
    paper: str = ""
    note: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class CaseDesk:
    """What a member does with the cases of the estate, within the caller's writing transaction. Strangers are refused (403)."""

    session: Session
    procedures: Procedures
    member: Member
    now: datetime

    def open(self, procedure_id: str) -> CommitteeCaseRow:
        """Open a case of this procedure for the member's estate, or give back the one already open."""
        member, session = self.member, self.session
        check_member(session, member, member.region, member.community, self.now)
        self.procedures.entry(procedure_id)
        key = f"{member.region}/{member.community}/{procedure_id}"
        earlier = session.scalar(select(CommitteeCaseRow).where(CommitteeCaseRow.one_open == key))
        if earlier is not None:
            return earlier
        row = CommitteeCaseRow(
            region=member.region,
            community=member.community,
            procedure=procedure_id,
            one_open=key,
            calendar_token=secrets.token_urlsafe(24),
            opened_by=member.actor,
            opened_at=self.now,
            changed_at=self.now,
        )
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
        except IntegrityError:  # another member opened it at the same moment
            return session.scalars(select(CommitteeCaseRow).where(CommitteeCaseRow.one_open == key)).one()
        self._changed(row, "case_opened", {"procedure": procedure_id, "estate": f"{row.region}/{row.community}"})
        return row

    def mark_step(self, case_id: int, done: StepDone) -> CaseStepRow:
        """Note that a step was done (again: the later word holds). Refused for a day to come, an unknown step, a closed case."""
        row = self._locked(case_id)
        today = local_day(self.now)
        step = next((s for s in self.procedures.guide(row.procedure, row.region).steps if s.n == done.n), None)
        if step is None:
            raise Refused(f"没有第 {done.n} 步", "看一下这件事的步骤清单", status=404, code="no_step")
        if done.on > today or done.on < today - FURTHEST:
            raise Refused("办完的日期不对", "写已经办完的那一天，不能是以后的日子", status=422, code="day")
        if done.skipped and not done.note.strip():
            raise Refused("没有写为什么不用办", "写一句原因", status=422, code="no_reason")
        known = self._mark(row, done.n)
        found = known or CaseStepRow(case_id=row.id, step=done.n)
        found.title, found.state, found.done_on = step.title[:60], "skipped" if done.skipped else "done", done.on
        found.paper, found.note, found.by, found.at = done.paper[:1000], done.note[:1000], self.member.actor, self.now
        self.session.add(found)
        self._changed(row, "case_step", {"step": done.n, "on": done.on.isoformat(), "state": found.state, "paper": bool(done.paper)})
        return found

    def undo_step(self, case_id: int, n: int) -> None:
        """Take back that a step was done."""
        row = self._locked(case_id)
        known = self._mark(row, n)
        if known is None:
            raise Refused(f"第 {n} 步还没有记办完", "看一下这件事的步骤清单", status=404, code="no_step")
        self.session.delete(known)
        self._changed(row, "case_step_undone", {"step": n})

    def set_event(self, case_id: int, event: str, on: date | None) -> None:
        """Note the date of an event (a meeting planned, an election held); None forgets it. All that hangs on it is reckoned anew."""
        row = self._locked(case_id)
        possible = events_of(self.procedures, row.procedure)
        if event not in possible:
            names = "、".join(self.procedures.words(f"event_{e}") for e in possible)
            raise Refused(f"这件事没有“{event[:40]}”这个日期", f"可选：{names}", code="no_event")
        if on is not None and abs(on - local_day(self.now)) > FURTHEST:
            raise Refused("日期离今天太远", "看看年份有没有写错", status=422, code="day")
        row.events = {k: v for k, v in row.events.items() if k != event} | ({event: on.isoformat()} if on else {})
        self._changed(row, "case_event", {"event": event, "on": on.isoformat() if on else None})

    def close(self, case_id: int, why: str = "") -> None:
        """End a case: done when every step is behind, else dropped with a reason. Its reminders stop."""
        row = self._locked(case_id)
        view = view_case(self.session, self.procedures, row, self.now)
        if view.next is not None and not why.strip():
            raise Refused("还有步骤没有办完", "写一句为什么不办了", status=422, code="no_reason")
        row.state = "dropped" if view.next is not None else "done"
        row.one_open, row.closed_at, row.closed_why = None, self.now, why.strip()[:200] or None
        self._changed(row, "case_closed", {"state": row.state, "why": why[:200]})

    def new_calendar(self, case_id: int) -> str:
        """Another secret for the case's calendar: the old address stops working."""
        row = self._locked(case_id)
        row.calendar_token = secrets.token_urlsafe(24)
        self._changed(row, "case_calendar", {})
        return row.calendar_token

    def _mark(self, row: CommitteeCaseRow, n: int) -> CaseStepRow | None:
        return self.session.scalar(select(CaseStepRow).where(CaseStepRow.case_id == row.id, CaseStepRow.step == n))

    def _locked(self, case_id: int) -> CommitteeCaseRow:
        row = self.session.get(CommitteeCaseRow, case_id, with_for_update=True, populate_existing=True)
        if row is None or (row.region, row.community) != (self.member.region, self.member.community):
            raise Refused("没有这件事", "看一下小区正在办的事", status=404, code="no_case")
        check_member(self.session, self.member, row.region, row.community, self.now)
        if row.state != "open":
            raise Refused("这件事已经结束", "需要的话重新开始一件", status=409, code="case_closed")
        return row

    def _changed(self, row: CommitteeCaseRow, action: str, detail: dict[str, Any]) -> None:
        row.changed_at, row.version = self.now, row.version + 1
        record(self.session, self.member.actor, action, f"case:{row.id}", detail, self.now)
        replan(self.session, self.procedures, row, self.now)


def cases_of(session: Session, region: str, community: str, *, with_closed: bool = False) -> list[CommitteeCaseRow]:
    """The cases of an estate, the one touched last first."""
    query = select(CommitteeCaseRow).where(CommitteeCaseRow.region == region, CommitteeCaseRow.community == community)
    if not with_closed:
        query = query.where(CommitteeCaseRow.state == "open")
    return list(session.scalars(query.order_by(CommitteeCaseRow.changed_at.desc(), CommitteeCaseRow.id.desc())))


def view_case(session: Session, procedures: Procedures, row: CommitteeCaseRow, now: datetime) -> CaseView:
    """Where the case stands today."""
    today = local_day(now)
    dates = dates_of(procedures, row, today)
    marks = {mark.step: mark for mark in session.scalars(select(CaseStepRow).where(CaseStepRow.case_id == row.id))}
    steps = tuple(_case_step(step, marks.get(step.n), dates.lines, today) for step in procedures.guide(row.procedure, row.region).steps)
    todo = {step.n for step in steps if step.state == "todo"}
    say = procedures.words
    known = {event: date.fromisoformat(day) for event, day in row.events.items()}
    events = tuple((event, say(f"event_{event}"), known.get(event)) for event in events_of(procedures, row.procedure))
    return CaseView(
        id=row.id,
        region=row.region,
        community=row.community,
        procedure_id=row.procedure,
        title=dates.title,
        state=row.state,
        steps=steps,
        lines=tuple(line for line in dates.lines if line.n in todo),
        events=events,
        warnings=dates.warnings,
        calendar_token=row.calendar_token,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
    )


def dates_of(procedures: Procedures, row: CommitteeCaseRow, today: date) -> Timetable:
    """The timetable of a case; what recurs is reckoned from today on. An event the procedure no longer knows is passed over."""
    possible = events_of(procedures, row.procedure)
    known = {event: date.fromisoformat(day) for event, day in row.events.items() if event in possible}
    return timetable(procedures, row.procedure, row.region, known | {"today": today})


def case_calendar(session: Session, procedures: Procedures, token: str, now: datetime) -> str | None:
    """The ICS of a case by its secret token (for a subscription); None when nobody has it. Steps done are left out."""
    row = session.scalar(select(CommitteeCaseRow).where(CommitteeCaseRow.calendar_token == token))
    if row is None:
        return None
    view = view_case(session, procedures, row, now)
    say = procedures.words
    lines: Sequence[Line] = view.lines if row.state == "open" else ()
    entries = [
        Entry(
            f"case{row.id}-{line.key}@linda",
            line.on,
            say("due_title", step=line.step),
            "\n".join(t for t in (line.text, line.why, line.source_text) if t),
        )
        for line in lines
    ]
    return calendar_text(f"{row.community} {view.title}", entries, now)


def replan(session: Session, procedures: Procedures, row: CommitteeCaseRow, now: datetime) -> None:
    """Make the reminders of a case agree with its dates and with what is done."""
    session.flush()
    behind = set(session.scalars(select(CaseStepRow.step).where(CaseStepRow.case_id == row.id)))
    lines = dates_of(procedures, row, local_day(now)).lines if row.state == "open" else ()
    plan_reminders(session, row, [line for line in lines if line.n not in behind], now)


def _case_step(step: Step, mark: CaseStepRow | None, lines: Sequence[Line], today: date) -> CaseStep:
    due = next((line.on for line in lines if line.n == step.n), None)
    if mark is None:
        return CaseStep(step.n, step, "todo", due, is_late=due is not None and due < today)
    return CaseStep(step.n, step, mark.state, due, mark.done_on, mark.paper, mark.by)
