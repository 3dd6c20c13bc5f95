"""Which ticket a resident speaks of: their own or one they joined, by number, by what is said of it, or asked with buttons."""

import re
from datetime import datetime, timedelta

from sqlalchemy import select

from actions.answer import Answer, Choice, Reply
from actions.turn import Turn
from storage.models import FollowerRow, TicketRow
from tickets.followers import joined_record, joined_tickets
from tickets.mention import meant
from tickets.resident import find_own
from tickets.ticket import OPEN_STATES, ticket_record

NUMBER = re.compile(r"LD\s?\d{11}", re.IGNORECASE)
JUST_SPOKEN_OF = timedelta(minutes=30)
LATELY = timedelta(days=30)
MOST_BUTTONS = 6


def number_said(turn: Turn) -> str | None:
    """The ticket number in the message."""
    said = NUMBER.search(turn.reading.text.upper())
    return said.group(0).replace(" ", "") if said else None


def is_own(turn: Turn, row: TicketRow) -> bool:
    """Whether this conversation reported the ticket (otherwise it joined it)."""
    return row.conversation_id == turn.conversation.id


def record_of(turn: Turn, row: TicketRow) -> dict[str, object]:
    """The contract's Ticket as this resident may see it."""
    return ticket_record(turn.session, row, audience="resident") if is_own(turn, row) else joined_record(turn.session, row)


def find_ticket(turn: Turn, number: str | None) -> TicketRow | None:
    """The ticket of this number if it was reported or joined here; without one the newest of them."""
    own = find_own(turn.session, turn.conversation.id, number)
    if own is not None and (number is not None or own.kind != "handoff"):
        return own
    joined = joined_tickets(turn.session, turn.conversation.id)
    return next((row for row in joined if number is None or row.number == number), own)


def followed_tickets(turn: Turn) -> list[TicketRow]:
    """The tickets of this conversation that a follow-up may mean: under way, or ended lately and waiting for a word; newest first."""
    mine = select(FollowerRow.ticket_id).where(FollowerRow.conversation_id == turn.conversation.id)
    query = select(TicketRow).where(
        (TicketRow.conversation_id == turn.conversation.id) | TicketRow.id.in_(mine),
        TicketRow.kind != "handoff",
        TicketRow.state.in_((*OPEN_STATES, "resolved")),
    )
    return list(turn.session.scalars(query.order_by(TicketRow.id.desc())))


def choose_ticket(turn: Turn) -> TicketRow | Answer | None:
    """The ticket meant, the question which one, or None when there is none."""
    number = number_said(turn)
    rows = followed_tickets(turn)
    if number is not None or len(rows) < 2:
        return find_ticket(turn, number)
    found = meant(rows, turn.reading.text, turn.parts.encoder)
    row = found.one or (_by_state(turn, rows) or _just_spoken_of(turn, rows) if not found.rows else None)
    return row or ask_which(turn, list(found.rows) or rows)


def _by_state(turn: Turn, rows: list[TicketRow]) -> TicketRow | None:
    """“修好了”, “没修好” without more mean the one that was said to be done."""
    if turn.intent not in {"confirm_fixed", "dispute_fixed"}:
        return None
    done = [row for row in rows if row.state == "resolved"]
    return done[0] if len(done) == 1 else None


def _just_spoken_of(turn: Turn, rows: list[TicketRow]) -> TicketRow | None:
    row = next((one for one in rows if one.number == turn.dialogue.get("ticket")), None)
    if row is None:
        return None
    spoken = turn.dialogue.get("ticket_at")
    latest = max(row.opened_at, datetime.fromisoformat(spoken)) if spoken else row.opened_at
    return row if turn.now - latest <= JUST_SPOKEN_OF else None


def ask_which(turn: Turn, rows: list[TicketRow]) -> Answer:
    """Ask which of several tickets is meant, with a button for each."""
    choices = tuple(
        Choice(_button(turn, row), {"do": "ticket", "number": row.number, "intent": turn.intent, "said": turn.reading.raw[:500]})
        for row in rows[:MOST_BUTTONS]
    )
    return Answer("clarify", (Reply(turn.words("ask_which_ticket", count=len(rows)), choices=choices),))


def _button(turn: Turn, row: TicketRow) -> str:
    category = turn.parts.categories.get(row.category)
    where = turn.words("place_building", building=row.building) if row.building and is_own(turn, row) else ""
    day = row.opened_at
    title = category.title if category else row.category
    return turn.words("choice_ticket", category=title, where=where, month=day.month, day=day.day, number=row.number[-5:]).strip()
