"""A staff group against the strict server: one topic a ticket however often we are stopped, what was claimed and said arrives once."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels import telegram_topic_loop
from bot.conversations import NewConversation, open_conversation
from bot.operator_linking import offer_operator_code
from bot.pace import Limits
from processes.telegram_staff import ConsoleOffice
from storage.database import Database
from storage.models import ConversationRow, MessageRow, OperatorRow, TicketRow
from tests.faults.fake_bot_api import FakeBotApi, in_topic, private, tap_in_topic
from tests.faults.telegram_stage import plain_turns, service, until
from tests.unit.bot.staff_stage import GROUPS, LI, STREET
from tickets.change_ticket import Change, change_ticket
from tickets.open_ticket import NewTicket, Place, open_ticket

RESIDENT = 4300


def office(database: Database, count: int) -> list[str]:
    """An operator and residents of Telegram with a ticket each; the tickets' numbers."""
    numbers, now = [], datetime.now(UTC)
    with database.write() as session:
        rest: dict[str, Any] = {"password_hash": "x", "role": "operator", "regions": ["donghe"], "communities": [], "created_at": now}
        session.add(OperatorRow(login="li", name="李娜", side="street", **rest))
        for number in range(count):
            chat, _ = open_conversation(session, NewConversation("telegram", region="donghe", channel_address=str(RESIDENT + number)), now)
            fixed = dict.fromkeys(("property_form", "occurred", "person_id", "turn_id"))
            place = Place(community="幸福小区", building=str(number + 1), unit=None, room=None, spot=None)
            told: dict[str, Any] = {"kind": "repair", "category": "lighting", "description": "楼道灯不亮", "place": place}
            new = NewTicket(region="donghe", urgent=False, anonymous=False, conversation_id=chat.id, **told, **fixed)  # type: ignore[arg-type]
            numbers.append(open_ticket(session, new, now).number)
    return numbers


def code_of(database: Database) -> str:
    with database.write() as session:
        return offer_operator_code(session, "telegram", "li", "test", datetime.now(UTC))


def threads(api: FakeBotApi) -> dict[str, int]:
    """Ticket number → topic."""
    return {topic["name"].split()[0]: thread for (_, thread), topic in api.topics.items()}


def button(api: FakeBotApi, thread: int) -> str:
    import json

    card = next(one for one in api.sent if int(one.get("message_thread_id") or 0) == thread)
    return str(json.loads(card["reply_markup"])["inline_keyboard"][0][0]["callback_data"])


@pytest.mark.timeout(120)
def test_from_the_card_to_the_resident_and_back(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_topic_loop, "ROUND_S", 0.1)
    api = FakeBotApi()
    api.rules.chat_gap = api.rules.group = None
    number = office(database, 1)[0]
    turns = plain_turns(database, tmp_path)
    first = service(turns, api.base, tmp_path, office=ConsoleOffice(GROUPS))
    first.start()
    try:
        until(lambda: api.calls["createForumTopic"])  # not a forum yet: refused, asked again later
        assert not api.topics
        api.forums = {str(STREET)}
        until(lambda: api.topics and api.texts(STREET, next(iter(threads(api).values()))), 40)
        thread = threads(api)[number]
        api.push(private(LI, code_of(database), number=1))
        until(lambda: any("李娜，您好" in text for text in api.texts(LI)))
        api.push(tap_in_topic(STREET, thread, LI, button(api, thread)))
        until(lambda: any(text == "李娜 · 认领" for text in api.texts(STREET, thread)))
        assert next(iter(api.shown.values())) == f"工单 {number} 由您负责。"
        api.push(in_topic(STREET, thread, LI, "师傅三点到，电话13900139000", number=2))
        until(lambda: api.texts(RESIDENT)[-1:] == ["李娜（值班人员）：师傅三点到，电话13900139000"])
        api.push(in_topic(STREET, thread, LI, "// 别忘了带梯子", number=3), private(RESIDENT, "好的", number=1))
        until(lambda: api.texts(STREET, thread)[-1:] == ["居民：好的"])
        with database.write() as session:
            row = session.scalars(select(TicketRow)).one()
            change_ticket(session, row, Change("closed", "李娜", "灯泡已更换", state="closed"), datetime.now(UTC))
        until(lambda: api.topics[str(STREET), thread]["closed"])
    finally:
        first.stop()
        api.close()
    assert api.texts(STREET, thread)[-1].endswith("灯泡已更换") and not api.sins
    assert not any("梯子" in text for text in api.texts(RESIDENT)) and not any("13900139000" in t for t in api.texts(STREET, thread))
    assert len(api.topics) == 1 and not api.texts(STREET)


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_stopped_again_and_again_there_is_one_topic_a_ticket(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_topic_loop, "ROUND_S", 0.05)
    api = FakeBotApi(forums={str(STREET)})
    api.rules.group = api.rules.overall = api.rules.chat_gap = None
    numbers = office(database, 12)
    turns = plain_turns(database, tmp_path)
    limits = Limits(overall=100, chat_gap_s=0.05, group_a_minute=10_000)
    told: list[str] = []
    for round_ in range(8):
        running = service(turns, api.base, tmp_path, office=ConsoleOffice(GROUPS), limits=limits)
        running.start()
        try:
            if round_ == 2:
                until(lambda: len(api.topics) == 12, 40)
                api.push(private(LI, code_of(database), number=1))
                until(lambda: any("李娜，您好" in text for text in api.texts(LI)), 40)
            if round_ > 2:
                for number in numbers:
                    told.append(f"{number}-{round_}")
                    api.push(in_topic(STREET, threads(api)[number], LI, told[-1], number=len(told) + 10))
                seen = len(api.sent)
                until(lambda seen=seen: len(api.sent) > seen + 3, 40)  # type: ignore[misc]
            else:
                until(lambda goal=(round_ + 1) * 3: len(api.topics) >= goal, 40)  # type: ignore[misc]
        finally:
            running.stop()
    last = service(turns, api.base, tmp_path, office=ConsoleOffice(GROUPS), limits=limits)
    last.start()
    try:
        until(lambda: sum("值班人员" in one["text"] for one in list(api.sent)) >= len(told), 60)
        until(lambda: all(len(api.texts(STREET, thread)) >= 2 for thread in threads(api).values()), 60)
    finally:
        last.stop()
        api.close()
    heard = Counter(one["text"].split("：", 1)[1] for one in api.sent if "值班人员）" in one["text"])
    assert heard == Counter(told) and len(api.topics) == 12 and not [sin for sin in api.sins if sin != "two pollers"]
    for thread in threads(api).values():
        kinds = Counter("card" if "内容：" in text else text for text in api.texts(STREET, thread))
        assert kinds == Counter({"card": 1, "李娜 · 认领": 1})
    with database.read() as session:
        assert len(session.scalars(select(ConversationRow.id)).all()) == 12 + 12 + 1
        assert len(session.scalars(select(MessageRow).where(MessageRow.author == "operator")).all()) == len(told)
