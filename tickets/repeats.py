"""反复投诉: what one person reports again, linked to what was reported before, whenever that was."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import TicketLinkRow, TicketRow
from tickets.likeness import likeness, look, related, report_of, threshold
from understanding.features import Encoder


def link_repeats(session: Session, row: TicketRow, encoder: Encoder | None, now: datetime) -> list[TicketRow]:
    """反复投诉: link a ticket just opened to this person's earlier ones of the same matter, ended or not, oldest first.

    The same person is known by conversation or person id. Time does not matter here: what comes back after months is what repeats.
    """
    earlier = _earlier_own(session, row)
    if not earlier:
        return []
    mine = look(report_of(row))
    found = []
    for one in earlier:
        other = look(replace(report_of(one), at=row.opened_at))
        if related(one.category, row.category) and likeness(mine, other, encoder) >= threshold(encoder):
            session.add(TicketLinkRow(ticket_id=row.id, earlier_id=one.id, linked_at=now))
            found.append(one)
    session.flush()
    return found


def _earlier_own(session: Session, row: TicketRow) -> list[TicketRow]:
    known_by = ((TicketRow.conversation_id, row.conversation_id), (TicketRow.person_id, row.person_id))
    who = [column == value for column, value in known_by if value]
    if not who:
        return []
    mine = who[0] if len(who) == 1 else who[0] | who[1]
    query = select(TicketRow).where(mine, TicketRow.id < row.id, TicketRow.kind == row.kind, TicketRow.region == row.region)
    known = set(session.scalars(select(TicketLinkRow.earlier_id).where(TicketLinkRow.ticket_id == row.id)))
    return [one for one in session.scalars(query.order_by(TicketRow.id)) if one.id not in known]


def repeats_of(session: Session, row: TicketRow) -> list[TicketRow]:
    """The earlier tickets of the same person about the same matter, oldest first."""
    query = select(TicketRow).join(TicketLinkRow, TicketLinkRow.earlier_id == TicketRow.id).where(TicketLinkRow.ticket_id == row.id)
    return list(session.scalars(query.order_by(TicketRow.id)))
