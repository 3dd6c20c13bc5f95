"""Linking a chat with the page: proof from both sides, five tries, ten minutes, and news to both."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.conversations import NewConversation, open_conversation, said_after
from bot.deliveries import broadcast, due, make_deliveries
from bot.linking import link_of, mirror, offer_code, settle_link, type_code, uncopied, unlink
from bot.undelivered import undelivered
from config.refusal import Refused
from storage.database import Database
from storage.models import ConversationRow, DeliveryRow, MessageRow
from tests.faults.telegram_stage import EVERYTHING, plain_turns
from tests.unit.bot.telegram_line import Stage
from tests.unit.bot.test_outgoing import Messenger, run, states


@pytest.fixture
def pair(database: Database, now: datetime) -> tuple[str, str]:
    with database.write() as session:
        web, _ = open_conversation(session, NewConversation("web"), now)
        chat, _ = open_conversation(session, NewConversation("telegram", channel_address="7"), now)
        return web.id, chat.id


def link(database: Database, pair: tuple[str, str], now: datetime) -> None:
    with database.write() as session:
        code, _ = offer_code(session, pair[0], now)
        assert type_code(session, session.get_one(ConversationRow, pair[1]), code, now) is not None
    with database.write() as session:
        assert settle_link(session, pair[0], now, yes=True).state == "linked"


def test_neither_side_alone_links(database: Database, pair: tuple[str, str], now: datetime) -> None:
    with database.write() as session:
        code, _ = offer_code(session, pair[0], now)
        assert len(code) == 6 and code.isdigit()
    with database.write() as session, pytest.raises(Refused) as refusal:
        settle_link(session, pair[0], now, yes=True)  # nobody typed it
    assert refusal.value.status == 404
    with database.write() as session:
        row = type_code(session, session.get_one(ConversationRow, pair[1]), code, now)
        assert row is not None and row.state == "claimed"
        assert type_code(session, session.get_one(ConversationRow, pair[1]), code, now) is None  # used
    with database.write() as session:
        assert settle_link(session, pair[0], now, yes=False).state == "refused"
        assert link_of(session, pair[1]) is None


def test_ten_minutes(database: Database, pair: tuple[str, str], now: datetime) -> None:
    later = now + timedelta(minutes=10)
    with database.write() as session:
        code, _ = offer_code(session, pair[0], now)
        assert type_code(session, session.get_one(ConversationRow, pair[1]), code, later) is None
        again, _ = offer_code(session, pair[0], now)
        assert type_code(session, session.get_one(ConversationRow, pair[1]), again, now) is not None
    with database.write() as session, pytest.raises(Refused) as refusal:
        settle_link(session, pair[0], later, yes=True)
    assert refusal.value.status == 410


def test_five_tries_then_even_the_right_code_is_refused_for_ten_minutes(database: Database, pair: tuple[str, str], now: datetime) -> None:
    with database.write() as session:
        code, _ = offer_code(session, pair[0], now)
        chat = session.get_one(ConversationRow, pair[1])
        wrong = "000000" if code != "000000" else "111111"
        assert [type_code(session, chat, wrong, now) for _ in range(5)] == [None] * 5
        with pytest.raises(Refused) as refusal:
            type_code(session, chat, code, now)
        assert refusal.value.status == 429
        fresh, _ = offer_code(session, pair[0], now + timedelta(minutes=10))
        assert type_code(session, chat, fresh, now + timedelta(minutes=10)) is not None


def test_a_new_code_voids_the_one_before(database: Database, pair: tuple[str, str], now: datetime) -> None:
    with database.write() as session:
        first, _ = offer_code(session, pair[0], now)
        second, _ = offer_code(session, pair[0], now)
        chat = session.get_one(ConversationRow, pair[1])
        assert first == second or type_code(session, chat, first, now) is None
        assert type_code(session, chat, second, now) is not None


def test_news_goes_to_both_once_and_stops_with_the_link(database: Database, pair: tuple[str, str], now: datetime) -> None:
    link(database, pair, now)

    def notice(conversation: str, text: str) -> None:
        body = {"kind": "notice", "text": text, "choices": [], "citations": []}
        with database.write() as session:
            session.add(MessageRow(conversation_id=conversation, author="notice", body=body, said_at=now + timedelta(seconds=1)))

    def round_() -> list[str]:
        with database.write() as session:
            mirror(session, "telegram", uncopied(session, EVERYTHING), now)
            make_deliveries(session, "telegram", undelivered(session, "telegram", EVERYTHING), now)
        with database.read() as session:
            ids = session.execute(select(DeliveryRow.message_id).where(DeliveryRow.address == "7").order_by(DeliveryRow.id)).scalars()
            return [str(session.get_one(MessageRow, one).body["text"]) for one in ids]

    notice(pair[0], "网页工单有进展")
    notice(pair[1], "电报工单有进展")
    told = round_()
    assert told.count("网页工单有进展") == 1 and told.count("电报工单有进展") == 1
    assert round_() == told
    with database.read() as session:
        page = [m["body"]["text"] for m in said_after(session, pair[0], 0)]
        assert page.count("电报工单有进展") == 1 and page.count("网页工单有进展") == 1
        assert {one.address for one in due(session, "telegram", now)} == {"7"}
    with database.write() as session:
        assert unlink(session, pair[1], now + timedelta(seconds=2))
        assert not unlink(session, pair[1], now + timedelta(seconds=2))
    notice(pair[0], "断开以后")
    assert "断开以后" not in round_()


def test_a_broadcast_reaches_the_page_though_nothing_else_waits(database: Database, pair: tuple[str, str]) -> None:
    """Its deliveries are made with it; the page was looked after only when some other message had none yet."""
    at = datetime.now(UTC)
    link(database, pair, at)
    first = Messenger()
    run(database, first, lambda: False, seconds=1.5)
    assert set(states(database)) == {"sent"}  # nothing waits any more
    assert [parcel.text[:3] for parcel in first.sent] == ["已关联"]  # said on the page as well, and not passed on from there
    with database.write() as session:
        broadcast(session, "telegram", "明天八点停水", [(pair[1], "7")], datetime.now(UTC))
    messenger = Messenger()
    run(database, messenger, lambda: bool(messenger.sent), seconds=5)
    with database.read() as session:
        assert [m["body"]["text"] for m in said_after(session, pair[0], 0)].count("明天八点停水") == 1
    assert [parcel.text for parcel in messenger.sent] == ["明天八点停水"]


def test_the_code_is_typed_in_the_chat(database: Database, tmp_path: Path) -> None:
    stage = Stage(plain_turns(database, tmp_path), database, tmp_path)
    stage.text(5, "123456")  # nobody links: plain words
    assert stage.turns_taken() == 1
    now = stage.turns.desk.clock()
    with database.write() as session:
        web, _ = open_conversation(session, NewConversation("web"), now)
        code, _ = offer_code(session, web.id, now)
    wrong = "123456" if code != "123456" else "654321"
    assert "不对" in stage.text(5, wrong)[-1]
    assert any("数字对上了" in one for one in stage.text(5, f" {code} "))
    with database.write() as session:
        settle_link(session, web.id, stage.turns.desk.clock(), yes=True)
    assert stage.turns_taken() == 1
    with database.read() as session:
        kept = "".join(str(row.body) for row in session.scalars(select(MessageRow)))
    assert code not in kept
    assert any("关联已取消" in one for one in stage.text(5, "/unlink"))
    assert "没有关联" in stage.text(5, "/unlink")[-1]


def test_the_page_side_over_http(database: Database, tmp_path: Path, now: Any) -> None:
    import httpx
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse

    from bot.channels.linking_routes import linking_router
    from bot.limits import Limits

    app = FastAPI()
    app.include_router(linking_router(database, Limits(lambda: 0.0, on=False), lambda: now, lambda: "linda_test_bot"))

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> JSONResponse:
        return JSONResponse({}, status_code=error.status)

    with database.write() as session:
        web, secret = open_conversation(session, NewConversation("web"), now)
        chat, _ = open_conversation(session, NewConversation("telegram", channel_address="7"), now)

    async def talk() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://linda.test") as http:
            path, headers = f"/api/v1/conversations/{web.id}/link", {"Authorization": f"Bearer {secret}"}
            assert (await http.post(path)).status_code == 401
            assert (await http.post(path, headers={"Authorization": "Bearer wrong"})).status_code == 401
            made = (await http.post(path, headers=headers)).json()
            assert made["bot"] == "linda_test_bot"
            with database.write() as session:
                type_code(session, session.get_one(ConversationRow, chat.id), made["code"], now)
            assert (await http.get(path, headers=headers)).json() == {"state": "claimed"}
            assert (await http.post(f"{path}/confirm", json={"yes": True}, headers=headers)).json() == {"state": "linked"}
            assert (await http.delete(path, headers=headers)).json() == {"ended": True}
            assert (await http.get(path, headers=headers)).json() == {"state": "none"}

    asyncio.run(talk())
