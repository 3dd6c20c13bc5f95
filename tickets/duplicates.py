"""The same fault, place and time said in other words: found among the open tickets, so that a resident joins instead of reporting twice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import TicketRow
from tickets.followers import count_followers
from tickets.likeness import Report, likeness, look, related, report_of, threshold, window
from tickets.open_ticket import NewTicket
from tickets.ticket import OPEN_STATES
from understanding.features import Encoder

MOST_LOOKED_AT = 60  # newest first; an estate with more open tickets of one family has an incident, not duplicates
REPEATABLE = ("repair", "complaint")


@dataclass(frozen=True)
class Alike:
    """An open ticket of the same thing: how sure (0..1), whether this conversation reported or joined it, how many have met it."""

    ticket: TicketRow
    score: float
    own: bool
    met: int


def find_alike(session: Session, new: NewTicket, encoder: Encoder | None, now: datetime) -> Alike | None:
    """The open ticket most likely about the same thing as the report about to be filed, or None.

    Only within one estate: without an estate nothing is offered. An emergency is never held up by it.
    """
    if new.kind not in REPEATABLE or not new.place.community:
        return None
    mine = look(Report(new.category, new.place, new.description, now))
    scored = [(likeness(mine, look(report_of(row)), encoder), row) for row in _nearby(session, new, now)]
    best = max(((score, row.id, row) for score, row in scored), default=None, key=lambda found: found[:2])
    if best is None or best[0] < threshold(encoder):
        return None
    score, _, row = best
    own = row.conversation_id is not None and row.conversation_id == new.conversation_id
    return Alike(row, round(score, 3), own, 1 + count_followers(session, row))


def _nearby(session: Session, new: NewTicket, now: datetime) -> list[TicketRow]:
    query = (
        select(TicketRow)
        .where(
            TicketRow.region == new.region,
            TicketRow.community == new.place.community,
            TicketRow.state.in_(OPEN_STATES),
            TicketRow.kind == new.kind,
            TicketRow.opened_at > now - window(new.category),
        )
        .order_by(TicketRow.id.desc())
        .limit(MOST_LOOKED_AT)
    )
    return [row for row in session.scalars(query) if related(row.category, new.category)]
