"""The edge to the Bot API: what a server answers oddly must neither double a message nor wear the server out."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from bot.channels.linking_routes import linking_router
from bot.channels.telegram_api import TelegramApi
from bot.conversations import NewConversation, open_conversation
from bot.limits import Limits
from bot.outgoing import Ending, Parcel
from storage.database import Database
from tests.faults.fake_bot_api import TOKEN, FakeBotApi
from tests.faults.telegram_stage import plain_turns, service, unlimited, until


def sent(api: FakeBotApi, parcel: Parcel) -> Ending:
    async def main() -> Ending:
        line = TelegramApi(TOKEN, api.base)
        await line.open()
        try:
            return await line.send(parcel)
        finally:
            await line.close()

    return asyncio.run(main())


def test_a_date_nobody_can_read_does_not_double_the_message() -> None:
    api = unlimited()
    real = api.call

    def call(method: str, given: dict[str, Any]) -> Any:
        answer = real(method, given)
        if method == "sendMessage":
            answer.body["result"]["date"] = int(time.time() * 1000)  # milliseconds, as one emulator does
        return answer

    api.call = call  # type: ignore[method-assign]
    try:
        assert sent(api, Parcel("7", "已受理")).what == "sent"
    finally:
        api.close()


def test_a_topic_that_is_gone_is_known_as_gone() -> None:
    api = FakeBotApi()
    try:
        assert sent(api, Parcel("-1001#56", "进展")).what == "blocked"
    finally:
        api.close()


def test_a_server_that_does_not_wait_is_not_asked_without_pause(database: Database, tmp_path: Path) -> None:
    api = unlimited()
    running = service(plain_turns(database, tmp_path), api.base, tmp_path, poll_s=0)
    running.start()
    try:
        until(lambda: api.calls["getUpdates"])
        before = api.calls["getUpdates"]
        time.sleep(1.0)
        assert api.calls["getUpdates"] - before <= 4
    finally:
        running.stop()
        api.close()


def test_without_a_messenger_linking_is_off(database: Database) -> None:
    app = FastAPI()
    app.include_router(linking_router(database, Limits(time.monotonic, on=False), lambda: datetime.now(UTC), None))
    with database.write() as session:
        talk, secret = open_conversation(session, NewConversation("web"), datetime.now(UTC))
        path = f"/api/v1/conversations/{talk.id}/link"

    async def ask() -> dict[str, str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://linda.test") as http:
            answer = await http.get(path, headers={"Authorization": f"Bearer {secret}"})
            return dict(answer.json())

    assert asyncio.run(ask()) == {"state": "off"}
