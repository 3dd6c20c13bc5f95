"""An operator takes the code for his own Telegram chat from his account's page; nobody else's, and only where there are staff groups."""

import dataclasses

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from bot.operator_linking import operator_of_chat, type_operator_code
from config.settings import Settings
from console.app import console_router
from processes.operator_chats import TelegramChats, chats_of_staff
from storage.models import AuditRow
from tests.unit.console.stage import Stage, post
from tests.unit.console.test_admin import SECRET


@pytest.fixture
def office(stage: Stage) -> Stage:
    """The console of a deployment with staff groups."""
    stage.app = FastAPI()
    stage.app.include_router(console_router(dataclasses.replace(stage.desk, chats=TelegramChats())))
    stage.operator("li")
    stage.operator("wang")
    return stage


def test_the_code_of_the_page_links_the_chat_of_its_own_operator(office: Stage) -> None:
    client = office.client("li")
    assert "/console/account/chat" in client.get("/console/account").text
    assert "还没有关联" in client.get("/console/account/chat").text
    found = SECRET.search(post(client, "/console/account/chat/code").text)
    assert found is not None
    with office.database.write() as session:
        row = type_operator_code(session, "telegram", "77", found[1], office.clock())
        assert row is not None and row.login == "li"
    again = client.get("/console/account/chat").text
    assert "已经关联" in again and found[1] not in again
    assert "还没有关联" in office.client("wang").get("/console/account/chat").text
    with office.database.read() as session:
        assert [row.actor for row in session.query(AuditRow).filter(AuditRow.action == "operator_chat_offered")] == ["operator:li"]


def test_a_second_code_voids_the_first_and_the_end_voids_all(office: Stage) -> None:
    client = office.client("li")
    first, second = (SECRET.search(post(client, "/console/account/chat/code").text) for _ in range(2))
    assert first and second
    with office.database.write() as session:
        assert type_operator_code(session, "telegram", "77", first[1], office.clock()) is None
        assert type_operator_code(session, "telegram", "77", second[1], office.clock()) is not None
    assert "关联已取消" in post(client, "/console/account/chat/end").text
    with office.database.read() as session:
        assert operator_of_chat(session, "telegram", "77") is None
    assert "没有关联" in post(client, "/console/account/chat/end").text


def test_without_staff_groups_there_is_nothing_to_link(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    client = desk_stage.client("li")
    assert "/console/account/chat" not in client.get("/console/account").text
    assert client.get("/console/account/chat").status_code == 404
    assert post(client, "/console/account/chat/code").status_code == 404


def test_staff_groups_alone_turn_it_on() -> None:
    token = SecretStr("1:x")
    assert chats_of_staff(Settings(telegram_token=token, telegram_staff_group="-1001234567890=street/donghe")) is not None
    assert chats_of_staff(Settings(telegram_token=token)) is None
    assert chats_of_staff(Settings(telegram_staff_group="-1001234567890=street/donghe")) is None
