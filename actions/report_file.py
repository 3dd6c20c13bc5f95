"""The end of a report: filed, joined to the same matter reported before, or dropped; then the next matter of the same message."""

from dataclasses import replace

from actions.alike import join_alike, offer_alike
from actions.answer import Answer, Choice, Reply
from actions.draft import Draft, missing_slot, place_of
from actions.report_ask import ask_next
from actions.ticket_words import clock_lines
from actions.turn import Turn
from tickets.open_ticket import NewTicket, open_ticket
from tickets.ticket import ticket_record

SHOWN = 40  # characters of a matter that waits, in the offer to report it


def file_report(turn: Turn, draft: Draft) -> Answer:
    """Open the ticket in this turn's transaction and say what was promised, by which clause."""
    if missing_slot(draft) is not None:
        return ask_next(turn, draft)
    new = _new_ticket(turn, draft)
    offered = offer_alike(turn, draft, new)
    if offered is not None:
        return offered
    row = open_ticket(turn.session, new, turn.now)
    end_report(turn)
    turn.dialogue["ticket"] = row.number
    record = ticket_record(turn.session, row, audience="resident")
    lines = [turn.words("filed", number=row.number, lead_unit=row.lead_unit), *clock_lines(turn, record)]
    if row.kind == "complaint":
        lines.append(turn.words("filed_complaint_privacy"))
    lines.append(turn.words("filed_after"))
    return Answer("filed", (Reply("\n".join(lines), kind="card"), *_offer_waiting(turn)), tickets=(record,))


def _new_ticket(turn: Turn, draft: Draft) -> NewTicket:
    return NewTicket(
        kind=draft["kind"],
        category=draft["category"],
        region=turn.conversation.region or turn.parts.default_region,
        property_form=turn.conversation.property_form,
        place=place_of(draft["place"]),
        description=draft["description"],
        occurred=draft["time"],
        urgent=False,
        anonymous=draft["contact"] == "declined",
        person_id=draft["person_id"],
        conversation_id=turn.conversation.id,
        turn_id=turn.id,
        attachments=tuple(draft["photos"]),
    )


def settle_alike(turn: Turn, draft: Draft, *, same: bool) -> Answer:
    """The answer to “is it the same thing?”: join it, or file a ticket of its own."""
    joined = join_alike(turn, draft) if same else None
    if joined is None:
        draft["not_alike"] = True
        return file_report(turn, draft)
    end_report(turn)
    return replace(joined, replies=(*joined.replies, *_offer_waiting(turn)))


def end_report(turn: Turn) -> None:
    """Forget the draft and what was asked."""
    for key in ("draft", "asked", "contact_tries", "description_tries"):
        turn.dialogue.pop(key, None)


def cancel_report(turn: Turn) -> Answer:
    """Stop collecting; nothing is kept."""
    end_report(turn)
    turn.dialogue.pop("waiting", None)
    return Answer("cancelled", (Reply(turn.words("report_cancelled")),))


def let_wait(turn: Turn, matters: tuple[str, ...]) -> None:
    """Keep further matters of the same message until the present one is filed."""
    turn.dialogue["waiting"] = [*turn.dialogue.get("waiting", []), *matters]


def _offer_waiting(turn: Turn) -> tuple[Reply, ...]:
    """The offer to report the next matter that waits; none when nothing does."""
    waiting = turn.dialogue.get("waiting", [])
    if not waiting:
        turn.dialogue.pop("waiting", None)
        return ()
    turn.dialogue["asked"] = "waiting"
    message = "waiting_offer" if len(waiting) == 1 else "waiting_offer_more"
    choices = (
        Choice(turn.words("choice_waiting"), {"do": "report_text", "text": waiting[0]}),
        Choice(turn.words("choice_later"), {"do": "later"}),
    )
    return (Reply(turn.words(message, matter=waiting[0][:SHOWN], count=len(waiting)), choices=choices),)


def take_waiting(turn: Turn, text: str) -> None:
    """The matter that is taken up now waits no more."""
    waiting = [matter for matter in turn.dialogue.pop("waiting", []) if matter != text]
    if waiting:
        turn.dialogue["waiting"] = waiting
    turn.dialogue.pop("asked", None)


def put_off(turn: Turn) -> Answer:
    """“Not now” to the matter offered: the next one is offered, if there is one."""
    waiting = turn.dialogue.pop("waiting", [])[1:]
    turn.dialogue.pop("asked", None)
    if waiting:
        turn.dialogue["waiting"] = waiting
    offer = _offer_waiting(turn)
    return Answer("smalltalk", offer or (Reply(turn.words("smalltalk_deny")),))
