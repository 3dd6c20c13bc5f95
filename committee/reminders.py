"""Reminders of a case's dates as rows: 7, 3 and 1 days before at nine in the morning, and once when the date has passed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from committee.members import ZONE, active_members, end_terms, local_day
from committee.timetable import Line
from config.words import Words
from storage.committee_rows import CaseReminderRow, CaseStepRow, CommitteeCaseRow
from storage.database import Database
from storage.models import ConversationRow, MessageRow

log = logging.getLogger(__name__)
BEFORE = {"d7": 7, "d3": 3, "d1": 1}
HOUR = time(9, 0)
MOST_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class ReminderCount:
    """What one sweep did: `said` reminders (each to every member), `passed` over (done, closed, or a nearer one said it), terms `ended`."""

    said: int = 0
    passed: int = 0
    ended: int = 0
    more: bool = False
    paused: bool = False
    failed: int = 0


def fire_at(due: date, kind: str) -> datetime:
    """When a reminder of this kind is to be said: nine in the morning in Beijing."""
    day = due + timedelta(days=1) if kind == "overdue" else due - timedelta(days=BEFORE[kind])
    return datetime.combine(day, HOUR, ZONE)


def plan_reminders(session: Session, case: CommitteeCaseRow, lines: Sequence[Line], now: datetime) -> None:
    """Make the rows agree with the dates still to keep: new ones are added, those of dates gone or moved are cancelled."""
    wanted = {(line.key, kind, line.on): line for line in lines for kind in (*BEFORE, "overdue")}
    rows = {(r.line, r.kind, r.due_on): r for r in session.scalars(select(CaseReminderRow).where(CaseReminderRow.case_id == case.id))}
    for known, row in rows.items():
        if row.state == "waiting" and known not in wanted:
            row.state = "cancelled"
        elif row.state == "cancelled" and known in wanted and row.fire_at > now:
            row.state = "waiting"
    for (key, kind, on), line in wanted.items():
        at = fire_at(on, kind)
        # What lies behind when the date becomes known is seen in the case itself; only a missed date is still said.
        if (key, kind, on) in rows or (at <= now and kind != "overdue"):
            continue
        session.add(
            CaseReminderRow(case_id=case.id, line=key, kind=kind, step=line.n, title=line.step[:60], due_on=on, fire_at=max(at, now))
        )
    session.flush()


def sweep_reminders(
    database: Database,
    now: datetime,
    batch: int = 200,
    *,
    skew: timedelta = timedelta(),
    replan: Callable[[Session, CommitteeCaseRow, datetime], None] | None = None,
) -> ReminderCount:
    """Say every reminder that is due, each once however many sweepers run, and end terms that are over.

    Each reminder is a transaction of its own, claimed by a conditional write. `skew` as in tickets.ladder.sweep.
    `replan(session, case, now)` is called after a reminder was said, so that dates that recur go on.
    """
    if abs(skew) > MOST_SKEW:
        return ReminderCount(paused=True)
    with database.write() as session:
        ended = len(end_terms(session, now))
    with database.read() as session:
        query = select(CaseReminderRow.id).where(CaseReminderRow.state == "waiting", CaseReminderRow.fire_at <= now)
        due = list(session.scalars(query.order_by(CaseReminderRow.fire_at, CaseReminderRow.id).limit(batch)))
    said = passed = failed = 0
    for reminder_id in due:
        try:
            with database.write() as session:
                outcome = _step(session, reminder_id, now, replan)
        except SQLAlchemyError:
            raise  # the database is away: the others would fail too
        except Exception:
            log.exception("reminder %d failed", reminder_id)
            failed += 1
            continue
        said += outcome == "said"
        passed += outcome in {"cancelled", "late"}
    return ReminderCount(said, passed, ended, more=len(due) == batch and failed < batch, failed=failed)


def _step(
    session: Session, reminder_id: int, now: datetime, replan: Callable[[Session, CommitteeCaseRow, datetime], None] | None
) -> str | None:
    case_id = session.scalar(select(CaseReminderRow.case_id).where(CaseReminderRow.id == reminder_id))
    case = session.get(CommitteeCaseRow, case_id, with_for_update=True, populate_existing=True) if case_id else None
    row = session.get(CaseReminderRow, reminder_id, populate_existing=True)
    if case is None or row is None:
        return None
    outcome = _outcome(session, case, row, now)
    claimed = session.execute(
        update(CaseReminderRow)
        .where(CaseReminderRow.id == reminder_id, CaseReminderRow.state == "waiting")
        .values(state=outcome, said_at=now if outcome == "said" else None)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(claimed, CursorResult)
    if claimed.rowcount != 1:
        return None
    if outcome == "said":
        tell_members(session, (case.region, case.community), row.due_on, row.title, now)
        if replan is not None:
            replan(session, case, now)
    return outcome


def _outcome(session: Session, case: CommitteeCaseRow, row: CaseReminderRow, now: datetime) -> str:
    """said | cancelled (done or closed meanwhile) | late (the sweeper was away: a nearer reminder of the same date says it)."""
    is_done = session.scalar(select(CaseStepRow.id).where(CaseStepRow.case_id == case.id, CaseStepRow.step == row.step))
    if case.state != "open" or is_done is not None:
        return "cancelled"
    if row.kind != "overdue" and row.due_on < local_day(now):
        return "late"
    nearer = session.scalar(
        select(CaseReminderRow.id).where(
            CaseReminderRow.case_id == case.id,
            CaseReminderRow.line == row.line,
            CaseReminderRow.due_on == row.due_on,
            CaseReminderRow.state == "waiting",
            CaseReminderRow.fire_at > row.fire_at,
            CaseReminderRow.fire_at <= now,
        )
    )
    return "late" if nearer is not None else "said"


def tell_members(session: Session, estate: tuple[str, str], due: date, step: str, now: datetime) -> None:
    """Say to every member of the estate (region, community) how many days are left for `step`, or by how many it is late."""
    left = (due - local_day(now)).days
    for member in active_members(session, *estate, now):
        conversation = session.get(ConversationRow, member.conversation_id) if member.conversation_id else None
        if conversation is None or conversation.erased_at is not None:
            continue
        say = Words(conversation.locale)
        key = "reminder_overdue" if left < 0 else "reminder_today" if left == 0 else "reminder_before"
        text = say(key, community=estate[1], step=step, day=f"{due:%Y-%m-%d}", days=abs(left))
        body = {"kind": "notice", "text": text, "choices": [], "citations": []}
        session.add(MessageRow(conversation_id=conversation.id, author="notice", body=body, said_at=now))
