"""The rows of what is to be sent: one for each message of a channel (see `bot.undelivered`), claimed by conditional write, settled once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Row, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.models import ChannelChatRow, ConversationRow, DeliveryRow, MessageRow

RECEIPT, NOTICE, BROADCAST = 0, 1, 2
BATCH = 1000
HEADS = 400
PAGE = 500
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


def make_deliveries(session: Session, channel: str, found: Sequence[tuple[int, str, int]], now: datetime) -> int:
    """A delivery for each of these (see `bot.undelivered`) that still has none, in the caller's writing transaction; gives how many.

    It looks at these alone: the search itself is made before, so that the one writer of SQLite is not held by it."""
    numbers = [message_id for message_id, _, _ in found]
    made: set[int] = set()
    for begin in range(0, len(numbers), BATCH):
        some = DeliveryRow.message_id.in_(numbers[begin : begin + BATCH])
        made.update(session.scalars(select(DeliveryRow.message_id).where(some, DeliveryRow.channel == channel)))
    wanted = [one for one in found if one[0] not in made]
    if wanted:
        add_deliveries(session, channel, wanted, now)
    return len(wanted)


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
    if not conversations:
        return 0
    said = [{"conversation_id": talk, "author": "notice", "body": body, "said_at": now} for talk, _ in conversations]
    ids = session.scalars(insert(MessageRow).returning(MessageRow.id, sort_by_parameter_order=True), said).all()
    add_deliveries(session, channel, [(number, address, BROADCAST) for number, (_, address) in zip(ids, conversations, strict=True)], now)
    return len(ids)


def due(session: Session, channel: str, now: datetime) -> list[Due]:
    """The oldest open delivery of each chat, of receipts and notices first; a chat whose oldest must wait or is under way has none.

    The lanes are read in the order they are to be sent, a page at a time: the thousands waiting behind are not looked at."""
    return [*_heads(session, channel, (RECEIPT, NOTICE), now), *_heads(session, channel, (BROADCAST,), now)]


def _heads(session: Session, channel: str, lanes: tuple[int, ...], now: datetime) -> list[Due]:
    mine = (DeliveryRow.channel == channel, DeliveryRow.state == "sending", DeliveryRow.lane.in_(lanes))
    passed = set(session.scalars(select(DeliveryRow.address).where(*mine)))
    heads: list[Due] = []
    for lane in lanes:
        for row in _waiting(session, channel, lane):
            if len(heads) == HEADS:
                return heads
            if row.address not in passed:
                passed.add(row.address)
                heads += [Due(row.id, row.address, lane)] if row.next_at <= now else []
    return heads


def _waiting(session: Session, channel: str, lane: int) -> Iterator[Row[int, str, datetime]]:
    """One lane's waiting deliveries, oldest first; the next page is asked for only when this one gave too few chats."""
    queue = select(DeliveryRow.id, DeliveryRow.address, DeliveryRow.next_at).order_by(DeliveryRow.id).limit(PAGE)
    mine = (DeliveryRow.channel == channel, DeliveryRow.state == "waiting", DeliveryRow.lane == lane)
    after = 0
    while True:
        page = session.execute(queue.where(*mine, DeliveryRow.id > after)).all()
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def take(session: Session, ids: Sequence[int], now: datetime) -> list[Taken]:
    """Claim deliveries by conditional write, in the order given; those somebody else took are left out."""
    claimed = session.scalars(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(ids), DeliveryRow.state == "waiting")
        .values(state="sending", taken_at=now, attempts=DeliveryRow.attempts + 1)
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    ).all()
    rows = session.execute(
        select(DeliveryRow, MessageRow)
        .join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        .where(DeliveryRow.id.in_(claimed))
        .execution_options(populate_existing=True)
    )
    taken = {row.id: _taken(row, message) for row, message in rows}
    return [taken[number] for number in ids if number in taken]


def _taken(row: DeliveryRow, said: MessageRow) -> Taken:
    return Taken(row.id, row.address, row.lane, said.author, said.author_name, said.body, row.parts_done, row.repeats, row.note)


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
