"""The Telegram channel as the contract test sees a channel: said over the Bot API, heard over the Bot API."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.deliveries import unsettled
from bot.turn import TurnDesk
from config.settings import Settings
from processes.assemble import assemble
from storage.database import Database
from storage.migrate import migrate
from storage.models import Base, ChannelUpdateRow, ConversationRow, InboxRow
from tests.faults.fake_bot_api import FakeBotApi, private, tap
from tests.faults.telegram_stage import service, unlimited, until

CHAT = 77


class TelegramLine:
    """One resident's private chat with the bot."""

    def __init__(self, api: FakeBotApi, database: Database) -> None:
        self._api, self._database = api, database
        self._seen = self._number = 0
        self.say("/start")
        with database.read() as session:
            self.conversation_id: str = session.scalars(select(ConversationRow.id)).one()

    def say(self, text: str | None, choice: str | None = None) -> dict[str, Any]:
        """One message or tap, and its Turn as the inbox keeps it. Telegram cannot send an empty text: a sticker stands for it."""
        self._number += 1
        if choice is not None:
            self._api.push(tap(CHAT, choice))
        elif text:
            self._api.push(private(CHAT, text, number=self._number))
        else:
            self._api.push(private(CHAT, " ", number=self._number))
        until(self._quiet, 60)
        self._seen = len(self._api.texts(CHAT))
        with self._database.read() as session:
            row = session.scalars(select(InboxRow).order_by(InboxRow.received_at.desc()).limit(1)).one()
        assert row.result is not None
        for reply in row.result["replies"]:
            assert any(reply["text"].split("\n")[0] in sent for sent in self._api.texts(CHAT))
        return dict(row.result)

    def news(self) -> list[dict[str, Any]]:
        """What came unasked since the last call."""
        until(self._quiet, 60)
        texts = self._api.texts(CHAT)
        fresh, self._seen = texts[self._seen :], len(texts)
        return [{"body": {"text": text.removeprefix("小李（值班人员）：")}} for text in fresh]

    def _quiet(self) -> bool:
        with self._database.read() as session:
            done = session.scalar(select(func.count()).select_from(ChannelUpdateRow).where(ChannelUpdateRow.state == "done"))
            spoken = session.scalar(select(func.count()).select_from(ChannelUpdateRow))
            if not done == spoken == self._number:
                return False
        # The order matters: a message becomes a delivery between two looks, so what has no delivery is looked for first.
        return not self._undelivered() and not self._unsettled()

    def _unsettled(self) -> bool:
        with self._database.read() as session:
            return bool(unsettled(session, "telegram"))

    def _undelivered(self) -> bool:
        from bot.undelivered import Stretch, undelivered

        with self._database.read() as session:
            return bool(undelivered(session, "telegram", Stretch(0, 2**62)))


@contextmanager
def telegram_line(folder: Path) -> Iterator[tuple[TelegramLine, Database]]:
    """The whole channel against the strict fake server, with real turns."""
    migrate(f"sqlite:///{folder / 'parts.db'}")
    parts = assemble(Settings(rasa="off", database_url=f"sqlite:///{folder / 'parts.db'}"))
    database = Database(f"sqlite:///{folder / 'linda.db'}")
    Base.metadata.create_all(database.engine)
    api = unlimited()
    channel = service(TurnDesk(dataclasses.replace(parts.turns.desk, database=database)), api.base, folder)
    channel.start()
    try:
        line = TelegramLine(api, database)
        with database.write() as session:
            session.get_one(ConversationRow, line.conversation_id).region = "donghe"
        yield line, database
    finally:
        channel.stop()
        api.close()
        database.close()
        parts.database.close()
