"""我也遇到: before a second ticket is made of the same thing, the resident is offered to join the first."""

from typing import Any

from sqlalchemy import select

from actions.answer import Answer, Choice, Reply
from actions.draft import Draft, draft_record
from actions.turn import Turn
from config.refusal import Refused
from storage.models import TicketRow
from tickets.duplicates import find_alike
from tickets.followers import join, joined_record
from tickets.open_ticket import NewTicket
from tickets.resident import chase, find_own
from tickets.ticket import ticket_record


def offer_alike(turn: Turn, draft: Draft, new: NewTicket) -> Answer | None:
    """Offer to join an open ticket of the same fault and place; None when there is none or the resident already said it is another."""
    if draft.get("not_alike"):
        return None
    alike = find_alike(turn.session, new, turn.parts.encoder, turn.now)
    if alike is None:
        return None
    turn.dialogue["asked"] = "alike"
    turn.dialogue["alike"] = alike.ticket.number
    category = turn.parts.categories[alike.ticket.category].title
    message = "alike_own" if alike.own else "alike_offer"
    text = turn.words(
        message, number=alike.ticket.number, category=category, met=alike.met, state=turn.words(f"state_{alike.ticket.state}")
    )
    choices = (
        Choice(turn.words("choice_chase" if alike.own else "choice_join"), {"do": "join"}),
        Choice(turn.words("choice_separate"), {"do": "separate"}),
    )
    return Answer("report_open", (Reply(text, choices=choices),), asks_for="confirm", draft=draft_record(turn, draft))


def join_alike(turn: Turn, draft: Draft) -> Answer | None:
    """Join the ticket offered (or chase it when it is the resident's own); None when it is over meanwhile and a new one must be made."""
    number = turn.dialogue.pop("alike", "")
    own = find_own(turn.session, turn.conversation.id, number)
    if own is not None:
        chase(turn.session, own, text=draft["description"], now=turn.now)
        record: dict[str, Any] = ticket_record(turn.session, own, audience="resident")
        return Answer("status", (Reply(turn.words("chased", count=own.chased, lead_unit=own.lead_unit)),), tickets=(record,))
    row = turn.session.scalar(select(TicketRow).where(TicketRow.number == number))
    if row is None:
        return None
    try:
        join(turn.session, row, turn.conversation.id, draft["person_id"], draft["description"], turn.now)
    except Refused:
        return None
    reply = Reply(turn.words("joined", number=row.number, lead_unit=row.lead_unit))
    return Answer("filed", (reply,), tickets=(joined_record(turn.session, row),))
