"""The ladder runs by itself: promises past their time climb, each exactly once, in the order in which they fell due."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.regions import regions
from storage.database import Database
from storage.models import ClockRow, TicketRow
from tickets.change_ticket import LINDA, Change, change_ticket
from tickets.notice import limit_words
from tickets.ticket import OPEN_STATES, level_rank, rfc3339

log = logging.getLogger(__name__)

MOST_SKEW = timedelta(seconds=60)  # wall and monotonic clock may differ this much before the sweeper stops
LATE = timedelta(minutes=5)  # a step this long after its time says so


@dataclass(frozen=True)
class SweepCount:
    """What one sweep did: promises broken, of these climbed, done late.

    `more` after a full batch, `paused` for a bad clock, `failed` steps that hit a bug, were logged and will be tried again.
    """

    breached: int = 0
    climbed: int = 0
    late: int = 0
    more: bool = False
    paused: bool = False
    failed: int = 0


def sweep(database: Database, now: datetime, batch: int = 500, *, skew: timedelta = timedelta(), together: int = 20) -> SweepCount:
    """Mark promises due by `now` as broken and let their tickets climb, at most `batch`; several may run at once.

    Each step: ticket locked, clock claimed by a conditional UPDATE, history, event and notice. `together` steps share a commit; when
    one of them fails they are done again one by one, so that it alone is left out.
    `skew` is by how much the caller's wall clock disagrees with its monotonic one (see WallWatch); too much and nothing is done.
    """
    if abs(skew) > MOST_SKEW:
        return SweepCount(paused=True)
    with database.read() as session:
        due = session.execute(
            select(ClockRow.id, ClockRow.ticket_id)
            .where(ClockRow.state == "running", ClockRow.due_at <= now)
            .order_by(ClockRow.due_at, ClockRow.id)
            .limit(batch)
        ).all()
    done: list[ClockRow] = []
    failed = 0
    for first in range(0, len(due), together):
        steps, wrong = _steps(database, [(row.id, row.ticket_id) for row in due[first : first + together]], now)
        done += steps
        failed += wrong
    late = sum(step.due_at is not None and now - step.due_at > LATE for step in done)
    return SweepCount(len(done), sum(bool(step.climbs_to) for step in done), late, more=len(due) == batch, failed=failed)


def _steps(database: Database, group: list[tuple[int, int]], now: datetime) -> tuple[list[ClockRow], int]:
    """Do the steps of a group in one transaction, else one by one; gives back those done and how many hit a bug."""
    try:
        with database.write() as session:
            _lock_all(session, {ticket_id for _, ticket_id in group})
            return [step for one in group if (step := _step(session, *one, now)) is not None], 0
    except SQLAlchemyError:
        raise  # the database is away: the others would fail too
    except Exception:
        if len(group) == 1:
            log.exception("ladder step of clock %d failed", group[0][0])
            return [], 1
    alone = [_steps(database, [one], now) for one in group]
    return [step for steps, _ in alone for step in steps], sum(wrong for _, wrong in alone)


def _lock_all(session: Session, ids: set[int]) -> None:
    """Hold all tickets of a group, in the order in which everybody locks several: by id."""
    session.scalars(select(TicketRow).where(TicketRow.id.in_(ids)).order_by(TicketRow.id).with_for_update()).all()


def _step(session: Session, clock_id: int, ticket_id: int, now: datetime) -> ClockRow | None:
    """Claim one clock and let its ticket climb; None when somebody else did, or when the ticket was settled meanwhile."""
    row = session.scalar(select(TicketRow).where(TicketRow.id == ticket_id).with_for_update())
    over = row is None or row.state not in OPEN_STATES
    ending = {"state": "stopped", "ended_at": now} if over else {"state": "breached", "climbed_at": now}
    claimed = session.execute(
        update(ClockRow)
        .where(ClockRow.id == clock_id, ClockRow.state == "running", ClockRow.due_at <= now)
        .values(ending)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(claimed, CursorResult)
    clock = session.get(ClockRow, clock_id, populate_existing=True)
    if row is None or over or claimed.rowcount != 1 or clock is None:
        return None
    change_ticket(session, row, _climb(row, clock, now), now)
    return clock


def _climb(row: TicketRow, clock: ClockRow, now: datetime) -> Change:
    """The change a broken promise makes: up the ladder, or only said when its clause names nobody above."""
    assert clock.due_at is not None
    level = clock.climbs_to
    data: dict[str, Any] = {
        "why": clock.name,
        "due_at": rfc3339(clock.due_at),
        "limit": limit_words(clock.due_at - clock.started_at),
        "plan": clock.source_plan,
        "clause": clock.source_clause,
        "lead_unit": row.lead_unit,
    }
    if now - clock.due_at > LATE:
        data["late"] = True
    if level is None:
        return Change("overdue", LINDA, data=data)
    data |= {"level": level, "desk": regions()[row.region].desk(level)}
    higher = level if level_rank(level) > level_rank(row.level) else None
    return Change("escalated", LINDA, data=data, level=higher)


class WallWatch:
    """Tells how far the wall clock has moved away from the monotonic one since both were last believed.

    A difference that stays the same for `settle` (a machine that slept, a clock set right) is believed from then on.
    """

    def __init__(self, wall: datetime, monotonic_s: float, settle: timedelta = timedelta(minutes=10)) -> None:
        self._wall, self._monotonic, self._settle = wall, monotonic_s, settle
        self._seen: tuple[timedelta, float] | None = None

    def skew(self, wall: datetime, monotonic_s: float) -> timedelta:
        """The disagreement now: positive when the wall clock ran ahead."""
        skew = wall - self._wall - timedelta(seconds=monotonic_s - self._monotonic)
        if abs(skew) <= MOST_SKEW:
            self._seen = None
            return skew
        if self._seen is None or abs(skew - self._seen[0]) > MOST_SKEW:
            self._seen = (skew, monotonic_s)
        elif timedelta(seconds=monotonic_s - self._seen[1]) >= self._settle:
            self._wall, self._monotonic, self._seen = wall, monotonic_s, None
            return timedelta()
        return skew
