"""End to end against two Telegram emulators others wrote: a resident reports by words and buttons and hears the ticket's number."""

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_api import TelegramApi
from bot.channels.telegram_bridge import Out
from bot.channels.telegram_groups import chat_of, is_group
from bot.channels.telegram_intake import CHANNEL, IntakeRule, store_updates
from bot.channels.telegram_service import TelegramService, TelegramSettings
from bot.channels.telegram_turns import TelegramRule
from bot.channels.telegram_webhook import PATH, telegram_router
from bot.channels.telegram_worker import Worker
from bot.outgoing import Outgoing
from bot.pace import Pace
from bot.turn import TurnDesk
from config.settings import Settings
from processes.assemble import Assembly, assemble
from storage.database import Database
from storage.migrate import migrate
from storage.models import ChannelUpdateRow, DeliveryRow, InboxRow, PlaceCodeRow, TicketRow
from tests.faults.telegram_stage import QUICK, still_open, until
from tests.peers.telegram_peers import fetch_npm, fetch_python
from tests.server import free_port
from tests.unit.bot.telegram_line import Line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(280),
    pytest.mark.filterwarnings("ignore"),  # the peers' own
]

TOKEN = "110201543:token-of-the-peer-test"
CHAT = 7007
SECRET = "a-webhook-secret-of-the-peer"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Assembly]:
    url = f"sqlite:///{tmp_path / 'linda.db'}"
    migrate(url)
    built = assemble(Settings(rasa="off", database_url=url))
    with built.database.write() as session:
        place = {"community": "和平小区", "building": "3", "unit": "2"}
        session.add(PlaceCodeRow(token="QRcode_1", region="donghe", place=place, made_at=datetime.now(UTC)))
    yield built
    built.database.close()


def filed(database: Database) -> TicketRow:
    """The one ticket that stands at the end, with everything worked off and sent."""
    assert not still_open(database)
    with database.read() as session:
        assert {row.state for row in session.scalars(select(ChannelUpdateRow))} == {"done"}
        assert {row.state for row in session.scalars(select(DeliveryRow))} == {"sent"}
        assert {row.state for row in session.scalars(select(InboxRow))} == {"done"}
        row = session.scalars(select(TicketRow)).one()
        session.expunge(row)
        return row


async def _send_all(database: Database, sender: Out) -> None:
    stop = asyncio.Event()
    sending = asyncio.create_task(Outgoing(database, CHANNEL, sender, Pace(QUICK, time.monotonic, is_group, chat_of)).run(stop))
    while await asyncio.to_thread(still_open, database):
        await asyncio.sleep(0.02)
    stop.set()
    await sending


class InProcess:
    """Our intake, worker and sending, called by the peer's own python-telegram-bot application for each update."""

    def __init__(self, turns: TurnDesk, folder: Path) -> None:
        self.turns, self.database = turns, turns.desk.database
        self.api = TelegramApi(TOKEN, "http://127.0.0.1:9")
        self.channel = TelegramChannel(turns, folder / "attachments", Line(), TelegramRule(personal=True))
        self.worker = Worker(self.channel, turns)

    def build(self, builder: Any) -> Any:
        from telegram import Update
        from telegram.ext import TypeHandler

        application = builder.build()
        self.api.bot = application.bot
        application.add_handler(TypeHandler(Update, self.take))
        return application

    async def take(self, update: Any, _context: Any) -> None:
        await asyncio.to_thread(self._work, update.to_dict())
        await _send_all(self.database, Out(self.api, self.turns, "https://linda.test"))

    def _work(self, body: dict[str, Any]) -> None:
        with self.database.write() as session:
            store_updates(session, [body], IntakeRule(personal=True), datetime.now(UTC))
        with self.database.read() as session:
            address = session.scalars(select(ChannelUpdateRow.address).order_by(ChannelUpdateRow.id.desc())).first()
        while self.worker._one(str(address)):
            continue


def test_in_process_with_tg_auto_test(parts: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "peer").mkdir()
    fetch_python(tmp_path / "peer")
    monkeypatch.syspath_prepend(str(tmp_path / "peer"))
    from tg_auto_test.test_utils.serverless_telegram_client import ServerlessTelegramClient  # type: ignore[import-not-found]

    ours = InProcess(parts.turns, tmp_path)
    heard: list[str] = []

    async def report() -> None:
        client = ServerlessTelegramClient(build_application=ours.build, user_id=CHAT)
        await client.connect()

        async def say(text: str) -> Any:
            """Say it; gives the last thing heard, which has the buttons."""
            async with client.conversation("linda") as talk:
                await talk.send_message(text, parse_mode=None)
                last = await talk.get_response()
                heard.append(last.text)
                while True:
                    try:
                        last = await talk.get_response(timeout=0.2)
                    except (RuntimeError, TimeoutError):
                        return last
                    heard.append(last.text)

        await say("/start QRcode_1")
        last = await say("楼道灯不亮了，*灯_泡_* <b>坏</b>了")
        for _ in range(4):
            titles = {button.text: button.data for row in last.buttons or [] for button in row}
            wanted = next((title for title in ("提交", "不留电话") if title in titles), None)
            if wanted is None:
                last = await say("3号楼2单元楼道")
                continue
            await last.click(data=titles[wanted])
            said = [client._pop_response() for _ in range(len(client._outbox))]
            heard.extend(one.text for one in said)
            if wanted == "提交":
                break
            last = said[-1]
        await client.disconnect()

    asyncio.run(report())
    row = filed(parts.database)
    assert any(row.number in text for text in heard), heard
    assert "*灯_泡_* <b>坏</b>" in row.description or "灯_泡_" in row.description
    calls = [call for call in ours.api.bot.request.calls if call.api_method == "sendMessage"]
    assert calls and not any("parse_mode" in call.parameters for call in calls)


class Peer:
    """telegram-test-api as a server of its own, and the resident's side of it."""

    def __init__(self, folder: Path) -> None:
        modules = fetch_npm(folder)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        command = ["node", str(folder / "serve.js"), str(self.port), str(modules)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder)
        assert self._process.stdout is not None and self._process.stdout.readline() == b"ready\n"
        self.http = httpx.Client(base_url=self.base, trust_env=False, timeout=10.0)
        self.number = 0
        self.heard: list[dict[str, Any]] = []

    def _person(self) -> dict[str, Any]:
        person = {"id": CHAT, "first_name": "张三", "username": "zhangsan"}
        return {"botToken": TOKEN, "date": int(time.time()), "from": {**person, "is_bot": False}, "chat": {**person, "type": "private"}}

    def say(self, text: str) -> None:
        assert self.http.post("/sendMessage", json={**self._person(), "text": text}).status_code == 200

    def tap(self, token: str) -> None:
        person = self._person()
        message = {"from": person["from"], "chat": person["chat"], "message_id": 1, "date": person["date"]}
        assert self.http.post("/sendCallback", json={**person, "message": message, "data": token}).status_code == 200

    def news(self) -> list[dict[str, Any]]:
        """What the bot said since."""
        found = self.http.post("/getUpdates", json={"token": TOKEN, "chatId": CHAT}).json()["result"]
        self.heard += [one["message"] for one in found]
        return self.heard

    def wait(self, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The newest message for which it is true."""
        until(lambda: any(true(one) for one in self.news()), 40)
        return next(one for one in reversed(self.heard) if true(one))

    def close(self) -> None:
        self.http.close()
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def titles(message: dict[str, Any]) -> dict[str, str]:
    keyboard = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    return {button["text"]: button["callback_data"] for row in keyboard for button in row}


def walk(peer: Peer) -> None:
    """The resident's side of a report."""
    peer.say("/start QRcode_1")
    peer.wait(lambda one: "和平小区" in one["text"])
    peer.say("楼道灯不亮了")
    for _ in range(4):
        seen = len(peer.heard)
        asked = peer.wait(lambda one, seen=seen: one in peer.heard[seen:] and bool(titles(one)))  # type: ignore[misc]
        wanted = next((title for title in ("提交", "不留电话") if title in titles(asked)), None)
        if wanted is None:
            peer.say("3号楼2单元楼道")
            continue
        peer.tap(titles(asked)[wanted])
        if wanted == "提交":
            return


@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_over_http_with_telegram_test_api(parts: Assembly, tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "peer"
    folder.mkdir()
    peer, port = Peer(folder), free_port()
    hook = {"webhook_url": f"http://127.0.0.1:{port}{PATH}", "webhook_secret": SECRET} if mode == "webhook" else {}
    settings = TelegramSettings(TOKEN, peer.base, "https://linda.test", tmp_path / "a", personal=True, limits=QUICK, poll_s=5, **hook)
    channel = TelegramService(parts.turns, settings)
    app = FastAPI()
    app.include_router(telegram_router(parts.database, SECRET, personal=True, clock=lambda: datetime.now(UTC), wake=channel.wake))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", host="127.0.0.1", port=port, log_level="error", access_log=False))
    posts = threading.Thread(target=server.run, daemon=True)
    posts.start()
    until(lambda: server.started)
    channel.start()
    try:
        until(channel.bot_name)
        time.sleep(1.5 if mode == "webhook" else 0)  # until it asked for posts
        walk(peer)
        said = peer.wait(lambda one: "LD" in one["text"])
        until(lambda: not still_open(parts.database))
        assert filed(parts.database).number in said["text"]
        sent = len(peer.heard)
        time.sleep(0.5)
        assert len(peer.news()) == sent  # nothing twice
    finally:
        channel.stop()
        server.should_exit = True
        posts.join(10)
        peer.close()
