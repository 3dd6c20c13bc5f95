"""A stage for the Telegram channel: turns without models (a greeting for every message), a service on the fake server, and waiting."""

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from actions.turn import Parts
from bot.channels.telegram_service import TelegramService, TelegramSettings
from bot.deliveries import unsettled
from bot.outgoing import Times
from bot.pace import Limits
from bot.rasa_client import RasaClient
from bot.turn import Desk, TurnDesk
from bot.undelivered import Stretch, undelivered
from committee.procedures import Procedures
from config.categories import categories
from config.regions import regions
from config.settings import PROJECT
from knowledge.finding import Finding, NotCovered, Question
from storage.database import Database
from storage.models import ChannelUpdateRow
from storage.personal_data import PersonalData
from tests.faults.fake_bot_api import TOKEN, FakeBotApi
from understanding.reading import Reading


class PlainReader:
    """Reads nothing but the text: what is measured here is the way of a message, not its understanding."""

    def read(self, text: str, _region: str | None = None) -> Reading:
        return Reading(text=text, raw=text)

    def intents_of(self, _reading: Reading) -> dict[str, float]:
        return {}

    def meaning_as_written(self, _reading: Reading) -> None:
        return None


class NoAnswers:
    def answer(self, _question: Question) -> Finding:
        return NotCovered("nothing", 1.0)


def plain_turns(database: Database, folder: Path) -> TurnDesk:
    """Real turns and rows, with a reader that understands every message as a greeting."""
    known: dict[str, Any] = {
        "knowledge": NoAnswers(), "regions": regions(), "categories": categories(), "people": PersonalData(folder / "person.key"),
        "procedures": Procedures.load(PROJECT / "knowledge" / "procedures"), "default_region": "donghe",
        "plan_numbers": {}, "plan_regions": {},
    }  # fmt: skip
    parts = Parts(**{one.name: known.get(one.name) for one in dataclasses.fields(Parts)})
    rasa = RasaClient("http://127.0.0.1:1", "", 1.0, on=False)
    reader: Any = PlainReader()
    return TurnDesk(Desk(database, reader, rasa, parts, lambda: datetime.now(UTC), lambda _reading, _rasa: ("thank", 1.0)))


EVERYTHING = Stretch(0, 2**62)
QUICK = Limits(overall=400, chat_gap_s=0.0, group_a_minute=10_000)


def service(turns: TurnDesk, api_base: str, folder: Path, times: Times | None = None, **changes: Any) -> TelegramService:
    """The channel against the fake server, with fast limits unless others are given."""
    settings = TelegramSettings(
        token=TOKEN, base_url=api_base, public_url="https://linda.test", photos=folder / "attachments", limits=QUICK, poll_s=5
    )
    return TelegramService(turns, dataclasses.replace(settings, **changes), times)


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until it is true; an AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.02)


def unlimited() -> FakeBotApi:
    """A server without limits."""
    api = FakeBotApi()
    api.rules.overall = api.rules.chat_gap = api.rules.group = None
    return api


def still_open(database: Database) -> int:
    """How much waits to be worked off or sent.

    The order matters: an update becomes a message and a message a delivery between two looks, so each is looked for before what it
    becomes, and every look sees the rows as they are then.
    """
    with database.read() as session:
        found = session.scalar(select(func.count()).select_from(ChannelUpdateRow).where(ChannelUpdateRow.state == "pending")) or 0
    with database.read() as session:
        found += len(undelivered(session, "telegram", EVERYTHING))
    with database.read() as session:
        return found + unsettled(session, "telegram")
