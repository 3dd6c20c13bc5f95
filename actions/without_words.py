"""A message without words: photos for the report or ticket at hand, or nothing that can be read."""

from actions.answer import Answer, Reply
from actions.conversation import clarify
from actions.report_ask import ask_next
from actions.report_take import take_all
from actions.turn import Turn
from tickets.resident import find_own, supplement
from tickets.ticket import ticket_record


def without_words(turn: Turn) -> Answer:
    """Photos go to the draft, else to the last ticket, else wait for the report to come; nothing at all is asked about."""
    if not turn.attachments:
        return clarify(turn, "clarify_empty" if not turn.reading.raw.strip() else "clarify_unreadable")
    draft = turn.draft
    if draft is not None:
        take_all(turn, draft, describing=False)
        return ask_next(turn, draft, lead=turn.words("photo_kept", count=len(draft["photos"])))
    number = turn.dialogue.get("ticket")
    row = find_own(turn.session, turn.conversation.id, number) if number else None
    if row is not None:
        supplement(turn.session, row, text="", attachments=turn.attachments, now=turn.now)
        record = ticket_record(turn.session, row, audience="resident")
        return Answer("status", (Reply(turn.words("photo_added", number=row.number)),), tickets=(record,))
    turn.dialogue["photos"] = [*turn.dialogue.get("photos", []), *turn.attachments]
    return clarify(turn, "clarify_picture_only")
