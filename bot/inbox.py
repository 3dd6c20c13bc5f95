"""Durable intake: a message is committed before anything is acknowledged, and a repeat finds its own turn.

These statements run on every turn, and on SQLite the one writer waits for them: so they are made once and go past the unit of work.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.message import Incoming
from config.refusal import Refused
from storage.models import ConversationRow, InboxRow, MessageRow


@dataclass(frozen=True)
class Talk:
    """What reading a message needs to know of its conversation."""

    id: str
    region: str | None
    property_form: str | None
    dialogue: dict[str, Any]
    turns: int

    @classmethod
    def of(cls, row: Any) -> "Talk":
        """From a ConversationRow, or a row of `COLUMNS`."""
        return cls(row.id, row.region, row.property_form, dict(row.dialogue), row.turns)


COLUMNS = (ConversationRow.id, ConversationRow.region, ConversationRow.property_form, ConversationRow.dialogue, ConversationRow.turns)
_ONCE = {
    "sqlite": sqlite.insert(InboxRow).on_conflict_do_nothing().returning(InboxRow.id),
    "postgresql": postgresql.insert(InboxRow).on_conflict_do_nothing().returning(InboxRow.id),
}
_SAID = insert(MessageRow)
_SAME = select(InboxRow.id, InboxRow.digest, InboxRow.result).where(
    InboxRow.conversation_id == bindparam("talk"), InboxRow.message_id == bindparam("message")
)
_BEHIND = select(InboxRow.id).where(
    InboxRow.conversation_id == bindparam("talk"), InboxRow.state == "pending", InboxRow.id != bindparam("turn")
)
_COUNTED = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("talk"))
    .values(seen_at=bindparam("now"), turns=ConversationRow.turns + 1)
    .returning(*COLUMNS, _BEHIND.exists().label("behind"))
)
_CLAIMED = (
    update(InboxRow)
    .where(InboxRow.id == bindparam("turn"), InboxRow.state == "pending")
    .values(state="done", done_at=bindparam("now"), attempts=InboxRow.attempts + 1)
    .returning(InboxRow.conversation_id, InboxRow.payload)
)
_SETTLED = update(InboxRow).where(InboxRow.id == bindparam("turn")).values(result=bindparam("came"), state=bindparam("now_is"))


@dataclass(frozen=True)
class Accepted:
    """Where a message stands after intake: its turn id, and the result when it was already decided.

    `talk` is given for a message new to us that has no undecided turn before it: it can be taken up at once."""

    turn_id: str
    result: dict[str, Any] | None
    talk: Talk | None = None


@dataclass(frozen=True)
class Claimed:
    """A pending turn taken for deciding."""

    turn_id: str
    conversation_id: str
    payload: dict[str, Any]


def accept(session: Session, conversation_id: str, message: Incoming, now: datetime, shown: dict[str, Any]) -> Accepted:
    """Store the message once. Raises Refused (409) when its id was used for another body."""
    connection, turn_id = session.connection(), f"t{uuid.uuid4().hex}"
    row = {
        "id": turn_id, "conversation_id": conversation_id, "message_id": message.message_id, "digest": message.digest(),
        "payload": message.payload(), "state": "pending", "attempts": 0, "received_at": now,
    }  # fmt: skip
    if connection.execute(_ONCE[connection.dialect.name], row).scalar_one_or_none() is None:
        return _known(connection, conversation_id, message)
    connection.execute(_SAID, {"conversation_id": conversation_id, "turn_id": turn_id, "author": "resident", "body": shown, "said_at": now})
    talk = connection.execute(_COUNTED, {"talk": conversation_id, "turn": turn_id, "now": now}).one()
    return Accepted(turn_id, None, None if talk.behind else Talk.of(talk))


def _known(connection: Connection, conversation_id: str, message: Incoming) -> Accepted:
    """Where a message stands that was accepted before."""
    known = connection.execute(_SAME, {"talk": conversation_id, "message": message.message_id}).one()
    if known.digest != message.digest():
        raise Refused("这个 message_id 已经用于另一条内容", "换一个新的 message_id 再发", status=409, code="message_id_reused")
    return Accepted(known.id, known.result)


def claim(session: Session, turn_id: str, now: datetime) -> Claimed | None:
    """Take a pending turn for deciding; None when somebody else already did. One conditional write, no comparing."""
    row = session.connection().execute(_CLAIMED, {"turn": turn_id, "now": now}).one_or_none()
    return None if row is None else Claimed(turn_id, row.conversation_id, row.payload)


def settle(session: Session, turn_id: str, result: dict[str, Any], *, state: str = "done") -> None:
    """Keep what came of a claimed turn."""
    session.connection().execute(_SETTLED, {"turn": turn_id, "came": result, "now_is": state})


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
