"""A ticket's history as a staff group reads it: of complaints nothing by which the author could be known."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.telegram_office import StaffGroup
from config.words import Words
from storage.masking import mask
from storage.models import TicketEventRow, TicketRow
from tickets.change_ticket import LINDA, RESIDENT
from tickets.firewall import hide_author, names_said, without_stars
from tickets.ticket import said_as

OF_THE_OFFICE = ("claimed", "released")  # not public, but every group must know who has the ticket
QUIET = ("opened",)  # the card says it


def shown(session: Session, row: TicketRow, text: str) -> str:
    """`text` about this ticket without telephone numbers, of a complaint also without its author."""
    if row.kind != "complaint":
        return mask(text)
    said = session.scalars(select(TicketEventRow.text).where(TicketEventRow.ticket_id == row.id))
    return without_stars(mask(hide_author(text, names_said(row.description, *said))))


def news(session: Session, row: TicketRow, events: Sequence[TicketEventRow], group: StaffGroup) -> str:
    """The lines of `events` this group may read, empty when there is none."""
    public = [event for event in events if event.public or group.side != "company" or event.event in OF_THE_OFFICE]
    return "\n".join(_line(session, row, event) for event in public if event.event not in QUIET)


def _line(session: Session, row: TicketRow, event: TicketEventRow) -> str:
    words = Words()
    by = {RESIDENT: words("tg_staff_resident"), LINDA: words("tg_staff_linda")}.get(event.by, event.by)
    name = f"history_{said_as(event.event, event.data)}"
    try:
        head = words(name, **event.data) if words.has(name) else words("tg_staff_noted") if event.event == "noted" else ""
    except KeyError:  # an event of this name from outside, without our data
        head = ""
    text = shown(session, row, event.text)
    what = "：".join(part for part in (head, text) if part) or words(f"state_{row.state}")
    return words("tg_staff_event", by=by, what=what)
