"""While an operator has the conversation: only a receipt is said, photos go to the ticket; a quiet operator gives it back."""

from datetime import timedelta

from sqlalchemy import select

from actions.answer import Answer, Reply
from actions.turn import Turn
from storage.models import MessageRow
from tickets.resident import find_own, supplement

QUIET = timedelta(hours=2)  # after the operator's last word the conversation is Linda's again


def operator_is_talking(turn: Turn) -> bool:
    """Whether an operator has this conversation; one who has been quiet for two hours loses it."""
    if turn.conversation.operator_id is None:
        return False
    last = turn.session.scalar(
        select(MessageRow.said_at)
        .where(MessageRow.conversation_id == turn.conversation.id, MessageRow.author == "operator")
        .order_by(MessageRow.id.desc())
        .limit(1)
    )
    if last is not None and turn.now - last < QUIET:
        return True
    turn.conversation.operator_id = None
    turn.dialogue.pop("told_operator", None)
    return False


def receipt(turn: Turn) -> Answer:
    """Tell the resident once who is listening, afterwards only that the words arrived."""
    number = turn.dialogue.get("ticket")
    if turn.attachments and number:
        row = find_own(turn.session, turn.conversation.id, number)
        if row is not None:
            supplement(turn.session, row, text=turn.reading.raw, attachments=turn.attachments, now=turn.now)
    message = "operator_has_it_again" if turn.dialogue.get("told_operator") else "operator_has_it"
    turn.dialogue["told_operator"] = True
    return Answer("handed_off", (Reply(turn.words(message), kind="notice"),))
