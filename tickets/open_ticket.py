"""Open a ticket: row, first history line, clocks, event and photos, all in the caller's transaction."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.refusal import Refused, Unavailable
from config.regions import Region, regions
from storage.models import AttachmentRow, TicketEventRow, TicketRow
from storage.outbox import add_event
from tickets.change_ticket import LINDA, RESIDENT
from tickets.clocks import start_clocks
from tickets.incidents import join_incident
from tickets.repeats import link_repeats
from tickets.routing import Route, route
from tickets.ticket import ticket_record
from understanding.reading import Place

TRIES = 40  # numbers tried before giving up; with 90,000 tickets on one day one in ten is free


@dataclass(frozen=True)
class NewTicket:
    """A report as collected: kind repair|complaint|emergency|handoff, category id, place and words of the resident."""

    kind: str
    category: str
    region: str
    property_form: str | None
    place: Place
    description: str
    occurred: str | None
    urgent: bool
    anonymous: bool
    person_id: str | None
    conversation_id: str | None
    turn_id: str | None
    attachments: tuple[str, ...] = ()


def open_ticket(session: Session, new: NewTicket, now: datetime) -> TicketRow:
    """Open the ticket, or give back the one this turn already opened. Refused for a region nobody answers for.

    A known incident that explains it is told to its author at once; what this person reported before is linked 反复投诉.
    """
    region = regions().get(new.region)
    if region is None:
        raise Refused(f"没有地区 {new.region}", f"可用的地区：{'、'.join(regions())}", status=422, code="unknown_region")
    earlier = _of_turn(session, new)
    if earlier is not None:
        return earlier
    community = region.community(new.place.community)
    where = route(region, new.category, new.kind, new.property_form, community)
    row, is_new = _insert(session, new, region, where, now)
    if not is_new:
        return row
    by = RESIDENT if new.conversation_id else LINDA
    data = {"lead_unit": row.lead_unit, "route": {"plan": where.source.plan, "clause": where.source.clause, "status": where.status}}
    session.add(TicketEventRow(ticket_id=row.id, seq=1, at=now, event="opened", by=by, data=data))
    start_clocks(session, row, now)
    link_attachments(session, row, new.attachments)
    add_event(session, "opened", row.number, row.region, ticket_record(session, row, audience="queue"), now)
    join_incident(session, row, now)
    link_repeats(session, row, None, now)
    return row


def ticket_number(region: Region, now: datetime, random_below: Callable[[int], int] = secrets.randbelow) -> str:
    """A number such as LD26112004711: the local day and five random digits, so that it tells nothing about how many there are."""
    return f"LD{now.astimezone(ZoneInfo(region.timezone)):%y%m%d}{random_below(100_000):05d}"


def link_attachments(session: Session, row: TicketRow, attachments: tuple[str, ...]) -> int:
    """Hang the conversation's own, not yet used photos on the ticket; gives back how many."""
    if not attachments:
        return 0
    found = session.scalars(
        update(AttachmentRow)
        .where(AttachmentRow.id.in_(attachments), AttachmentRow.conversation_id == row.conversation_id, AttachmentRow.ticket_id.is_(None))
        .values(ticket_id=row.id)
        .returning(AttachmentRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def _of_turn(session: Session, new: NewTicket) -> TicketRow | None:
    if new.turn_id is None:
        return None
    return session.scalar(
        select(TicketRow).where(TicketRow.turn_id == new.turn_id, TicketRow.kind == new.kind, TicketRow.category == new.category)
    )


def _insert(session: Session, new: NewTicket, region: Region, where: Route, now: datetime) -> tuple[TicketRow, bool]:
    """The new row, or (row, False) when the same turn opened it at the same moment elsewhere."""
    session.flush()
    for _ in range(TRIES):
        number = ticket_number(region, now)
        if session.scalar(select(TicketRow.id).where(TicketRow.number == number)) is not None:
            continue
        row = _row(new, region, where, number, now)
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
        except IntegrityError:  # a number or turn taken by a transaction we could not see
            earlier = _of_turn(session, new)
            if earlier is not None:
                return earlier, False
            if session.scalar(select(TicketRow.id).where(TicketRow.number == number)) is None:
                raise  # neither: a person or conversation that does not exist
            continue
        return row, True
    raise Unavailable("tickets", "今天的工单号用尽了")


def _row(new: NewTicket, region: Region, where: Route, number: str, now: datetime) -> TicketRow:
    community = region.community(new.place.community)
    return TicketRow(
        number=number,
        kind=new.kind,
        category=new.category,
        state="submitted",
        region=region.id,
        property_form=new.property_form or (community.property_form if community else None),
        community=new.place.community,
        building=new.place.building,
        unit=new.place.unit,
        room=new.place.room,
        spot=new.place.spot,
        description=new.description,
        occurred=new.occurred,
        lead_unit=where.lead_unit,
        support_units=list(where.support_units),
        level=where.level,
        urgent=new.urgent or new.kind == "emergency",
        anonymous=new.anonymous,
        person_id=new.person_id,
        conversation_id=new.conversation_id,
        turn_id=new.turn_id,
        opened_at=now,
        changed_at=now,
    )
