"""After a report 跟进: where it stands, chasing, withdrawing, fixed or not; of an own ticket or of one joined 我也遇到."""

from dataclasses import replace
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.rate_ticket import star_choices
from actions.report import start_report
from actions.ticket_words import status_text
from actions.turn import Turn
from actions.which_ticket import choose_ticket, find_ticket, is_own, number_said, record_of
from config.refusal import Refused
from storage.models import TicketRow
from tickets.followers import chase_joined, leave, remark
from tickets.resident import chase, confirm_fixed, dispute_fixed, find_own, supplement, withdraw
from tickets.ticket import OPEN_STATES


def follow_up(turn: Turn) -> Answer:
    """The resident speaks of something reported or joined before; without one the report itself is offered or begun."""
    found = choose_ticket(turn)
    if isinstance(found, Answer):
        return found
    return _nothing_found(turn, number_said(turn)) if found is None else _about(turn, found)


def tapped_ticket(turn: Turn, meaning: dict[str, Any]) -> Answer:
    """“Which one?” was answered by a button: go on with what was wanted, in the words said then."""
    row = find_ticket(turn, meaning["number"])
    if row is None:
        return _nothing_found(turn, meaning["number"])
    turn.intent, turn.confidence = meaning["intent"], 1.0
    if meaning.get("said"):
        turn.reading = turn.reread(meaning["said"])
    return _about(turn, row)


def _about(turn: Turn, row: TicketRow) -> Answer:
    turn.dialogue["ticket"], turn.dialogue["ticket_at"] = row.number, turn.now.isoformat()
    if not is_own(turn, row):
        return _joined(turn, row)
    handlers = {
        "chase_ticket": _chase,
        "withdraw_ticket": _ask_withdraw,
        "confirm_fixed": _fixed,
        "dispute_fixed": _not_fixed,
    }
    return handlers.get(turn.intent or "", _status)(turn, row)


def _joined(turn: Turn, row: TicketRow) -> Answer:
    """What somebody who joined may do: chase it, leave it, say how it is; only its author reopens or closes it."""
    conversation, text = turn.conversation.id, turn.reading.raw
    if turn.intent == "chase_ticket" and row.state in OPEN_STATES:
        chase_joined(turn.session, row, conversation, now=turn.now)
        return _told(turn, row, turn.words("chased", count=row.chased, lead_unit=row.lead_unit), with_status=True)
    if turn.intent == "withdraw_ticket":
        leave(turn.session, row, conversation)
        return Answer("status", (Reply(turn.words("left_ticket", number=row.number)),))
    if turn.intent in {"confirm_fixed", "dispute_fixed"}:
        remark(turn.session, row, conversation, text, now=turn.now)
        answer = _told(turn, row, turn.words(f"joined_{turn.intent}", number=row.number))
        return _with_stars(turn, row, answer) if turn.intent == "confirm_fixed" else answer
    return _status(turn, row)


def _told(turn: Turn, row: TicketRow, said: str, *, with_status: bool = False) -> Answer:
    record = record_of(turn, row)
    text = f"{said}\n{status_text(turn, record)}" if with_status else said
    return Answer("status", (Reply(text, kind="card" if with_status else "text"),), tickets=(record,))


def _with_stars(turn: Turn, row: TicketRow, answer: Answer) -> Answer:
    """The answer with the five stars below it, when the ticket is ended."""
    if row.state not in {"resolved", "closed"}:
        return answer
    turn.dialogue["asked"] = "stars"
    asking = Reply(turn.words("ask_stars"), choices=star_choices(turn.words, row.number))
    return replace(answer, replies=(*answer.replies, asking))


def _nothing_found(turn: Turn, number: str | None) -> Answer:
    if turn.intent == "confirm_fixed":
        return Answer("smalltalk", (Reply(turn.words("smalltalk_fixed")),))
    guesses = turn.reading.categories
    if turn.intent == "dispute_fixed" and not number and guesses and guesses[0].confidence >= 0.4:
        return start_report(turn)
    said = turn.words("status_unknown_number" if number else "status_none")
    choices = (
        Choice(turn.words("choice_report_repair"), {"do": "say", "intent": "report_repair"}),
        Choice(turn.words("choice_report_complaint"), {"do": "say", "intent": "report_complaint"}),
        Choice(turn.words("choice_human"), {"do": "human"}),
    )
    return Answer("status", (Reply(said, choices=choices),))


def _status(turn: Turn, row: TicketRow) -> Answer:
    record = record_of(turn, row)
    return Answer("status", (Reply(status_text(turn, record), kind="card"),), tickets=(record,))


def _chase(turn: Turn, row: TicketRow) -> Answer:
    if row.state not in OPEN_STATES:
        return _status(turn, row)
    chase(turn.session, row, text=turn.reading.raw, now=turn.now)
    return _told(turn, row, turn.words("chased", count=row.chased, lead_unit=row.lead_unit), with_status=True)


def _ask_withdraw(turn: Turn, row: TicketRow) -> Answer:
    if row.state not in OPEN_STATES:
        text = turn.words("withdraw_not_possible", number=row.number, state=turn.words(f"state_{row.state}"))
        return Answer("status", (Reply(text),), tickets=(record_of(turn, row),))
    turn.dialogue["asked"] = "withdraw"
    category = turn.parts.categories.get(row.category)
    text = turn.words("withdraw_confirm", number=row.number, category=category.title if category else row.category)
    choices = (
        Choice(turn.words("choice_withdraw"), {"do": "withdraw", "number": row.number}),
        Choice(turn.words("choice_keep"), {"do": "keep", "number": row.number}),
    )
    return Answer("status", (Reply(text, choices=choices),), asks_for="confirm", tickets=(record_of(turn, row),))


def settle_withdraw(turn: Turn, number: str, *, yes: bool) -> Answer:
    """The answer to “really withdraw?”."""
    turn.dialogue.pop("asked", None)
    row = find_own(turn.session, turn.conversation.id, number)
    if row is None:
        return _nothing_found(turn, number)
    if not yes:
        return Answer("status", (Reply(turn.words("withdraw_kept", number=number)),), tickets=(record_of(turn, row),))
    try:
        withdraw(turn.session, row, now=turn.now)
    except Refused:
        text = turn.words("withdraw_not_possible", number=number, state=turn.words(f"state_{row.state}"))
        return Answer("status", (Reply(text),), tickets=(record_of(turn, row),))
    return Answer("status", (Reply(turn.words("withdrawn", number=number)),), tickets=(record_of(turn, row),))


def _fixed(turn: Turn, row: TicketRow) -> Answer:
    if row.state == "resolved":
        confirm_fixed(turn.session, row, now=turn.now)
        return _with_stars(turn, row, _told(turn, row, turn.words("fixed_confirmed", number=row.number)))
    if row.state in OPEN_STATES:
        supplement(turn.session, row, text=turn.reading.raw, attachments=turn.attachments, now=turn.now)
        return Answer("status", (Reply(turn.words("fixed_noted", number=row.number)),), tickets=(record_of(turn, row),))
    return Answer("smalltalk", (Reply(turn.words("smalltalk_fixed")),))


def _not_fixed(turn: Turn, row: TicketRow) -> Answer:
    if row.state in ("resolved", "closed"):
        try:
            dispute_fixed(turn.session, row, text=turn.reading.raw, now=turn.now)
        except Refused:
            return start_report(turn)
        said = turn.words("reopened", number=row.number, lead_unit=row.lead_unit)
    elif row.state in OPEN_STATES:
        supplement(turn.session, row, text=turn.reading.raw, attachments=turn.attachments, now=turn.now)
        said = turn.words("dispute_noted", number=row.number, lead_unit=row.lead_unit)
    else:
        return start_report(turn)
    return Answer("status", (Reply(said),), tickets=(record_of(turn, row),))
