"""Durable intake: a message is committed before anything is acknowledged, and a repeat finds its own turn."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.message import Incoming
from config.refusal import Refused
from storage.models import ConversationRow, InboxRow, MessageRow

_FRESH_ROW = {"synchronize_session": False, "populate_existing": True}  # what an UPDATE … RETURNING gives back is the row as it stands


@dataclass(frozen=True)
class Accepted:
    """Where a message stands after intake: its turn id, and the result when it was already decided.

    `conversation` (detached) is given for a message new to us that has no undecided turn before it: it can be taken up at once."""

    turn_id: str
    result: dict[str, Any] | None
    conversation: ConversationRow | None = None


def accept(session: Session, conversation_id: str, message: Incoming, now: datetime, shown: dict[str, Any]) -> Accepted:
    """Store the message once. Raises Refused (409) when its id was used for another body."""
    known = session.scalar(select(InboxRow).where(InboxRow.conversation_id == conversation_id, InboxRow.message_id == message.message_id))
    if known is not None:
        if known.digest != message.digest():
            raise Refused("这个 message_id 已经用于另一条内容", "换一个新的 message_id 再发", status=409, code="message_id_reused")
        return Accepted(known.id, known.result)
    turn_id = f"t{uuid.uuid4().hex}"
    behind = session.scalar(select(InboxRow.id).where(InboxRow.conversation_id == conversation_id, InboxRow.state == "pending").limit(1))
    session.add(
        InboxRow(
            id=turn_id,
            conversation_id=conversation_id,
            message_id=message.message_id,
            digest=message.digest(),
            payload=message.payload(),
            received_at=now,
        )
    )
    session.add(MessageRow(conversation_id=conversation_id, turn_id=turn_id, author="resident", body=shown, said_at=now))
    session.flush()
    counted = update(ConversationRow).where(ConversationRow.id == conversation_id)
    counted = counted.values(seen_at=now, turns=ConversationRow.turns + 1)
    conversation = session.scalars(counted.returning(ConversationRow), execution_options=_FRESH_ROW).one()
    return Accepted(turn_id, None, None if behind else conversation)


def claim(session: Session, turn_id: str, now: datetime) -> InboxRow | None:
    """Take a pending turn for deciding; None when somebody else already did. One conditional write, no comparing."""
    taken = update(InboxRow).where(InboxRow.id == turn_id, InboxRow.state == "pending")
    taken = taken.values(state="done", done_at=now, attempts=InboxRow.attempts + 1)
    return session.scalars(taken.returning(InboxRow), execution_options=_FRESH_ROW).one_or_none()


def pending_before(session: Session, turn_id: str) -> list[str]:
    """Turns of the same conversation left pending (a crash), oldest first, ending with this one."""
    row = session.get(InboxRow, turn_id)
    if row is None:
        return []
    found = session.scalars(
        select(InboxRow)
        .where(InboxRow.conversation_id == row.conversation_id, InboxRow.state == "pending")
        .order_by(InboxRow.received_at, InboxRow.id)
    )
    ids = [r.id for r in found if r.received_at <= row.received_at and r.id != turn_id]
    return [*ids, turn_id] if row.state == "pending" else ids


def all_pending(session: Session, older_than: datetime, limit: int = 200) -> list[tuple[str, str]]:
    """(turn id, conversation id) of turns received before `older_than` and never decided: left by a crash."""
    rows = session.execute(
        select(InboxRow.id, InboxRow.conversation_id)
        .where(InboxRow.state == "pending", InboxRow.received_at < older_than)
        .order_by(InboxRow.received_at)
        .limit(limit)
    )
    return [(turn, conversation) for turn, conversation in rows]


def counts(session: Session) -> dict[str, int]:
    """Conservation: received = done + pending + dead at every instant."""
    rows = session.execute(select(InboxRow.state, func.count()).group_by(InboxRow.state))
    found = {state: int(count) for state, count in rows}
    result = {state: found.get(state, 0) for state in ("done", "pending", "dead")}
    result["received"] = sum(found.values())
    return result
