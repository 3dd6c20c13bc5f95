"""Replays every dialogue under tests/conversations from channel to reply, ticket and outbox; the intents are the file's."""

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.terminal import TerminalChannel
from bot.conversations import NewConversation, open_conversation
from bot.turn import TurnDesk
from committee.ledger import LedgerDesk
from committee.ledger_sheet import read_ledger
from committee.members import Invitation, invite, join, local_day
from config.settings import Settings
from processes.assemble import Assembly, assemble
from storage.database import Database
from storage.models import Base, ConversationRow, OutboxRow
from understanding.reading import Reading

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*/*.yml"))


class Understood:
    """Stands in for the intent model: says what the file says was understood."""

    def __init__(self) -> None:
        self.intent: str | None = None

    def __call__(self, _reading: Reading, _rasa: dict[str, float]) -> tuple[str | None, float]:
        return self.intent, (1.0 if self.intent else 0.0)


class Moment:
    """The clock of a dialogue: the wall clock, or the instant the file gives, some days later where a turn says so."""

    def __init__(self, start: str | None) -> None:
        self._start = datetime.fromisoformat(start) if start else None
        self._later = timedelta()

    def __call__(self) -> datetime:
        return (self._start or datetime.now(UTC)) + self._later

    def pass_days(self, days: int) -> None:
        """Let days go by."""
        self._later += timedelta(days=days)


class Speakers:
    """The conversations of a dialogue by the name of who speaks; those of `given.members` have joined the estate's committee,
    those of `given.strangers` have not told where they live."""

    def __init__(self, turns: TurnDesk, built: Assembly, given: dict[str, Any]) -> None:
        self._turns, self._built, self._given = turns, built, given
        self._channels: dict[str, TerminalChannel] = {}

    def channel(self, name: str, now: datetime) -> TerminalChannel:
        """The conversation of this speaker, opened when first needed."""
        given = self._given
        if name not in self._channels:
            made = TerminalChannel(self._turns, given.get("region"), self._built.people, property_form=given.get("property_form"))
            with self._turns.desk.database.write() as session:
                if given.get("place") and name not in given.get("strangers", []):
                    session.get_one(ConversationRow, made.conversation_id).place = given["place"]
                if name in given.get("members", []):
                    join(session, made.conversation_id, _invited(session, given, name, now), now)
            self._channels[name] = made
        return self._channels[name]


def _invited(session: Session, given: dict[str, Any], name: str, now: datetime) -> str:
    today = local_day(now)
    invitation = Invitation(given["region"], given["place"]["community"], name, "委员", today, today + timedelta(days=700))
    return invite(session, invitation, "test", now)[1]


def publish_ledger(database: Database, given: dict[str, Any], now: datetime) -> None:
    """The ledger of the file, approved by two members of the estate."""
    book = given["ledger"]
    with database.write() as session:
        draft = read_ledger(book["csv"].encode(), "book.csv", book["start"], book["end"])
        for number, name in enumerate(("甲", "乙")):
            conversation, _ = open_conversation(session, NewConversation("terminal", given["region"], None), now)
            member = join(session, conversation.id, _invited(session, given, name, now), now)
            desk = LedgerDesk(session, member, now)
            if number == 0:
                period = desk.save(draft)
            desk.approve(period.id, period.digest)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    """Models, plans and regions once; each dialogue gets its own database."""
    settings = Settings(rasa="off", database_url=f"sqlite:///{tmp_path_factory.mktemp('parts') / 'linda.db'}")
    empty = Database(settings.database_url)
    Base.metadata.create_all(empty.engine)
    empty.close()
    parts = assemble(settings)
    yield parts
    parts.database.close()


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(FOLDER).with_suffix("")) for f in FILES])
def test_conversation(path: Path, built: Assembly, tmp_path: Path) -> None:
    """Each turn's ending, question, words, ticket and events are those of the file."""
    story = yaml.safe_load(path.read_text(encoding="utf-8"))
    understood = Understood()
    database = Database(f"sqlite:///{tmp_path / 'linda.db'}")
    Base.metadata.create_all(database.engine)
    given = story["given"]
    moment = Moment(given.get("now"))
    turns = TurnDesk(dataclasses.replace(built.turns.desk, database=database, judge_intent=understood, clock=moment))
    speakers = Speakers(turns, built, given)
    if given.get("ledger"):
        publish_ledger(database, given, moment())
    buttons: dict[str, str] = {}
    events = 0
    for number, step in enumerate(story["turns"], 1):
        understood.intent = step.get("understood")
        moment.pass_days(step.get("days_later", 0))
        channel = speakers.channel(step.get("by", "resident"), moment())
        turn = channel.say(None, buttons[step["tap"]]) if "tap" in step else channel.say(step["resident"])
        buttons = {c["title"]: c["choice"] for reply in turn["replies"] for c in reply["choices"]}
        _check(step["expect"], turn, f"{path.stem} turn {number}: {turn}")
        with database.read() as session:
            types = list(session.scalars(select(OutboxRow.type).order_by(OutboxRow.id)))
        if "outbox" in step["expect"]:
            assert types[events:] == step["expect"]["outbox"], f"turn {number}: outbox {types[events:]}"
        events = len(types)
    database.close()


def _check(expect: dict[str, Any], turn: dict[str, Any], where: str) -> None:
    assert turn["replies"], where
    assert turn["outcome"] == expect["outcome"], where
    if "asks_for" in expect:
        assert turn["asks_for"] == expect["asks_for"], where
    said = "\n".join(reply["text"] for reply in turn["replies"])
    for words in expect.get("says", []):
        assert str(words) in said, f"{words!r} not said; {where}"
    for words in expect.get("never_says", []):
        assert str(words) not in said, f"{words!r} said; {where}"
    links = [reply["document"]["url"] for reply in turn["replies"] if reply.get("document")]
    for pattern in expect.get("links", []):
        assert any(re.search(pattern, link) for link in links), f"no link {pattern!r} in {links}; {where}"
    titles = {c["title"] for reply in turn["replies"] for c in reply["choices"]}
    assert set(expect.get("choices", [])) <= titles, where
    for words in expect.get("never_choices", []):
        assert not any(words in title for title in titles), where
    if isinstance(expect.get("tickets"), int):
        assert len(turn["tickets"]) == expect["tickets"], where
    if "ticket" in expect:
        assert len(turn["tickets"]) == 1, where
        _contains(turn["tickets"][0], expect["ticket"], where)
    if "draft" in expect:
        assert turn["draft"] is not None, where
        _contains(turn["draft"], expect["draft"], where)
    if "cites" in expect:
        citations = [c for reply in turn["replies"] for c in reply["citations"]]
        assert any(all(c[k] == v for k, v in expect["cites"].items()) for c in citations), where


def _contains(record: dict[str, Any], wanted: dict[str, Any], where: str) -> None:
    for key, value in wanted.items():
        if isinstance(value, dict):
            _contains(record[key], value, where)
        else:
            assert record[key] == value, f"{key}: {record[key]!r} != {value!r}; {where}"
