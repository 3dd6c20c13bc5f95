"""Messages that have no delivery yet: looked for a stretch of ids at a time and by keys alone.

The looks run five times a second beside everything else. A join of an hour's messages with all conversations took PostgreSQL, while
its statistics were young, five seconds each time; nothing here joins.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.deliveries import lane_of
from storage.models import ChannelLinkRow, ConversationRow, DeliveryRow, MessageRow

SPOKEN = ("linda", "operator", "notice")
NEWEST = 500  # looked at again each round: a transaction may commit after others with higher ids
STRETCH = 2000
RECENT = timedelta(hours=1)  # swept over every few seconds, WHOLE at the start and now and then: an address may come late
RECENT_EVERY_S = 3.0
WHOLE = timedelta(days=7)
WHOLE_EVERY_S = 600.0


@dataclass(frozen=True)
class Stretch:
    """Message ids above `above`, up to and with `upto`."""

    above: int
    upto: int


@dataclass
class Sweep:
    """Which stretches the next round looks at: what is new, and a part of what was said before."""

    _seen: int | None = None
    _swept: int | None = None
    _recent_at: float = field(default=float("-inf"))
    _whole_at: float = field(default=float("-inf"))

    def next(self, session: Session, now: datetime, tick: float) -> list[Stretch]:
        """The stretches of this round; `tick` in seconds."""
        last = session.scalar(select(func.max(MessageRow.id))) or 0
        above = last - NEWEST if self._seen is None else min(self._seen, last - NEWEST)
        self._seen = _end(session, above, last)
        found = [Stretch(above, self._seen)]
        if self._swept is None:
            self._swept = self._begin(session, now, tick)
        if self._swept is not None:
            end = _end(session, self._swept, last)
            found.append(Stretch(self._swept, end))
            self._swept = end if end < last else None
        return found

    def _begin(self, session: Session, now: datetime, tick: float) -> int | None:
        if tick - self._recent_at < RECENT_EVERY_S:
            return None
        whole = tick - self._whole_at >= WHOLE_EVERY_S
        self._recent_at, self._whole_at = tick, tick if whole else self._whole_at
        since = now - (WHOLE if whole else RECENT)
        first = select(MessageRow.id).where(MessageRow.said_at >= since).order_by(MessageRow.said_at, MessageRow.id).limit(1)
        found = session.scalar(first)
        return None if found is None else found - NEWEST


def _end(session: Session, above: int, last: int) -> int:
    """Where a stretch ends: ids have gaps, so the messages are counted and not the ids."""
    end = select(MessageRow.id).where(MessageRow.id > above).order_by(MessageRow.id).offset(STRETCH - 1).limit(1)
    return session.scalar(end) or max(above, last)


def without_delivery(session: Session, channel: str, authors: Collection[str], where: Stretch) -> list[tuple[int, str]]:
    """(message id, conversation) of what these authors said and no delivery of the channel stands for."""
    within = (MessageRow.id > where.above, MessageRow.id <= where.upto, MessageRow.author.in_(authors))
    said = session.execute(select(MessageRow.id, MessageRow.conversation_id).where(*within)).all()
    ids = (DeliveryRow.message_id > where.above, DeliveryRow.message_id <= where.upto)
    have = set(session.scalars(select(DeliveryRow.message_id).where(*ids, DeliveryRow.channel == channel)))
    return [(number, conversation) for number, conversation in said if number not in have]


def undelivered(session: Session, channel: str, where: Stretch) -> list[tuple[int, str, int]]:
    """(message id, address, lane) of messages without a delivery: of the channel's conversations, and what operators and notices said
    in those linked to them."""
    fresh = without_delivery(session, channel, SPOKEN, where)
    talks = {conversation for _, conversation in fresh}
    own = _addresses(session, channel, talks)
    links = {link.web_conversation: link for link in _links(session, talks)}
    linked = _addresses(session, channel, {link.chat_conversation or "" for link in links.values()})
    found: list[tuple[int, str, int]] = []
    for message in _messages(session, [number for number, conversation in fresh if conversation in own or conversation in links]):
        link = links.get(message.conversation_id)
        if message.conversation_id in own:
            found.append((message.id, own[message.conversation_id], lane_of(message)))
        elif link is not None and link.chat_conversation in linked and message.author != "linda" and _after(message, link):
            found.append((message.id, linked[link.chat_conversation], lane_of(message)))
    return found


def _after(message: MessageRow, link: ChannelLinkRow) -> bool:
    return link.linked_at is not None and message.said_at > link.linked_at  # at that very instant both sides were told


def _addresses(session: Session, channel: str, conversations: Collection[str]) -> dict[str, str]:
    if not conversations:
        return {}
    mine = (ConversationRow.id.in_(conversations), ConversationRow.channel == channel, ConversationRow.channel_address.is_not(None))
    rows = session.execute(select(ConversationRow.id, ConversationRow.channel_address).where(*mine))
    return {conversation: str(address) for conversation, address in rows}


def _links(session: Session, pages: Collection[str]) -> list[ChannelLinkRow]:
    if not pages:
        return []
    mine = (ChannelLinkRow.web_conversation.in_(pages), ChannelLinkRow.state == "linked")
    return list(session.scalars(select(ChannelLinkRow).where(*mine)))


def _messages(session: Session, ids: Collection[int]) -> list[MessageRow]:
    return list(session.scalars(select(MessageRow).where(MessageRow.id.in_(ids)).order_by(MessageRow.id))) if ids else []
