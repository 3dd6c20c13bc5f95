"""A bot whose calls are plain Python, and a chat that works off what it says at once, with real turns behind."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_intake import IntakeRule, store_updates
from bot.channels.telegram_turns import TelegramRule
from bot.channels.telegram_update import Me
from bot.channels.telegram_worker import Worker
from bot.turn import TurnDesk
from storage.database import Database
from storage.models import ChannelUpdateRow, ConversationRow, InboxRow, MessageRow, TicketRow
from tests.faults.fake_bot_api import private


class Line:
    """The bot's calls; `files` missing: the fetch fails."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.tapped: list[str] = []
        self.shown: list[str] = []
        self.fetched: list[str] = []

    def me(self) -> Me | None:
        return Me(110201543, "linda_test_bot")

    def fetch(self, file_ref: str, seconds: float) -> bytes:
        self.fetched.append(file_ref)
        if file_ref not in self.files:
            raise TimeoutError(f"{file_ref} within {seconds}")
        return self.files[file_ref]

    def tap(self, callback: str, words: str = "") -> None:
        self.tapped.append(callback)
        self.shown.append(words)


class Stage:
    """Updates go in by `say`; what stands in the rows comes out. Time goes by when told to."""

    def __init__(self, turns: TurnDesk, database: Database, folder: Path, *, personal: bool = True) -> None:
        self.ahead = timedelta()
        desk = dataclasses.replace(turns.desk, database=database, clock=lambda: datetime.now(UTC) + self.ahead)
        self.turns, self.database, self.line, self.personal = TurnDesk(desk), database, Line(), personal
        rule = TelegramRule(personal=personal, details=lambda _conversation: "https://linda.test/t/x")
        self.channel = TelegramChannel(self.turns, folder / "attachments", self.line, rule)
        self.worker = Worker(self.channel, self.turns)
        self.number = 800_000_000
        self.message_number = 0

    def say(self, *bodies: dict[str, Any], work: bool = True) -> list[str]:
        """Updates arrive and are worked off; gives what was said since, in all chats."""
        before = self.last_message()
        self.store(*bodies)
        if work:
            self.work(*bodies)
        return self.said_after(before)

    def text(self, chat: int, text: str, **more: Any) -> list[str]:
        """One private text message."""
        self.message_number += 1
        return self.say(private(chat, text, number=self.message_number, **more))

    def store(self, *bodies: dict[str, Any]) -> None:
        with self.database.write() as session:
            numbered = []
            for body in bodies:
                self.number += 1
                numbered.append({"update_id": self.number, **body})
            store_updates(session, numbered, IntakeRule(personal=self.personal), self.turns.desk.clock())

    def work(self, *_bodies: Any) -> None:
        """Work off everything that is ready."""
        for _ in range(60):
            with self.database.read() as session:
                addresses = set(session.scalars(select(ChannelUpdateRow.address).where(ChannelUpdateRow.state == "pending")))
            if not any([self.worker._one(address) for address in sorted(addresses)]):
                return

    def last_message(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(MessageRow.id).order_by(MessageRow.id.desc()).limit(1)) or 0

    def said_after(self, number: int) -> list[str]:
        with self.database.read() as session:
            rows = session.scalars(
                select(MessageRow).where(MessageRow.id > number, MessageRow.author != "resident").order_by(MessageRow.id)
            )
            return [str(row.body["text"]) for row in rows]

    def buttons(self) -> dict[str, str]:
        """Title → token of the last message with buttons."""
        with self.database.read() as session:
            for row in session.scalars(select(MessageRow).order_by(MessageRow.id.desc())):
                if row.body.get("choices"):
                    return {c["title"]: c["choice"] for c in row.body["choices"]}
        return {}

    def conversation(self, chat: int) -> ConversationRow:
        with self.database.read() as session:
            return session.scalars(select(ConversationRow).where(ConversationRow.channel_address == str(chat))).one()

    def tickets(self) -> list[TicketRow]:
        with self.database.read() as session:
            return list(session.scalars(select(TicketRow).order_by(TicketRow.id)))

    def turns_taken(self) -> int:
        with self.database.read() as session:
            return len(session.scalars(select(InboxRow.id)).all())

    def updates(self) -> list[ChannelUpdateRow]:
        with self.database.read() as session:
            return list(session.scalars(select(ChannelUpdateRow).order_by(ChannelUpdateRow.id)))
