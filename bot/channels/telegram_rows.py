"""The rows the Telegram channel works with: the chat's conversation, plain answers, and updates that are claimed and done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from bot.channels.telegram_intake import CHANNEL
from bot.conversations import NewConversation, open_conversation
from config.words import Words
from storage.models import ChannelUpdateRow, ConversationRow, MessageRow, TicketRow

HELD = timedelta(seconds=90)  # a claim that is not finished by then was left by a crash
SAME_TIME = timedelta(seconds=60)  # updates received this close are in the order of their ids, others as they came


@dataclass(frozen=True)
class Chat:
    """Whose conversation it is."""

    id: int
    private: bool
    locale: str


def conversation_of(session: Session, chat: Chat, now: datetime) -> ConversationRow:
    """The chat's conversation, made on the first word; in a private chat it begins with the welcome and the privacy notice."""
    found = known_conversation(session, chat.id)
    if found is not None:
        return found
    row, _ = open_conversation(session, NewConversation(CHANNEL, locale=chat.locale, channel_address=str(chat.id)), now)
    if chat.private:
        words = Words(row.locale)
        say(session, row, f"{words('welcome')}\n{words('welcome_privacy')}", now)
    return row


def known_conversation(session: Session, chat: int) -> ConversationRow | None:
    """The chat's conversation when there is one."""
    return session.scalar(
        select(ConversationRow)
        .where(ConversationRow.channel == CHANNEL, ConversationRow.channel_address == str(chat), ConversationRow.erased_at.is_(None))
        .order_by(ConversationRow.created_at.desc())
        .limit(1)
    )


def say(session: Session, conversation: ConversationRow, text: str, now: datetime, turn_id: str | None = None) -> None:
    """Linda says something outside a turn."""
    body = {"kind": "text", "text": text, "choices": [], "citations": []}
    session.add(MessageRow(conversation_id=conversation.id, turn_id=turn_id, author="linda", body=body, said_at=now))


def hear(session: Session, conversation: ConversationRow, text: str, now: datetime) -> None:
    """The resident said something that is no turn."""
    body = {"text": text, "attachments": []}
    session.add(MessageRow(conversation_id=conversation.id, author="resident", body=body, said_at=now))
    conversation.seen_at = now


def waiting_chats(session: Session, now: datetime, limit: int = 200) -> list[str]:
    """Chats with something to work off, the longest waiting first."""
    first = func.min(ChannelUpdateRow.id)
    rows = session.execute(
        select(ChannelUpdateRow.address, first)
        .where(ChannelUpdateRow.channel == CHANNEL, ChannelUpdateRow.state == "pending")
        .group_by(ChannelUpdateRow.address)
        .having(func.min(ChannelUpdateRow.ready_at) <= now)
        .order_by(first)
        .limit(limit)
    )
    return [address for address, _ in rows]


def next_updates(session: Session, address: str, limit: int = 60) -> list[ChannelUpdateRow]:
    """The chat's pending updates in the order they were said.

    Ids order what arrived together (a webhook's posts overtake each other); they never order what arrived apart, since they may begin
    again anywhere.
    """
    rows = session.scalars(
        select(ChannelUpdateRow)
        .where(ChannelUpdateRow.channel == CHANNEL, ChannelUpdateRow.address == address, ChannelUpdateRow.state == "pending")
        .order_by(ChannelUpdateRow.id)
        .limit(limit)
    ).all()
    if not rows:
        return []
    together = [row for row in rows if row.received_at - rows[0].received_at <= SAME_TIME]
    return [*sorted(together, key=lambda row: (row.update_id, row.id)), *rows[len(together) :]]


def claim(session: Session, row: ChannelUpdateRow, now: datetime) -> bool:
    """Take an update to work on, counted before it is tried; False when somebody else did."""
    done = session.execute(
        update(ChannelUpdateRow)
        .where(ChannelUpdateRow.id == row.id, ChannelUpdateRow.state == "pending", ChannelUpdateRow.attempts == row.attempts)
        .values(attempts=row.attempts + 1, ready_at=now + HELD)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def release_claims(session: Session, now: datetime) -> None:
    """A new worker begins: what the one before held may be tried at once."""
    session.execute(
        update(ChannelUpdateRow)
        .where(ChannelUpdateRow.channel == CHANNEL, ChannelUpdateRow.state == "pending", ChannelUpdateRow.attempts > 0)
        .values(ready_at=now)
    )


def try_later(session: Session, row_id: int, why: str, at: datetime) -> None:
    """The update could not be worked off now."""
    session.execute(
        update(ChannelUpdateRow)
        .where(ChannelUpdateRow.id == row_id, ChannelUpdateRow.state == "pending")
        .values(ready_at=at, note=why[:200])
    )


def prepare(session: Session, row_id: int, prepared: dict[str, Any]) -> dict[str, Any]:
    """Fix what goes to the turn, once; gives what was fixed the first time."""
    session.execute(
        update(ChannelUpdateRow).where(ChannelUpdateRow.id == row_id, ChannelUpdateRow.prepared.is_(None)).values(prepared=prepared)
    )
    fixed = session.scalar(select(ChannelUpdateRow.prepared).where(ChannelUpdateRow.id == row_id))
    return dict(fixed or prepared)


def finish(  # noqa: PLR0913 - how it ended, and the turn it became
    session: Session,
    ids: Sequence[int],
    now: datetime,
    *,
    state: str = "done",
    note: str | None = None,
    turn: dict[str, Any] | None = None,
) -> None:
    """The updates are worked off; what was said stays only where the conversation keeps it."""
    kept = {key: turn[key] for key in ("conversation", "message")} if turn else {}
    body: dict[str, Any] = {"body": {}} if state == "done" else {}
    session.execute(
        update(ChannelUpdateRow)
        .where(ChannelUpdateRow.id.in_(ids), ChannelUpdateRow.state == "pending")
        .values(state=state, done_at=now, note=note[:200] if note else None, prepared=kept, **body)
    )


def ticket_of_edited(session: Session, row: ChannelUpdateRow, turn_id: str | None) -> TicketRow | None:
    """The ticket an edited message led to: opened by its own turn, or the first the conversation opened afterwards."""
    conversation_id = (row.prepared or {}).get("conversation")
    if conversation_id is None:
        return None
    if turn_id is not None:
        own = session.scalar(select(TicketRow).where(TicketRow.turn_id == turn_id).limit(1))
        if own is not None:
            return own
    later = select(TicketRow).where(TicketRow.conversation_id == conversation_id, TicketRow.opened_at >= row.received_at)
    return session.scalar(later.order_by(TicketRow.id).limit(1))


def prune(session: Session, before: datetime) -> int:
    """Forget updates worked off long ago (Telegram repeats none older than a day); dead ones stay for review."""
    gone = session.execute(
        delete(ChannelUpdateRow).where(
            ChannelUpdateRow.channel == CHANNEL, ChannelUpdateRow.state == "done", ChannelUpdateRow.received_at < before
        )
    )
    assert isinstance(gone, CursorResult)
    return gone.rowcount
