"""The whole application with a token set: Telegram beside the page, phone and room by the signed page, webhook route, kill and go on."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from bot.channels.telegram_details import DetailsDesk
from config.refusal import Refused
from storage.database import Database
from storage.models import ConversationRow, InboxRow, MessageRow, PersonRow
from storage.personal_data import PersonalData
from tests.faults.fake_bot_api import TOKEN, FakeBotApi, private, tap
from tests.faults.telegram_stage import unlimited, until
from tests.server import Server

pytestmark = pytest.mark.slow  # minutes of kills and waiting: make faults

CHAT = 4242


def server(folder: Path, api: FakeBotApi, **more: str) -> Server:
    made = Server(folder, LINDA_TELEGRAM_TOKEN=TOKEN, LINDA_TELEGRAM_BASE_URL=api.base, **more)
    made.environment["LINDA_PUBLIC_URL"] = made.base
    made.start()
    return made


def told(api: FakeBotApi, words: str) -> str:
    """Wait until this chat was sent something with these words."""
    until(lambda: any(words in text for text in api.texts(CHAT)), 60)
    return next(text for text in reversed(api.texts(CHAT)) if words in text)


@pytest.mark.timeout(280)
def test_a_report_over_telegram_beside_the_page(tmp_path: Path) -> None:
    api = unlimited()
    running = server(tmp_path, api)
    database = Database(running.database_url)
    try:
        api.push(private(CHAT, "我家暖气不热，电话13800138000", number=1))
        told(api, "哪个旗县区")
        api.push(tap(CHAT, next(token for title, token in api.buttons(CHAT).items() if "东河" in title)))
        told(api, "小区")
        running.kill()
        api.push(private(CHAT, "和平小区3号楼2单元502", number=2))
        running.start()
        link = re.search(r"http://\S+/t/[\w.-]+", told(api, "/t/"))
        assert link
        path = urlsplit(link.group().rstrip("）")).path
        page = httpx.get(f"{running.base}{path}", trust_env=False)
        assert page.status_code == 200 and 'name="phone"' in page.text and "no-store" in page.headers["cache-control"]
        form = {"phone": "13800138000", "room": "502", "agree": "yes"}
        assert httpx.post(f"{running.base}{path}", data={**form, "phone": "12"}, trust_env=False).status_code == 422
        assert httpx.post(f"{running.base}{path}", data=form, trust_env=False).status_code == 200
        told(api, "加密记下")
        assert httpx.get(f"{running.base}/t/made.up.link", trust_env=False).status_code == 410
        api.push(private(CHAT, "好了", number=3))
        told(api, "提交")
        with database.read() as session:
            row = session.scalars(select(ConversationRow).where(ConversationRow.channel == "telegram")).one()
            everything = "".join(str(body) for body in session.scalars(select(MessageRow.body).where(MessageRow.author == "resident")))
            assert session.scalar(select(func.count()).select_from(PersonRow)) == 1
        assert row.dialogue["draft"]["contact"] == "given" and row.dialogue["draft"]["place"]["room"] == "502"
        assert "13800138000" not in everything and "502" not in everything
        assert not api.sins
    finally:
        running.stop()
        database.close()
        api.close()
    assert TOKEN not in (tmp_path / "server.log").read_text(errors="replace")


@pytest.mark.timeout(200)
def test_the_webhook_of_the_application(tmp_path: Path) -> None:
    api = unlimited()
    secret = "a-long-enough-webhook-secret"
    running = server(tmp_path, api, LINDA_TELEGRAM_WEBHOOK_SECRET=secret)
    database = Database(running.database_url)
    try:
        until(lambda: api.webhook.get("url"), 30)
        assert api.webhook["url"] == f"{running.base}/telegram/webhook" and api.webhook["secret_token"] == secret
        body = {"update_id": 1, **private(CHAT, "你好")}
        assert httpx.post(f"{running.base}/telegram/webhook", json=body, trust_env=False).status_code == 403
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        for _ in range(3):
            assert httpx.post(f"{running.base}/telegram/webhook", json=body, headers=headers, trust_env=False).status_code == 200
        told(api, "您好")
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(InboxRow)) == 1
        assert api.calls["getUpdates"] == 0
    finally:
        running.stop()
        database.close()
        api.close()


def test_a_link_is_good_for_an_hour_and_for_its_own_conversation(database: Database, tmp_path: Path, now: object) -> None:
    desk = DetailsDesk(database, PersonalData(tmp_path / "person.key"), lambda: now, tmp_path / "details.key", "https://linda.test")  # type: ignore[arg-type, return-value]
    token = desk.link("c1").rsplit("/", 1)[1]
    assert desk.conversation_of(token) == "c1"
    assert (tmp_path / "details.key").stat().st_mode & 0o077 == 0
    other = DetailsDesk(database, desk.people, desk.clock, tmp_path / "another.key", "")
    for bad in (token[:-2], token + "x", "c1", ""):
        with pytest.raises(Refused):
            desk.conversation_of(bad)
    with pytest.raises(Refused):
        other.conversation_of(token)
