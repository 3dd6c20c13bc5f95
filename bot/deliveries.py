"""The rows of what is to be sent: found by look-up (a message without a delivery), claimed by conditional write, settled once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from storage.models import ChannelChatRow, ChannelLinkRow, ConversationRow, DeliveryRow, MessageRow

RECEIPT, NOTICE, BROADCAST = 0, 1, 2
SPOKEN = ("linda", "operator", "notice")
BATCH = 1000
HEADS = 400
NEWEST = 500
MOST_REPEATS = 1  # of a send whose answer was lost
MOST_CUT = 20  # of a send a crash of ours cut off: that says nothing about the message, and a lost receipt is worse
NO_RETRY = ("blocked", "failed", "sent", "unsure")


@dataclass(frozen=True)
class Due:
    """A delivery whose turn it is: the oldest of its lane in its chat."""

    id: int
    address: str
    lane: int


@dataclass(frozen=True)
class Taken:
    """A claimed delivery with what is to be said. `body` is a contract Reply."""

    id: int
    address: str
    lane: int
    author: str
    author_name: str | None
    body: dict[str, Any]
    parts_done: int
    repeats: int
    note: str | None


@dataclass(frozen=True)
class Settled:
    """What became of a claimed delivery. `after` seconds until it may be tried again (state waiting)."""

    id: int
    state: str
    parts_done: int
    repeats: int
    note: str | None = None
    after: float = 0.0


def lane_of(message: MessageRow) -> int:
    """Receipts, replies and operators' words before notices, these before broadcasts."""
    if message.body.get("broadcast"):
        return BROADCAST
    return NOTICE if message.author == "notice" else RECEIPT


def undelivered(session: Session, channel: str, since: datetime | None) -> list[tuple[int, str, int]]:
    """(message id, address, lane) of messages without a delivery, among the newest (whatever their clock says) and, unless `since` is
    None, all said after it: of the channel's conversations, and what operators and notices said in those linked to them."""
    found = {message.id: (message.id, address, lane_of(message)) for message, address in _among_newest(session, channel)}
    if since is not None:
        window = (MessageRow.said_at >= since, MessageRow.author.in_(SPOKEN), _missing(channel))
        for wanted in (_own(channel), _linked(channel)):
            rows = session.execute(wanted.where(*window).order_by(MessageRow.id).limit(BATCH))
            found |= {message.id: (message.id, str(address), lane_of(message)) for message, address in rows}
    return [found[number] for number in sorted(found)]


def _missing(channel: str) -> ColumnElement[bool]:
    return ~exists().where(DeliveryRow.message_id == MessageRow.id, DeliveryRow.channel == channel)


def _own(channel: str) -> Select[MessageRow, str | None]:
    own = select(MessageRow, ConversationRow.channel_address).join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
    return own.where(ConversationRow.channel == channel, ConversationRow.channel_address.is_not(None))


def _linked(channel: str) -> Select[MessageRow, str | None]:
    chat = aliased(ConversationRow)
    return (
        select(MessageRow, chat.channel_address)
        .join(ChannelLinkRow, and_(ChannelLinkRow.web_conversation == MessageRow.conversation_id, ChannelLinkRow.state == "linked"))
        .join(chat, chat.id == ChannelLinkRow.chat_conversation)
        .where(MessageRow.author != "linda", MessageRow.said_at >= ChannelLinkRow.linked_at)
        .where(chat.channel == channel, chat.channel_address.is_not(None))
    )


def _among_newest(session: Session, channel: str) -> list[tuple[MessageRow, str]]:
    """Asked five times a second, so by keys alone: PostgreSQL joins a thousand rows with a thousand while its statistics are young."""
    newest = (session.scalar(select(func.max(MessageRow.id))) or 0) - NEWEST
    fresh = session.execute(
        select(MessageRow.id, MessageRow.conversation_id).where(MessageRow.id > newest, MessageRow.author.in_(SPOKEN), _missing(channel))
    ).all()
    if not fresh:
        return []
    talks = {conversation for _, conversation in fresh}
    known = session.execute(
        select(ConversationRow.id, ConversationRow.channel_address).where(
            ConversationRow.id.in_(talks), ConversationRow.channel == channel, ConversationRow.channel_address.is_not(None)
        )
    )
    addresses = {conversation: str(address) for conversation, address in known}
    own = [number for number, conversation in fresh if conversation in addresses]
    messages = session.scalars(select(MessageRow).where(MessageRow.id.in_(own))).all() if own else []
    found = [(message, addresses[message.conversation_id]) for message in messages]
    if session.scalar(select(ChannelLinkRow.id).where(ChannelLinkRow.web_conversation.in_(talks)).limit(1)) is not None:
        linked = session.execute(_linked(channel).where(MessageRow.id.in_([number for number, _ in fresh])))
        found += [(message, str(address)) for message, address in linked]
    return found


def make_deliveries(session: Session, channel: str, since: datetime | None, now: datetime) -> int:
    """A delivery for each message that has none (see `undelivered`), in the caller's writing transaction."""
    found = undelivered(session, channel, since)
    if found:
        add_deliveries(session, channel, found, now)
    return len(found)


def add_deliveries(session: Session, channel: str, wanted: Sequence[tuple[int, str, int]], now: datetime) -> None:
    """Deliveries of (message id, address, lane); to a chat that blocked us only noted."""
    blocked = set(
        session.scalars(select(ChannelChatRow.address).where(ChannelChatRow.channel == channel, ChannelChatRow.blocked_at.is_not(None)))
    )
    session.execute(
        insert(DeliveryRow),
        [
            {"message_id": message_id, "channel": channel, "address": address, "lane": lane, "next_at": now, "made_at": now}
            | {"state": "blocked" if address in blocked else "waiting", "attempts": 0, "repeats": 0, "parts_done": 0}
            for message_id, address, lane in wanted
        ],
    )


def broadcast(session: Session, channel: str, text: str, conversations: Sequence[tuple[str, str]], now: datetime) -> int:
    """Say `text` to many (conversation id, address) as a notice of the last lane, in the caller's transaction."""
    body = {"kind": "notice", "text": text, "choices": [], "citations": [], "broadcast": True}
    rows = [MessageRow(conversation_id=conversation, author="notice", body=body, said_at=now) for conversation, _ in conversations]
    session.add_all(rows)
    session.flush()
    add_deliveries(session, channel, [(row.id, address, BROADCAST) for row, (_, address) in zip(rows, conversations, strict=True)], now)
    return len(rows)


def due(session: Session, channel: str, now: datetime) -> list[Due]:
    """The oldest open delivery of each chat, of receipts and notices first; a chat whose oldest must wait or is under way has none."""
    found: list[Due] = []
    for lanes in ((RECEIPT, NOTICE), (BROADCAST,)):
        place = func.row_number().over(partition_by=DeliveryRow.address, order_by=(DeliveryRow.lane, DeliveryRow.id)).label("place")
        queue = (
            select(DeliveryRow.id, DeliveryRow.address, DeliveryRow.lane, DeliveryRow.next_at, DeliveryRow.state, place)
            .where(DeliveryRow.channel == channel, DeliveryRow.state.in_(("waiting", "sending")), DeliveryRow.lane.in_(lanes))
            .subquery()
        )
        first = and_(queue.c.place == 1, queue.c.state == "waiting", queue.c.next_at <= now)
        heads = select(queue).where(first).order_by(queue.c.lane, queue.c.id).limit(HEADS)
        found += [Due(row.id, row.address, row.lane) for row in session.execute(heads)]
    return found


def take(session: Session, ids: Sequence[int], now: datetime) -> list[Taken]:
    """Claim deliveries by conditional write; those somebody else took are left out."""
    taken: list[Taken] = []
    for delivery_id in ids:
        done = session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id, DeliveryRow.state == "waiting")
            .values(state="sending", taken_at=now, attempts=DeliveryRow.attempts + 1)
        )
        assert isinstance(done, CursorResult)
        if done.rowcount == 1:
            row = session.get_one(DeliveryRow, delivery_id, populate_existing=True)
            message = session.get_one(MessageRow, row.message_id)
            said = (message.author, message.author_name, message.body)
            taken.append(Taken(row.id, row.address, row.lane, *said, row.parts_done, row.repeats, row.note))
    return taken


def settle(session: Session, endings: Sequence[Settled], now: datetime) -> None:
    """Write down what became of claimed deliveries; one that was erased meanwhile is no more."""
    for one in endings:
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == one.id, DeliveryRow.state == "sending")
            .values(
                state=one.state,
                parts_done=one.parts_done,
                repeats=one.repeats,
                note=one.note[:200] if one.note else None,
                next_at=now + timedelta(seconds=one.after),
                sent_at=now if one.state == "sent" else None,
            )
        )


def recover(session: Session, channel: str, now: datetime, *, taken_before: datetime) -> tuple[int, int]:
    """Sends a crash cut off: nobody knows whether they arrived. Each is repeated, marked; cut off again and again it is `unsure`.

    Gives how many are repeated and how many were given up.
    """
    cut = and_(DeliveryRow.channel == channel, DeliveryRow.state == "sending", DeliveryRow.taken_at < taken_before)
    given_up = session.execute(update(DeliveryRow).where(cut, DeliveryRow.repeats >= MOST_CUT).values(state="unsure"))
    again = session.execute(update(DeliveryRow).where(cut).values(state="waiting", repeats=DeliveryRow.repeats + 1, next_at=now))
    assert isinstance(again, CursorResult) and isinstance(given_up, CursorResult)
    return again.rowcount, given_up.rowcount


def block(session: Session, channel: str, address: str, now: datetime, *, blocked: bool) -> None:
    """Note that a chat blocked us (its waiting deliveries end) or lets us speak again."""
    row = session.get(ChannelChatRow, (channel, address), with_for_update=True)
    if row is None:
        row = ChannelChatRow(channel=channel, address=address, tries=0)
        session.add(row)
    row.blocked_at = now if blocked else None
    session.flush()
    if blocked:
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.channel == channel, DeliveryRow.address == address, DeliveryRow.state == "waiting")
            .values(state="blocked")
        )


def move(session: Session, channel: str, old: str, new: str) -> None:
    """A chat got another id: its conversations and all its deliveries go with it."""
    session.execute(
        update(ConversationRow)
        .where(ConversationRow.channel == channel, ConversationRow.channel_address == old)
        .values(channel_address=new)
    )
    session.execute(update(DeliveryRow).where(DeliveryRow.channel == channel, DeliveryRow.address == old).values(address=new))


def counts(session: Session, channel: str) -> dict[str, int]:
    """How many deliveries stand in which state; made = the sum, at every instant."""
    rows = session.execute(select(DeliveryRow.state, func.count()).where(DeliveryRow.channel == channel).group_by(DeliveryRow.state))
    found = {state: int(count) for state, count in rows}
    return {state: found.get(state, 0) for state in ("waiting", "sending", *NO_RETRY)}


def unsettled(session: Session, channel: str) -> int:
    """How many wait or are under way (for a clean stop and for tests)."""
    open_ones = or_(DeliveryRow.state == "waiting", DeliveryRow.state == "sending")
    return int(session.scalar(select(func.count()).select_from(DeliveryRow).where(DeliveryRow.channel == channel, open_ones)) or 0)
