"""A promise as an operator sees it: until when, how much time is left, by which clause, and red when it is broken."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.rendering import span
from knowledge.library import load_library
from knowledge.plan import PlanIdentity
from storage.models import ClockRow, TicketRow


@dataclass(frozen=True)
class ClockView:
    """One clock: `due` in UTC (None: the plan sets no number), `left` in words, plan, clause and `url` it comes from.

    `ticking`: nothing has been done about it yet, so that the time still runs.
    """

    name: str
    state: str
    due: datetime | None
    left: str
    plan: str
    clause: str
    url: str
    ticking: bool

    @property
    def red(self) -> bool:
        """Whether the promise is broken."""
        return self.state == "breached"


@cache
def plan_identities() -> dict[str, PlanIdentity]:
    """The plans of the library by id."""
    return {plan.id: plan.identity for plan in load_library().plans.values()}


def plan_name(plan_id: str) -> str:
    """The document number, else the title, else the id of a plan."""
    known = plan_identities().get(plan_id)
    return known.doc_number or known.title if known else plan_id


def read_clocks(session: Session, row: TicketRow, records: list[dict[str, Any]], now: datetime) -> tuple[ClockView, ...]:
    """The clocks of a Ticket record as an operator sees them, with when each was answered for."""
    ended: dict[tuple[str, str, str], datetime | None] = {}
    for clock in session.scalars(select(ClockRow).where(ClockRow.ticket_id == row.id).order_by(ClockRow.id)):
        ended[clock.name, clock.source_plan, clock.source_clause] = clock.ended_at
    return tuple(_view(r, ended.get((r["name"], r["source"]["plan"], r["source"]["clause"])), now) for r in records)


def _view(record: dict[str, Any], ended: datetime | None, now: datetime) -> ClockView:
    """One clock. A running one past its time is red already before the sweep notes it."""
    due = datetime.fromisoformat(record["due_at"]) if record["due_at"] else None
    state = str(record["state"])
    if state == "running" and due is not None and due <= now:
        state = "breached"
    left = ""
    if due is not None and state == "running":
        left = f"剩 {span(due - now)}"
    elif due is not None and state == "breached":
        left = f"超时 {span(now - due)}" if ended is None else f"迟了 {span(ended - due)}"
    source = record["source"]
    url = f"/plans/{quote(source['plan'])}#{quote(source['clause'])}"
    ticking = ended is None and bool(left)
    return ClockView(record["name"], state, due, left, plan_name(source["plan"]), source["clause"], url, ticking)


def pressing(clocks: tuple[ClockView, ...]) -> ClockView | None:
    """The clock to look at first: of those that still tick the one due first, else one that was answered for too late."""
    ticking = sorted((c.due, i) for i, c in enumerate(clocks) if c.ticking and c.due is not None)
    if ticking:
        return clocks[ticking[0][1]]
    return next((c for c in clocks if c.red), None)
