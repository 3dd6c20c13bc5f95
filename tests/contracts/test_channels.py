"""Every channel passes the same class: a turn for every message, order kept, repeats without effect, news delivered once."""

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.channels.terminal import TerminalChannel
from bot.turn import TurnDesk
from config.settings import Settings
from processes.assemble import assemble
from processes.talk import ServerLine
from storage.database import Database
from storage.migrate import migrate
from storage.models import Base, MessageRow
from tests.contracts.telegram_line import telegram_line
from tests.server import Server


class Channel(Protocol):
    def say(self, text: str | None, choice: str | None = None) -> dict[str, Any]: ...

    def news(self) -> list[dict[str, Any]]: ...


class Door:
    """A channel under test with the database behind it and the id of its conversation."""

    def __init__(self, channel: Channel, database: Database, conversation_id: str) -> None:
        self.channel, self.database, self.conversation_id = channel, database, conversation_id


@pytest.fixture(params=["terminal", "web", "telegram"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Door]:
    if request.param == "telegram":
        with telegram_line(tmp_path) as (line, database):
            yield Door(line, database, line.conversation_id)
        return
    if request.param == "terminal":
        url = f"sqlite:///{tmp_path / 'parts.db'}"
        migrate(url)
        parts = assemble(Settings(rasa="off", database_url=url))
        database = Database(f"sqlite:///{tmp_path / 'linda.db'}")
        Base.metadata.create_all(database.engine)
        turns = TurnDesk(dataclasses.replace(parts.turns.desk, database=database))
        channel = TerminalChannel(turns, "donghe", parts.people)
        yield Door(channel, database, channel.conversation_id)
        database.close()
        parts.database.close()
        return
    server = Server(tmp_path)
    server.start()
    line = ServerLine(server.base, "donghe")
    database = Database(server.database_url)
    yield Door(line, database, line.conversation_id)
    database.close()
    line.close()
    server.stop()


def test_every_message_gets_a_whole_turn(door: Door) -> None:
    for text in ("你好", "公共收益多久公示一次", "", "😀", "明天天气咋样"):
        turn = door.channel.say(text)
        assert set(turn) == {"turn", "outcome", "intent", "confidence", "asks_for", "replies", "tickets", "draft"}
        assert turn["replies"]
        for reply in turn["replies"]:
            assert reply["text"] and reply["kind"] in {"text", "card", "emergency", "document", "notice"}


def test_a_button_says_what_it_stands_for(door: Door) -> None:
    buttons = {c["title"]: c["choice"] for c in door.channel.say("你好")["replies"][0]["choices"]}
    assert "报修" not in buttons["我要报修"]
    assert door.channel.say(None, buttons["我要报修"])["outcome"] == "report_open"


def test_what_operators_say_arrives_once(door: Door, now: Any) -> None:
    door.channel.say("你好")
    assert door.channel.news() == []
    body = {"kind": "text", "text": "师傅下午到", "choices": [], "citations": []}
    with door.database.write() as session:
        session.add(MessageRow(conversation_id=door.conversation_id, author="operator", author_name="小李", body=body, said_at=now))
    assert [m["body"]["text"] for m in door.channel.news()] == ["师傅下午到"]
    assert door.channel.news() == []


def test_web_messages_can_be_read_back_in_order(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        http = server.http
        made = http.post("/conversations", json={"region": "donghe"}).json()
        headers = {"Authorization": f"Bearer {made['token']}"}
        for text in ("一", "二", "三"):
            http.post(
                f"/conversations/{made['conversation']}/messages", json={"message_id": uuid.uuid4().hex, "text": text}, headers=headers
            )
        said = http.get(f"/conversations/{made['conversation']}/messages", headers=headers).json()["messages"]
        assert [m["body"]["text"] for m in said if m["author"] == "resident"] == ["一", "二", "三"]
        later = http.get(f"/conversations/{made['conversation']}/messages?after={said[2]['id']}", headers=headers).json()["messages"]
        assert [m["id"] for m in later] == [m["id"] for m in said[3:]]
    finally:
        server.stop()
