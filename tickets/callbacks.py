"""回访: which endings are called back (东河区: 95 % for market estates), what was heard, and the residents' own ratings."""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import Region, Target, regions
from storage.models import CallbackRow, OperatorRow, RatingRow, TicketRow
from tickets.change_ticket import RESIDENT, Change, change_ticket, lock_ticket
from tickets.working_days import add_working_days

Outcome = Literal["satisfied", "partly", "unsatisfied", "not_fixed", "unreachable"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
REACHED = ("satisfied", "partly", "unsatisfied", "not_fixed")
MOST_TRIES = 3  # then another ticket is drawn in its place
DUE_WORKING_DAYS = 3  # no plan says when; ours
LOOK_BACK = timedelta(days=31)
CALLED = ("repair", "complaint", "emergency")
GOOD_STARS = 4  # from here on somebody counts as satisfied


@dataclass(frozen=True)
class CallbackRate:
    """Of `ended` endings in a time, how many were reached; `target` percent by the plan's clause, None where it sets none."""

    ended: int
    reached: int
    target: Target | None

    @property
    def rate(self) -> float | None:
        """0..1; None without endings."""
        return self.reached / self.ended if self.ended else None


def callback_target(region: Region, form: str | None) -> Target | None:
    """The promise about calling back that covers this property form here."""
    return next((t for t in region.targets if t.id == "callback_rate" and t.value and form and t.covers(form)), None)


def ended_at(row: TicketRow) -> datetime | None:
    """When the ticket was last ended with something done."""
    if row.state not in ("resolved", "closed"):
        return None
    return row.resolved_at or row.closed_at


def draw_callbacks(session: Session, now: datetime) -> int:
    """Put as many endings of the last 31 days on the due list as the plans ask for; gives back how many were added.

    The choice is fixed by the ticket's number, so that nobody picks the pleasant ones; several callers at once add each only once.
    """
    groups: dict[tuple[str, str], list[tuple[TicketRow, datetime]]] = {}
    query = select(TicketRow).where(
        TicketRow.kind.in_(CALLED),
        TicketRow.state.in_(("resolved", "closed")),
        func.coalesce(TicketRow.resolved_at, TicketRow.closed_at) > now - LOOK_BACK,
    )
    for row in session.scalars(query):
        moment = ended_at(row)
        if moment is not None and row.property_form and row.region in regions():
            groups.setdefault((row.region, row.property_form), []).append((row, moment))
    return sum(_draw(session, regions()[region], form, ended, now) for (region, form), ended in sorted(groups.items()))


def _draw(session: Session, region: Region, form: str, ended: list[tuple[TicketRow, datetime]], now: datetime) -> int:
    target = callback_target(region, form)
    if target is None or target.value is None:
        return 0
    ids = [row.id for row, _ in ended]
    drawn = {(c.ticket_id, c.ended_at): c for c in session.scalars(select(CallbackRow).where(CallbackRow.ticket_id.in_(ids)))}
    counted = sum(1 for row, at in ended if (c := drawn.get((row.id, at))) is not None and c.outcome != "unreachable")
    missing = math.ceil(len(ended) * target.value / 100) - counted
    waiting = sorted((one for one in ended if (one[0].id, one[1]) not in drawn), key=lambda one: _lot(one[0].number))
    added = 0
    for row, moment in waiting[: max(missing, 0)]:
        added += _put(session, row, moment, target, add_working_days(now, DUE_WORKING_DAYS, region.timezone), now)
    return added


def _lot(number: str) -> bytes:
    return hashlib.sha256(number.encode()).digest()


def _put(  # noqa: PLR0913 - one row of the list
    session: Session, row: TicketRow, moment: datetime, target: Target, due: datetime, now: datetime
) -> bool:
    """Add one callback; False when another caller just did."""
    source = target.source
    try:
        with session.begin_nested():
            session.add(
                CallbackRow(
                    ticket_id=row.id, ended_at=moment, due_at=due, source_plan=source.plan, source_clause=source.clause, drawn_at=now
                )
            )
            session.flush()
    except IntegrityError:
        return False
    return True


def due_callbacks(session: Session, scope: ColumnElement[bool], limit: int = 100) -> list[tuple[CallbackRow, TicketRow]]:
    """The calls still owed for tickets of `scope`, the one due first first."""
    query = select(CallbackRow, TicketRow).join(TicketRow, TicketRow.id == CallbackRow.ticket_id).where(CallbackRow.state == "due", scope)
    return [(c, t) for c, t in session.execute(query.order_by(CallbackRow.due_at, CallbackRow.id).limit(limit))]


def record_callback(  # noqa: PLR0913 - which call, who, how it ended, what was said, when
    session: Session, row: CallbackRow, operator: OperatorRow, outcome: str, note: str, now: datetime
) -> CallbackRow:
    """Write down how a call ended. “没修好” reopens the ticket; unreachable ends after three tries, and another is drawn instead.

    Refused: an unknown outcome, a call that is done, or unsatisfied without a word of what is wrong.
    """
    session.flush()
    session.refresh(row, with_for_update=True)
    ticket = session.get_one(TicketRow, row.ticket_id)
    if outcome not in OUTCOMES:
        raise Refused("没有这种回访结果", "从列表里选", status=422, code="outcome")
    if row.state != "due":
        raise Refused("这次回访已经记过了", "刷新名单", status=409, code="over")
    if outcome in ("unsatisfied", "not_fixed") and not note.strip():
        raise Refused("不满意要写明居民怎么说", "写一句哪里没办好", status=422, code="reason_missing")
    row.tries += 1
    row.operator_id, row.called_at = operator.id, now
    row.note = note.strip() or row.note
    if outcome != "unreachable" or row.tries >= MOST_TRIES:
        row.state, row.outcome = "done", outcome
    data = {"outcome": outcome, "tries": row.tries}
    change_ticket(session, ticket, Change("called_back", operator.name, note.strip(), data=data, public=False), now)
    if outcome == "not_fixed" and ticket.state in ("resolved", "closed"):
        change_ticket(session, ticket, Change("reopened", operator.name, note.strip(), state="reopened"), now)
    return row


def callback_rate(session: Session, region: Region, form: str, period: tuple[datetime, datetime]) -> CallbackRate:
    """The rate of one form in one region for endings in [start, end)."""
    start, end = period
    moment = func.coalesce(TicketRow.resolved_at, TicketRow.closed_at)
    within = (TicketRow.region == region.id, TicketRow.property_form == form, moment >= start, moment < end)
    done = (TicketRow.state.in_(("resolved", "closed")), TicketRow.kind.in_(CALLED))
    ended = session.scalar(select(func.count()).select_from(TicketRow).where(*within, *done)) or 0
    reached = select(func.count(func.distinct(TicketRow.id))).join(CallbackRow, CallbackRow.ticket_id == TicketRow.id)
    reached = reached.where(*within, *done, CallbackRow.ended_at == moment, CallbackRow.outcome.in_(REACHED))
    return CallbackRate(ended, session.scalar(reached) or 0, callback_target(region, form))


def rate(  # noqa: PLR0913 - which ticket, how many stars, in which words, when, whose
    session: Session, row: TicketRow, stars: int, text: str, now: datetime, *, conversation_id: str | None = None
) -> RatingRow:
    """A resident's rating of an ended ticket, 1–5 stars; rating again replaces the earlier one. Of somebody who joined with their
    `conversation_id`. Refused for other numbers (422) and for a ticket that is not ended (409)."""
    lock_ticket(session, row)
    who, moment = conversation_id or row.conversation_id, ended_at(row)
    if isinstance(stars, bool) or not isinstance(stars, int) or not 1 <= stars <= 5:
        raise Refused("评分是 1 到 5 星", "说一个 1 到 5 的数", status=422, code="stars")
    if moment is None or who is None:
        raise Refused(f"工单 {row.number} 还没有办结", "办结以后再评", status=409, code="not_ended")
    found = session.scalar(
        select(RatingRow).where(RatingRow.ticket_id == row.id, RatingRow.conversation_id == who, RatingRow.ended_at == moment)
    )
    if found is None:
        found = RatingRow(ticket_id=row.id, conversation_id=who, ended_at=moment, stars=stars, rated_at=now)
        session.add(found)
    found.stars, found.text, found.rated_at = stars, text.strip(), now
    change_ticket(session, row, Change("rated", RESIDENT, text.strip(), data={"stars": stars}), now)
    return found


def everything() -> ColumnElement[bool]:
    """A scope without bounds."""
    return true()
