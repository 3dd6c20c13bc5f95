"""One topic per ticket in a staff group: card, news and residents' answers become rows here; the outgoing scheduler sends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.channels.telegram_cards import card, topic_name
from bot.channels.telegram_groups import topic_address
from bot.channels.telegram_intake import CHANNEL
from bot.channels.telegram_news import news
from bot.channels.telegram_office import Office, StaffGroup
from bot.conversations import NewConversation, open_conversation
from config.words import Words
from storage.database import Database
from storage.models import (
    ChannelChatRow,
    ConversationRow,
    DeliveryRow,
    InboxRow,
    MessageRow,
    StaffTopicRow,
    TicketEventRow,
    TicketRow,
)
from tickets.ticket import OPEN_STATES

PASSED = "staff"  # channel of the marks that a resident's words were looked at for a group, each once
NEWEST = timedelta(days=7)  # a group that is new gets no topics for older tickets
MOST = 20
OVER = ("closed", "rejected", "withdrawn", "merged")
LONGEST_PAUSE_S = 300


@dataclass(frozen=True)
class TopicJob:
    """What the messenger has to be asked for: make | close | reopen."""

    topic: int
    what: str
    group: str
    thread: int
    name: str = ""


def say_in_topic(session: Session, topic: StaffTopicRow, text: str, now: datetime, buttons: Sequence[tuple[str, str]] = ()) -> None:
    """A message into the topic; `buttons` are (title, token)."""
    choices = [{"title": title, "choice": token} for title, token in buttons]
    body = {"kind": "notice", "text": text, "choices": choices, "citations": []}
    session.add(MessageRow(conversation_id=topic.conversation_id, author="notice", body=body, said_at=now))


def find_topic(session: Session, group: str, thread: int) -> StaffTopicRow | None:
    """The topic of this number, held until the transaction ends."""
    query = select(StaffTopicRow).where(StaffTopicRow.group_address == group, StaffTopicRow.thread == thread)
    return session.scalar(query.with_for_update())


def tell_news(  # noqa: PLR0913 - what was said in the topic itself is not repeated
    session: Session, topic: StaffTopicRow, office: Office, group: StaffGroup, now: datetime, *, own_seq: int | None = None
) -> None:
    """Say what the ticket's history has and the topic has not (but `own_seq`, which was written there), and note whether the topic has
    to be closed or opened again."""
    row = session.get_one(TicketRow, topic.ticket_id)
    fresh = session.scalars(
        select(TicketEventRow).where(TicketEventRow.ticket_id == row.id, TicketEventRow.seq > topic.shown_seq).order_by(TicketEventRow.seq)
    ).all()
    if not fresh:
        return
    seen = session.scalar(select(TicketRow.id).where(TicketRow.id == row.id, office.tickets(group))) is not None
    untold = [event for event in fresh if event.seq != own_seq]
    text = news(session, row, untold, group) if seen else Words()("tg_staff_gone")
    if text:
        say_in_topic(session, topic, text, now)
    topic.shown_seq = fresh[-1].seq
    replies = [event.at for event in fresh if event.event == "replied"]
    topic.replied_at = topic.replied_at or (replies[0] if replies else None)
    if topic.state == "open" and (row.state in OVER or not seen):
        topic.state, topic.next_at = "closing", now
    elif topic.state in ("closing", "closed") and row.state in OPEN_STATES and seen:
        topic.state, topic.next_at = ("reopening" if topic.state == "closed" else "open"), now


class TopicDesk:
    """Keeps the topics of all staff groups as the tickets are; one process at a time (the caller holds the lease)."""

    def __init__(self, database: Database, office: Office) -> None:
        self._database, self._office = database, office

    def look(self, now: datetime) -> None:
        """One round: new tickets, news, residents' answers, topics that are gone."""
        for group in self._office.groups:
            for ticket_id in self._without_topic(group, now):
                with self._database.write() as session:
                    self._begin(session, group, ticket_id, now)
            self._tell(group, now)
            self._pass_on(group, now)
            self._begin_again(group, now)

    def _without_topic(self, group: StaffGroup, now: datetime) -> list[int]:
        has = exists().where(StaffTopicRow.ticket_id == TicketRow.id, StaffTopicRow.group_address == group.address)
        wanted = (TicketRow.state.in_(OPEN_STATES), TicketRow.opened_at >= now - NEWEST, self._office.tickets(group), ~has)
        with self._database.read() as session:
            return list(session.scalars(select(TicketRow.id).where(*wanted).order_by(TicketRow.id).limit(MOST)))

    def _begin(self, session: Session, group: StaffGroup, ticket_id: int, now: datetime) -> None:
        """A topic is wanted: its rows and its card; it tells nothing that happened before."""
        row = session.get_one(TicketRow, ticket_id)
        conversation, _ = open_conversation(session, NewConversation(CHANNEL, region=row.region), now)
        last = session.scalar(select(func.max(TicketEventRow.seq)).where(TicketEventRow.ticket_id == row.id)) or 0
        replied = select(func.min(TicketEventRow.at)).where(TicketEventRow.ticket_id == row.id, TicketEventRow.event == "replied")
        topic = StaffTopicRow(
            group_address=group.address, ticket_id=row.id, conversation_id=conversation.id, shown_seq=last,
            replied_at=session.scalar(replied), state="wanted", tries=0, next_at=now, made_at=now,
        )  # fmt: skip
        session.add(topic)
        session.flush()
        text, buttons = card(session, topic, row, self._office, now)
        say_in_topic(session, topic, text, now, buttons)

    def _tell(self, group: StaffGroup, now: datetime) -> None:
        untold = exists().where(TicketEventRow.ticket_id == StaffTopicRow.ticket_id, TicketEventRow.seq > StaffTopicRow.shown_seq)
        with self._database.read() as session:
            found = session.scalars(select(StaffTopicRow.id).where(StaffTopicRow.group_address == group.address, untold).limit(MOST)).all()
        for topic_id in found:
            with self._database.write() as session:
                tell_news(session, session.get_one(StaffTopicRow, topic_id, with_for_update=True), self._office, group, now)

    def _pass_on(self, group: StaffGroup, now: datetime) -> None:
        """What residents said to an operator comes into the topic of the ticket he wrote about last."""
        mark = (DeliveryRow.channel == PASSED, DeliveryRow.address == group.address)
        passed = exists().where(DeliveryRow.message_id == MessageRow.id, *mark)
        decided = exists().where(InboxRow.id == MessageRow.turn_id, InboxRow.state != "pending")
        query = (
            select(MessageRow.id)
            .join(TicketRow, TicketRow.conversation_id == MessageRow.conversation_id)
            .join(StaffTopicRow, StaffTopicRow.ticket_id == TicketRow.id)
            .where(StaffTopicRow.group_address == group.address, StaffTopicRow.state.in_(("wanted", "open", "closing", "reopening")))
            .where(MessageRow.author == "resident", MessageRow.said_at >= StaffTopicRow.replied_at, ~passed)
            .where(or_(MessageRow.turn_id.is_(None), decided))
            .distinct()
            .order_by(MessageRow.id)
            .limit(MOST)
        )
        with self._database.read() as session:
            found = session.scalars(query).all()
        for message_id in found:
            with self._database.write() as session:
                self._pass_one(session, group, message_id, now)

    def _pass_one(self, session: Session, group: StaffGroup, message_id: int, now: datetime) -> None:
        message = session.get(MessageRow, message_id)
        if message is None:
            return
        done = {"channel": PASSED, "address": group.address, "lane": 0, "state": "sent", "next_at": now, "made_at": now}
        session.add(DeliveryRow(message_id=message_id, attempts=0, repeats=0, parts_done=0, **done))
        turn = session.get(InboxRow, message.turn_id) if message.turn_id else None
        if turn is None or (turn.result or {}).get("outcome") != "handed_off":
            return
        spoke = (
            select(StaffTopicRow, TicketRow)
            .join(TicketRow, TicketRow.id == StaffTopicRow.ticket_id)
            .join(TicketEventRow, TicketEventRow.ticket_id == TicketRow.id)
            .where(StaffTopicRow.group_address == group.address, TicketRow.conversation_id == message.conversation_id)
            .where(TicketEventRow.event == "replied", TicketEventRow.at <= message.said_at)
            .order_by(TicketEventRow.at.desc(), TicketEventRow.id.desc())
            .limit(1)
        )
        found = session.execute(spoke).first()
        if found is None:
            return
        topic, row = found
        text = self._office.heard(session, group, row, message)
        say_in_topic(session, topic, text or Words()("tg_staff_hidden"), now)

    def _begin_again(self, group: StaffGroup, now: datetime) -> None:
        """A topic somebody deleted, or a group that threw the bot out and took it back: what could not be said is said in a new one."""
        gone = exists().where(
            ChannelChatRow.channel == CHANNEL,
            ChannelChatRow.blocked_at.is_not(None),
            ChannelChatRow.address == ConversationRow.channel_address,
        )
        query = (
            select(StaffTopicRow.id)
            .join(ConversationRow, ConversationRow.id == StaffTopicRow.conversation_id)
            .join(TicketRow, TicketRow.id == StaffTopicRow.ticket_id)
            .where(StaffTopicRow.group_address == group.address, TicketRow.state.in_((*OPEN_STATES, "resolved")), gone)
        )
        with self._database.read() as session:
            found = session.scalars(query.limit(MOST)).all()
        for topic_id in found:
            with self._database.write() as session:
                self._again(session, session.get_one(StaffTopicRow, topic_id, with_for_update=True), now)

    def _again(self, session: Session, topic: StaffTopicRow, now: datetime) -> None:
        talk = session.get_one(ConversationRow, topic.conversation_id)
        address = talk.channel_address or ""
        session.execute(delete(ChannelChatRow).where(ChannelChatRow.channel == CHANNEL, ChannelChatRow.address == address))
        unsaid = (DeliveryRow.channel == CHANNEL, DeliveryRow.address == address, DeliveryRow.state == "blocked")
        session.execute(delete(DeliveryRow).where(*unsaid))
        talk.channel_address = None
        topic.thread, topic.state, topic.next_at = None, "wanted", now
        text, buttons = card(session, topic, session.get_one(TicketRow, topic.ticket_id), self._office, now)
        say_in_topic(session, topic, text, now, buttons)

    def jobs(self, now: datetime) -> list[TopicJob]:
        """What the messenger has to be asked for now; a topic is closed only when all was said in it."""
        groups = [group.address for group in self._office.groups]
        with self._database.read() as session:
            found = session.execute(
                select(StaffTopicRow, TicketRow)
                .join(TicketRow, TicketRow.id == StaffTopicRow.ticket_id)
                .where(StaffTopicRow.state.in_(("wanted", "closing", "reopening")), StaffTopicRow.next_at <= now)
                .where(StaffTopicRow.group_address.in_(groups))
                .order_by(StaffTopicRow.id)
                .limit(MOST)
            ).all()
            what = {"wanted": "make", "closing": "close", "reopening": "reopen"}
            return [
                TopicJob(topic.id, what[topic.state], topic.group_address, topic.thread or 0, topic_name(row))
                for topic, row in found
                if topic.state != "closing" or self._all_said(session, topic)
            ]

    def _all_said(self, session: Session, topic: StaffTopicRow) -> bool:
        settled = exists().where(DeliveryRow.message_id == MessageRow.id, DeliveryRow.state.not_in(("waiting", "sending")))
        unsaid = select(MessageRow.id).where(MessageRow.conversation_id == topic.conversation_id, ~settled)
        return session.scalar(unsaid.limit(1)) is None

    def made(self, job: TopicJob, thread: int, now: datetime) -> None:
        """The topic exists: what waits for it can be sent."""
        with self._database.write() as session:
            topic = session.get_one(StaffTopicRow, job.topic, with_for_update=True)
            topic.thread, topic.state, topic.tries = thread, "open", 0
            talk = session.get_one(ConversationRow, topic.conversation_id)
            talk.channel_address = topic_address(topic.group_address, thread)
            row = session.get_one(TicketRow, topic.ticket_id)
            if row.state in OVER:
                topic.state, topic.next_at = "closing", now

    def settled(self, job: TopicJob) -> None:
        """The topic was closed or opened again, unless the ticket turned meanwhile."""
        states = {"close": ("closing", "closed"), "reopen": ("reopening", "open")}
        before, after = states[job.what]
        with self._database.write() as session:
            topic = session.get_one(StaffTopicRow, job.topic, with_for_update=True)
            topic.tries = 0
            over = session.get_one(TicketRow, topic.ticket_id).state in OVER
            if topic.state == before:
                topic.state = "closing" if over and after == "open" else after
            elif job.what == "close" and topic.state == "open":
                topic.state = "reopening"

    def failed(self, job: TopicJob, wait_s: float, now: datetime) -> None:
        """The messenger refused or is away: later again, ever less often."""
        with self._database.write() as session:
            topic = session.get_one(StaffTopicRow, job.topic, with_for_update=True)
            topic.tries += 1
            pause = max(wait_s, float(min(LONGEST_PAUSE_S, 2 ** min(topic.tries, 9))))
            topic.next_at = now + timedelta(seconds=pause)
