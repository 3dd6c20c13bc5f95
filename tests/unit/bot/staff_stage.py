"""A street's and a company's staff group, their operators, tickets of residents, and topics made without a server."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_intake import IntakeRule, store_updates
from bot.channels.telegram_office import StaffGroup
from bot.channels.telegram_staff import StaffTalk
from bot.channels.telegram_topics import TopicDesk
from bot.channels.telegram_turns import TelegramRule
from bot.channels.telegram_worker import Worker
from bot.conversations import NewConversation, open_conversation
from bot.message import Incoming
from bot.operator_linking import offer_operator_code
from processes.telegram_staff import ConsoleOffice
from storage.database import Database
from storage.models import Base, ChannelUpdateRow, ConversationRow, MessageRow, OperatorRow, StaffTopicRow, TicketRow
from tests.conftest import POSTGRES, POSTGRES_ANSWERS
from tests.faults.fake_bot_api import in_topic, private, tap_in_topic
from tests.faults.telegram_stage import plain_turns
from tests.unit.bot.telegram_line import Line
from tickets.open_ticket import NewTicket, Place, open_ticket

STREET, COMPANY = -1001, -1002
GROUPS = (StaffGroup(str(STREET), "street", ("donghe",)), StaffGroup(str(COMPANY), "company", ("donghe",), ("和平小区",)))
LI, WANG, ZHAO = 501, 502, 503  # 李 and 王 of the street, 赵 of the company


@contextmanager
def long_database(dialect: str, folder: Path) -> Iterator[Database]:
    """A database with all tables for a whole module: making them anew for each test would take longer than the tests."""
    if dialect == "sqlite":
        url = f"sqlite:///{folder / 'linda.db'}"
    else:
        if not POSTGRES_ANSWERS:
            pytest.skip("no PostgreSQL answers")
        schema, plain = f"t_{uuid.uuid4().hex[:12]}", make_url(POSTGRES).set(drivername="postgresql+psycopg")
        admin = create_engine(plain, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        url = plain.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    database = Database(url, pool_size=5)
    Base.metadata.create_all(database.engine)
    yield database
    database.close()
    if dialect == "postgresql":
        with admin.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()


class Staff:
    """The office's day. Time is the wall's; nothing waits."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.turns, self.line = database, plain_turns(database, folder), Line()
        self.office = ConsoleOffice(GROUPS)
        talk = StaffTalk(self.turns, self.office)
        self.rule = IntakeRule(staff=talk.addresses)
        self.channel = TelegramChannel(self.turns, folder / "attachments", self.line, TelegramRule(), talk)
        self.worker, self.topics = Worker(self.channel, self.turns), TopicDesk(database, self.office)
        self.number = 900_000_000
        self.threads = 40
        for login, name, side in (("li", "李娜", "street"), ("wang", "王强", "street"), ("zhao", "赵工", "company")):
            self.hire(login, name, side)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def hire(self, login: str, name: str, side: str = "street", chat: int = 0) -> None:
        """A new operator, whose chat is linked when there is one."""
        rest: dict[str, Any] = {
            "password_hash": "x",
            "role": "operator",
            "regions": ["donghe"],
            "communities": [],
            "created_at": self.now(),
        }
        with self.database.write() as session:
            session.add(OperatorRow(login=login, name=name, side=side, **rest))
        if chat:
            self.link(login, chat)

    def say(self, *bodies: dict[str, Any]) -> None:
        """Updates arrive and are worked off."""
        with self.database.write() as session:
            for body in bodies:
                self.number += 1
                store_updates(session, [{"update_id": self.number, **body}], self.rule, self.now())
        self.work()

    def work(self) -> None:
        for _ in range(40):
            with self.database.read() as session:
                addresses = set(session.scalars(select(ChannelUpdateRow.address).where(ChannelUpdateRow.state == "pending")))
            if not any([self.worker._one(address) for address in sorted(addresses)]):
                return

    def link(self, login: str, chat: int) -> None:
        with self.database.write() as session:
            code = offer_operator_code(session, "telegram", login, "test", self.now())
        self.say(private(chat, code.lower()))

    def report(self, kind: str = "repair", category: str = "lighting", words: str = "楼道灯不亮", **more: Any) -> str:
        """A resident's ticket from the page; its number."""
        with self.database.write() as session:
            conversation, _ = open_conversation(session, NewConversation("web", region="donghe"), self.now())
            place = Place(community=more.pop("community", "和平小区"), building="3", unit="2", room="502", spot=None)
            fixed = dict.fromkeys(("property_form", "occurred", "person_id", "turn_id"))
            told: dict[str, Any] = {"kind": kind, "category": category, "description": words, "place": place}
            new = NewTicket(region="donghe", urgent=False, anonymous=False, conversation_id=conversation.id, **told, **fixed)  # type: ignore[arg-type]
            return open_ticket(session, new, self.now()).number

    def resident_says(self, number: str, text: str) -> dict[str, Any]:
        return self.turns.take(self.ticket(number).conversation_id or "", Incoming(f"m-{text}", text))

    def round(self) -> None:
        """One round of the topics, with a messenger that does all it is asked."""
        self.topics.look(self.now())
        for job in self.topics.jobs(self.now()):
            if job.what == "make":
                self.threads += 1
                self.topics.made(job, self.threads, self.now())
            else:
                self.topics.settled(job)

    def ticket(self, number: str) -> TicketRow:
        with self.database.read() as session:
            return session.scalars(select(TicketRow).where(TicketRow.number == number)).one()

    def topic(self, number: str, group: int = STREET) -> StaffTopicRow | None:
        query = select(StaffTopicRow).join(TicketRow, TicketRow.id == StaffTopicRow.ticket_id)
        with self.database.read() as session:
            return session.scalar(query.where(TicketRow.number == number, StaffTopicRow.group_address == str(group)))

    def told(self, number: str, group: int = STREET) -> list[str]:
        """What was said in the ticket's topic."""
        topic = self.topic(number, group)
        assert topic is not None
        return self._texts(topic.conversation_id, "notice")

    def heard(self, number: str) -> list[str]:
        """What the resident heard from operators."""
        return self._texts(self.ticket(number).conversation_id or "", "operator")

    def _texts(self, conversation: str, author: str) -> list[str]:
        query = select(MessageRow).where(MessageRow.conversation_id == conversation, MessageRow.author == author)
        with self.database.read() as session:
            return [str(row.body["text"]) for row in session.scalars(query.order_by(MessageRow.id))]

    def button(self, number: str, group: int = STREET) -> str:
        topic = self.topic(number, group)
        assert topic is not None
        with self.database.read() as session:
            rows = session.scalars(select(MessageRow).where(MessageRow.conversation_id == topic.conversation_id)).all()
        return str(next(row.body["choices"][0]["choice"] for row in rows if row.body["choices"]))

    def write(self, number: str, who: int, text: str | None, group: int = STREET, **more: Any) -> None:
        """Somebody writes in the ticket's topic."""
        topic = self.topic(number, group)
        assert topic is not None and topic.thread is not None
        self.say(in_topic(group, topic.thread, who, text, number=self.number, **more))
        self.round()

    def tap(self, number: str, who: int, group: int = STREET, token: str = "") -> str:
        """Somebody taps the card's button; what he is shown."""
        topic = self.topic(number, group)
        assert topic is not None and topic.thread is not None
        self.say(tap_in_topic(group, topic.thread, who, token or self.button(number, group)))
        return self.line.shown[-1]

    def chat(self, address: int) -> list[str]:
        """What a private chat was told."""
        with self.database.read() as session:
            row = session.scalars(select(ConversationRow).where(ConversationRow.channel_address == str(address))).one()
        return self._texts(row.id, "linda")
