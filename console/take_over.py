"""Who speaks to the resident: an operator takes the conversation over by writing, and hands it back to Linda."""

from datetime import datetime

from sqlalchemy.orm import Session

from config.refusal import Refused
from config.words import Words
from console.access import Viewer
from storage.models import ConversationRow, MessageRow, OperatorRow, TicketRow
from tickets.change_ticket import Change, change_ticket
from tickets.operator import claim
from tickets.ticket import OPEN_STATES

# After these Linda must be listening again: the notice of each asks the resident to answer her.
ENDS_TALK = frozenset({"resolved", "closed", "rejected"})


def operator_of(session: Session, viewer: Viewer) -> OperatorRow:
    """The operator's row, for the ticket's own functions."""
    row = session.get(OperatorRow, viewer.operator_id)
    assert row is not None
    return row


def hold(session: Session, row: TicketRow, viewer: Viewer, now: datetime) -> OperatorRow:
    """Make sure this operator may work on the ticket: an unclaimed open one becomes his.

    Refused (409, saying who has it) when another holds it, unless he may take over.
    """
    operator = operator_of(session, viewer)
    if row.state not in OPEN_STATES and row.claimed_by in (None, operator.id):
        return operator
    if row.claimed_by is not None and row.claimed_by != operator.id and viewer.may("take_over"):
        return operator
    ended = claim(session, row, operator, now)
    if not ended.won:
        raise Refused(f"这张工单已由{ended.holder}认领", "请他处理，或请主管收回后再分派", status=409, code="not_yours")
    return operator


def listen(session: Session, row: TicketRow, operator: OperatorRow) -> None:
    """From now on the resident's words go to this operator instead of Linda (emergencies are still answered by her first)."""
    conversation = _conversation(session, row)
    if conversation is not None:
        conversation.operator_id = operator.id


def hand_back(session: Session, row: TicketRow, operator: OperatorRow, now: datetime, *, say: bool = True) -> bool:
    """Let Linda answer in the ticket's conversation again; `say` tells the resident. False when no operator had it."""
    conversation = _conversation(session, row)
    if conversation is None or conversation.operator_id is None:
        return False
    conversation.operator_id = None
    change_ticket(session, row, Change("handed_back", operator.name, public=False), now)
    if say and conversation.erased_at is None:
        text = Words(conversation.locale)("operator_handed_back")
        body = {"kind": "notice", "text": text, "choices": [], "citations": []}
        session.add(MessageRow(conversation_id=conversation.id, author="notice", body=body, said_at=now))
    return True


def _conversation(session: Session, row: TicketRow) -> ConversationRow | None:
    if row.conversation_id is None:
        return None
    return session.get(ConversationRow, row.conversation_id, with_for_update=True, populate_existing=True)
