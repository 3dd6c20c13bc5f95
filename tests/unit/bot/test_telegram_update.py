"""Telegram's shapes: what is read out of an update, and that no shape stops anything."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.telegram_intake import IntakeRule, clean, hide_rooms, store_updates, without_person
from bot.channels.telegram_update import Me, read_update
from storage.database import Database
from storage.models import ChannelUpdateRow
from tests.faults.fake_bot_api import in_group, private, tap

BOT = Me(110201543, "linda_test_bot")


def read(body: dict[str, Any]) -> Any:
    kind = next(key for key in body if key != "update_id")
    return read_update(kind, body, BOT)


@pytest.mark.parametrize(
    ("body", "what", "text", "argument"),
    [
        (private(1, "楼道灯不亮"), "text", "楼道灯不亮", ""),
        (private(1, "/start Ab_9-x"), "command", "start", "Ab_9-x"),
        (private(1, "/repair@Linda_Test_Bot 水管漏"), "command", "repair", "水管漏"),
        (private(1, "/repair@another_bot"), "text", "/repair@another_bot", ""),
        (private(1, "/报修 3号楼"), "text", "/报修 3号楼", ""),
        (private(1, "/"), "text", "/", ""),
        (tap(1, "abc"), "choice", "", "abc"),
        (private(1, voice={"file_id": "v", "duration": 1}), "unreadable", "", ""),
        (private(1, sticker={"file_id": "s", "emoji": "😀"}), "unreadable", "", ""),
        (private(1, poll={"id": "1"}), "unreadable", "", ""),
        (private(1, document={"file_id": "d", "mime_type": "application/pdf"}), "unreadable", "", ""),
        (private(1, document={"file_id": "d", "mime_type": "image/png"}, caption="看"), "photo", "看", "d"),
        (private(1, location={"latitude": 39.6, "longitude": 109.8}), "location", "", ""),
        (private(1, contact={"phone_number": "+8613800000000", "user_id": 1}), "contact", "", "+8613800000000"),
        (private(1, contact={"phone_number": "+8613800000000", "user_id": 2}), "contact", "", ""),
        (private(-5, migrate_to_chat_id=-1005), "migrated", "", "-1005"),
        (private(1, new_chat_title="x"), "nothing", "", ""),
    ],
)
def test_what_is_said(body: dict[str, Any], what: str, text: str, argument: str) -> None:
    said = read(body)
    assert (said.what, said.text, said.argument) == (what, text, argument)


def test_the_largest_photo_we_may_fetch_is_taken() -> None:
    sizes = [{"file_id": f"f{w}", "width": w, "height": w, "file_size": size} for w, size in ((90, 1), (800, 9), (4000, 99_000_000))]
    assert read(private(1, photo=sizes, caption="漏水")).argument == "f800"


@pytest.mark.parametrize(
    ("body", "addressed", "text"),
    [
        (in_group(-9, 1, "公共收益多久公示"), False, "公共收益多久公示"),
        (in_group(-9, 1, "@linda_test_bot 公共收益多久公示"), True, "公共收益多久公示"),
        (in_group(-9, 1, "多久", reply_to_message={"from": {"id": BOT.id}}), True, "多久"),
        (in_group(-9, 1, "/policy@linda_test_bot"), True, "policy"),
        (in_group(-9, 1, "/policy@another_bot"), False, "/policy@another_bot"),
    ],
)
def test_who_is_addressed_in_a_group(body: dict[str, Any], addressed: bool, text: str) -> None:
    said = read(body)
    assert (said.addressed, said.private, said.text) == (addressed, False, text)


def test_a_bot_is_not_answered() -> None:
    body = private(1, "你好")
    body["message"]["from"]["is_bot"] = True
    assert read(body).what == "nothing"


def odd_shapes() -> list[Any]:
    """Every field of a message missing, null, a list, a number or a string, and bodies that are none."""
    odd: list[Any] = [{}, [], "x", None, 5, {"update_id": None}, {"update_id": 2**70, "message": {}}, {"message": None}, {"message": []}]
    for kind in ("message", "edited_message", "callback_query", "my_chat_member", "channel_post", "inline_query", "poll", "new_thing_2030"):
        odd += [{"update_id": 1, kind: wrong} for wrong in (None, [], 1, "x", {}, {"chat": None}, {"chat": {"id": "x"}})]
    for wrong in (None, [], {}, 1, "x", [None], [[1]], 2**80, float("inf"), "\ud800\x00"):
        for key in ("text", "photo", "from", "location", "contact", "document", "reply_to_message", "media_group_id", "message_id"):
            odd.append({"update_id": 7, **private(1, "你好")})
            odd[-1]["message"][key] = wrong
    return odd


def test_odd_shapes_are_stored_and_read(database: Database, now: Any) -> None:
    odd = odd_shapes()
    assert len(odd) > 120
    with database.write() as session:
        for body in odd:
            assert store_updates(session, [body], IntakeRule(), now) in (0, 1)
    with database.read() as session:
        rows = session.scalars(select(ChannelUpdateRow)).all()
    assert len(rows) > 100
    for row in rows:
        said = read_update(row.kind, row.body, BOT)
        assert row.state == "dead" or said.what
        if row.state == "dead":
            assert row.note and row.note.startswith("skipped")


def test_an_update_is_stored_once_whatever_the_ids_do(database: Database, now: Any) -> None:
    first, again = {"update_id": 5, **private(1, "一")}, {**private(1, "一"), "update_id": 5}
    restarted = {"update_id": 5, **private(1, "另一句，编号又从头来")}
    with database.write() as session:
        assert store_updates(session, [first, again], IntakeRule(), now) == 1
        assert store_updates(session, [again, restarted], IntakeRule(), now) == 1
        assert store_updates(session, [{"update_id": 2**52, **private(1, "二")}], IntakeRule(), now) == 1


def test_no_person_is_stored_unless_allowed(database: Database, now: Any) -> None:
    said = private(1, "我是3号楼2单元502的，电话13800138000，身份证150102199003077712，漏水")
    said["message"] |= {
        "contact": {"phone_number": "13800138000", "first_name": "张"},
        "location": {"latitude": 39.123456, "longitude": 1.0},
    }
    for personal in (False, True):
        with database.write() as session:
            store_updates(session, [{"update_id": 9 + personal, **said}], IntakeRule(personal=personal), now)
    with database.read() as session:
        kept = {row.update_id: json.dumps(row.body, ensure_ascii=False) for row in session.scalars(select(ChannelUpdateRow))}
    for secret in ("13800138000", "150102199003077712", "2单元502", "张三", "zhangsan", "39.123456"):
        assert secret not in kept[9] and secret in kept[10]
    assert "3号楼2单元" in kept[9] and "漏水" in kept[9]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3号楼2单元502漏水", "3号楼2单元***漏水"),
        ("3-2-502", "3-2-***"),
        ("住1201室", "住****室"),
        ("工单LD20261120001呢", "工单LD20261120001呢"),
        ("停水3天，交了1200元", "停水3天，交了1200元"),
    ],
)
def test_rooms_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert hide_rooms(text) == shown


def test_cleaning_leaves_good_text_alone() -> None:
    good = {"text": "你好👨‍👩‍👧 \u200b", "n": [1, 2.5, None, True]}
    assert clean(good) == good
    assert clean({"a\x00": "b\x00\ud800"}) == {"a": "b?"}
    assert without_person({"chat": {"id": 1, "title": "x"}}) == {"chat": {"id": 1}}
