"""A ticket's promises: respond 响应, handle 办理 and resolve 解决 run side by side, each by its clause; fixed when they are made."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.regions import Region, regions
from storage.models import ClockRow, TicketRow
from tickets.working_days import add_working_days

_LENGTH = re.compile(r"^(?:P(?P<days>\d+)D|PT(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?|(?P<working>\d+)WD)$")

MET_BY: dict[str, frozenset[str]] = {
    "accepted": frozenset({"respond"}),
    "in_progress": frozenset({"respond", "handle"}),
    "resolved": frozenset({"respond", "handle", "resolve"}),
    "closed": frozenset({"respond", "handle", "resolve"}),
    "rejected": frozenset({"respond"}),
}
CALLED_OFF_BY = frozenset({"rejected", "withdrawn", "merged"})


def due_at(started: datetime, within: str | None, timezone: str) -> datetime | None:
    """When a promise made at `started` falls due; None without a number.

    Hours and minutes are counted as they pass; days (P15D) keep the local time of day, whatever summer time does in between;
    working days (7WD) leave out the first day and end with the last one at 24:00 local. ValueError for a naive start or another form.
    """
    if started.tzinfo is None:
        raise ValueError("naive datetime refused")
    if within is None:
        return None
    found = _LENGTH.match(within)
    if found is None or not any(found.groups()):
        raise ValueError(f"no such length {within}")
    if found["working"]:
        return add_working_days(started, int(found["working"]), timezone)
    if found["days"]:
        local = started.astimezone(ZoneInfo(timezone))
        return (local + timedelta(days=int(found["days"]))).astimezone(started.tzinfo)
    return started + timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))


def start_clocks(session: Session, row: TicketRow, now: datetime) -> list[ClockRow]:
    """Make the promises that the region's rules give this ticket, counted from `now`; later changes of the rules do not move them."""
    region: Region = regions()[row.region]
    last = session.scalar(select(func.max(ClockRow.started_at)).where(ClockRow.ticket_id == row.id))
    begun = now if last is None or last < now else last + timedelta(microseconds=1)  # runs are told apart by their start
    started = []
    for rule in region.clocks:
        if not rule.covers(row.kind, row.category, row.property_form):
            continue
        due = due_at(now, rule.within, region.timezone)
        clock = ClockRow(
            ticket_id=row.id,
            name=rule.name,
            source_plan=rule.source.plan,
            source_clause=rule.source.clause,
            started_at=begun,
            due_at=due,
            state="running" if due else "not_set",
            climbs_to=rule.climbs_to,
        )
        session.add(clock)
        started.append(clock)
    session.flush()
    return started


def move_clocks(session: Session, row: TicketRow, state: str, now: datetime) -> list[str]:
    """Let the clocks follow the ticket into `state`; gives back the names of those that were already late and not yet swept.

    Met in time is `met`; met after `due_at` is `breached`, also when no sweep came by in between.
    """
    if state == "reopened":
        start_clocks(session, row, now)
        return []
    met, late = MET_BY.get(state, frozenset()), []
    for clock in _unended(session, row):
        if clock.name in met:
            if clock.state == "running" and clock.due_at is not None and now > clock.due_at:
                clock.state = "breached"
                late.append(clock.name)
            elif clock.state == "running":
                clock.state = "met"
            clock.ended_at = now
        elif state in CALLED_OFF_BY:
            clock.state = "stopped" if clock.state in ("running", "not_set") else clock.state
            clock.ended_at = now
    return late


def resume_clocks(session: Session, row: TicketRow) -> None:
    """Let the promises called off by a merge run on as they were made: undoing a merge moves no due time."""
    newest = select(ClockRow.started_at).where(ClockRow.ticket_id == row.id).order_by(ClockRow.started_at.desc()).limit(1)
    started = session.scalar(newest)
    query = select(ClockRow).where(ClockRow.ticket_id == row.id, ClockRow.state == "stopped", ClockRow.started_at == started)
    for clock in session.scalars(query):
        clock.state = "running" if clock.due_at else "not_set"
        clock.ended_at = None


def _unended(session: Session, row: TicketRow) -> list[ClockRow]:
    query = select(ClockRow).where(ClockRow.ticket_id == row.id, ClockRow.ended_at.is_(None)).order_by(ClockRow.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))
