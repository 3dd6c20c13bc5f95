"""The Telegram channel with real turns: every kind of update has its effect once, in both databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from config.settings import Settings
from processes.assemble import Assembly, assemble
from storage.database import Database
from storage.migrate import migrate
from storage.models import AttachmentRow, ChannelChatRow, ChannelPhotoRow, ConversationRow, MessageRow, PlaceCodeRow, TicketEventRow
from tests.faults.fake_bot_api import in_group, private, tap
from tests.unit.bot.telegram_line import Stage
from tests.unit.storage.pictures import phone_photo


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    url = f"sqlite:///{tmp_path_factory.mktemp('parts') / 'parts.db'}"
    migrate(url)
    parts = assemble(Settings(rasa="off", database_url=url))
    yield parts
    parts.database.close()


@pytest.fixture
def stage(built: Assembly, database: Database, tmp_path: Path) -> Stage:
    return Stage(built.turns, database, tmp_path)


@pytest.fixture
def private_stage(built: Assembly, database: Database, tmp_path: Path) -> Stage:
    return Stage(built.turns, database, tmp_path, personal=False)


def placed(stage: Stage, chat: int = 1) -> None:
    """The chat scanned a QR code of an estate."""
    with stage.database.write() as session:
        if session.get(PlaceCodeRow, "QRcode_1") is None:
            place = {"community": "和平小区", "building": "3", "unit": "2"}
            session.add(PlaceCodeRow(token="QRcode_1", region="donghe", place=place, made_at=stage.turns.desk.clock()))
    stage.text(chat, "/start QRcode_1")


def filed(stage: Stage, chat: int = 1) -> str:
    """A report told and submitted; gives the ticket's number."""
    placed(stage, chat)
    stage.text(chat, "楼道灯不亮了")
    for _ in range(4):
        buttons = stage.buttons()
        if "提交" in buttons:
            stage.say(tap(chat, buttons["提交"]))
            break
        stage.say(tap(chat, buttons["不留电话"])) if "不留电话" in buttons else stage.text(chat, "3号楼2单元楼道")
    return stage.tickets()[-1].number


def photo(chat: int, name: str, number: int = 1, **more: Any) -> dict[str, Any]:
    return private(chat, number=number, photo=[{"file_id": name, "width": 90, "height": 90, "file_size": 1000}], **more)


def test_first_words_bring_the_privacy_notice_then_the_answer(stage: Stage) -> None:
    said = stage.text(1, "你好")
    assert "您可以不留" in said[0] and len(said) == 2
    assert stage.conversation(1).channel == "telegram"
    assert len(stage.text(1, "谢谢")) == 1


def test_a_repeat_has_no_second_effect(stage: Stage) -> None:
    body = {"update_id": 4711, **private(1, "你好")}
    stage.say(body)
    assert stage.say(body) == [] and stage.turns_taken() == 1


def test_a_crash_between_turn_and_mark_gives_the_same_turn(stage: Stage) -> None:
    stage.text(1, "你好")
    row = stage.updates()[0]
    with stage.database.write() as session:
        again = session.merge(row)
        again.state, again.done_at, again.attempts = "pending", None, 1
        again.prepared = {**(row.prepared or {}), "text": "你好", "choice": None, "attachments": []}
        again.ready_at = stage.turns.desk.clock()
    before = stage.last_message()
    stage.work()
    assert stage.said_after(before) == [] and stage.turns_taken() == 1 and stage.updates()[0].state == "done"


def test_a_qr_code_brings_the_place(stage: Stage) -> None:
    placed(stage)
    row = stage.conversation(1)
    assert (row.region, row.place["community"], row.place["building"]) == ("donghe", "和平小区", "3")
    assert "和平小区3号楼2单元" in stage.said_after(0)[-1]
    assert "无效" in stage.text(1, "/start nothing")[-1]


def test_a_report_from_words_and_buttons(stage: Stage) -> None:
    number = filed(stage)
    assert number.startswith("LD") and stage.tickets()[0].region == "donghe"
    assert [row.state for row in stage.updates()] == ["done"] * len(stage.updates())
    assert all(row.body == {} for row in stage.updates())


def test_the_menu_speaks_our_own_words(stage: Stage) -> None:
    menu = {"/repair": "坏", "/complain": "反映", "/status": "工单", "/policy": "规定", "/human": "编号"}
    for chat, (command, word) in enumerate(menu.items(), 1):
        placed(stage, chat)
        assert word in "".join(stage.text(chat, command))


def test_any_other_slash_is_plain_text(stage: Stage) -> None:
    placed(stage)
    stage.text(1, "/报修 楼道灯不亮")
    with stage.database.read() as session:
        said = session.scalars(select(MessageRow).where(MessageRow.author == "resident").order_by(MessageRow.id.desc())).first()
    assert said is not None and said.body["text"] == "/报修 楼道灯不亮"


def test_a_foreign_or_made_up_button_is_refused(stage: Stage) -> None:
    stage.text(1, "你好")
    token = stage.buttons()["我要报修"]
    stage.text(2, "你好")
    for bad in (token, "made-up", "x" * 64):
        before = stage.turns_taken()
        assert len(stage.say(tap(2, bad))) == 1
        assert stage.turns_taken() == before
    assert stage.line.tapped == ["q2"] * 3


def test_a_photo_with_words_goes_to_the_report(stage: Stage) -> None:
    placed(stage)
    stage.line.files["p1"] = phone_photo()
    stage.say(photo(1, "p1", caption="单元门坏了"))
    draft = stage.conversation(1).dialogue["draft"]
    assert len(draft["photos"]) == 1 and "单元门坏了" in draft["description"]


def test_an_album_is_one_message(stage: Stage) -> None:
    placed(stage)
    stage.line.files |= {"p1": phone_photo(), "p2": phone_photo(), "p3": phone_photo()}
    before = stage.turns_taken()
    parts = [photo(1, f"p{i}", number=i, media_group_id="g1", **({"caption": "墙皮掉了"} if i == 1 else {})) for i in (1, 2, 3)]
    stage.say(*parts)
    assert stage.turns_taken() == before  # the rest may still be coming
    stage.ahead = timedelta(seconds=2)
    stage.work()
    assert stage.turns_taken() == before + 1
    assert len(stage.conversation(1).dialogue["draft"]["photos"]) == 3


def test_a_photo_that_does_not_come_is_fetched_later_and_the_turn_does_not_wait(stage: Stage) -> None:
    placed(stage)
    said = stage.say(photo(1, "p9", caption="单元门坏了"))
    assert any("附件获取中" in one for one in said) and stage.conversation(1).dialogue["draft"]["photos"] == []
    stage.line.files["p9"] = phone_photo()
    stage.ahead = timedelta(seconds=10)
    assert stage.channel.photos.retry() == 1
    assert len(stage.conversation(1).dialogue["draft"]["photos"]) == 1
    assert stage.channel.photos.retry() == 0


def test_a_photo_that_never_comes_is_said(stage: Stage) -> None:
    said = stage.say(photo(1, "p9"))
    assert "附件获取中" in said[-1] and stage.turns_taken() == 0
    for _ in range(8):
        stage.ahead += timedelta(hours=1)
        stage.channel.photos.retry()
    assert "没能取到" in stage.said_after(0)[-1]
    with stage.database.read() as session:
        assert session.scalars(select(ChannelPhotoRow.state)).all() == ["failed"]
    assert len(stage.line.fetched) == 7


def test_a_file_that_is_no_picture_is_said(stage: Stage) -> None:
    stage.line.files["bad"] = b"%PDF-1.4 not a picture"
    assert "没能收下" in "".join(stage.say(photo(1, "bad", caption="看这个")))
    with stage.database.read() as session:
        assert session.scalars(select(AttachmentRow)).all() == []


def test_a_location_becomes_the_spot(stage: Stage) -> None:
    placed(stage)
    stage.text(1, "楼道灯不亮了")
    stage.say(private(1, location={"latitude": 40.5, "longitude": 110.0}))
    row = stage.conversation(1)
    assert "北纬40.5" in row.place["spot"] and row.dialogue["draft"]["place"]["spot"] == row.place["spot"]


def test_what_cannot_be_read_is_answered_kindly(stage: Stage) -> None:
    for kind in ("voice", "sticker", "video", "audio", "poll", "dice", "video_note", "venue"):
        said = stage.say(private(1, **{kind: {"file_id": "x"}}))
        assert "只看得懂文字" in said[-1] and stage.turns_taken() == 0


def test_an_own_contact_card_is_the_contact(stage: Stage) -> None:
    placed(stage)
    stage.text(1, "楼道灯不亮了，3号楼2单元")
    stage.say(private(1, contact={"phone_number": "+8613800138000", "first_name": "张", "user_id": 1}))
    assert stage.conversation(1).dialogue["draft"]["contact"] == "given"
    foreign = stage.say(private(1, contact={"phone_number": "+8613900139000", "user_id": 2}))
    assert "别人的名片" in foreign[-1]


def test_without_leave_no_phone_is_kept_and_the_page_is_offered(private_stage: Stage) -> None:
    stage = private_stage
    placed(stage)
    said = stage.text(1, "3号楼2单元502漏水，电话13800138000，楼道里都是水管漏的水")
    everything = "".join(said)
    assert "13800138000" not in everything
    with stage.database.read() as session:
        kept = "".join(str(row.body) for row in session.scalars(select(MessageRow)))
    assert "13800138000" not in kept and "2单元502" not in kept
    assert "https://linda.test/t/x" in kept
    assert "https://linda.test/t/x" in stage.say(private(1, contact={"phone_number": "13800138000", "user_id": 1}))[-1]


def test_an_edit_adds_to_the_ticket_and_opens_none(stage: Stage) -> None:
    number = filed(stage)
    first = next(row.message_ref for row in stage.updates() if row.message_ref == 2)
    edited = private(1, "楼道灯不亮了，四楼也不亮", number=first or 0)
    said = stage.say({"edited_message": edited["message"]})
    assert number in said[-1] and len(stage.tickets()) == 1
    with stage.database.read() as session:
        events = session.scalars(select(TicketEventRow).order_by(TicketEventRow.id)).all()
    assert "四楼也不亮" in events[-1].text and events[-1].event == "supplemented"
    unknown = private(1, "别的", number=99999)
    assert "再发一遍" in stage.say({"edited_message": unknown["message"]})[-1]


def test_blocked_and_back(stage: Stage) -> None:
    stage.text(1, "你好")
    where = {"id": 1, "type": "private"}
    for status, blocked in (("kicked", True), ("member", False)):
        change = {"chat": where, "from": {"id": 1}, "new_chat_member": {"status": status, "user": {"id": 110201543}}}
        assert stage.say({"my_chat_member": change}) == []
        with stage.database.read() as session:
            assert (session.get_one(ChannelChatRow, ("telegram", "1")).blocked_at is not None) is blocked


def test_order_is_that_of_the_ids_when_posts_overtook_each_other(stage: Stage) -> None:
    stage.text(1, "你好")
    said = [{"update_id": 900 + i, **private(1, f"第{i}句", number=i)} for i in (3, 1, 4, 2, 5)]
    stage.say(*said)
    with stage.database.read() as session:
        rows = session.scalars(select(MessageRow).where(MessageRow.author == "resident").order_by(MessageRow.id)).all()
    assert [row.body["text"] for row in rows][1:] == [f"第{i}句" for i in range(1, 6)]


def test_ids_that_begin_again_lose_nothing(stage: Stage) -> None:
    stage.say({"update_id": 999_999_999, **private(1, "旧的一句")})
    stage.say({"update_id": 12, **private(1, "新的一句", number=2)}, {"update_id": 13, **private(1, "再一句", number=3)})
    assert stage.turns_taken() == 3


def test_poison_is_put_aside_and_the_next_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.text(1, "你好")
    real = stage.turns.take

    def take(conversation: str, message: Any) -> Any:
        if message.text == "毒":
            raise RuntimeError("poison")
        return real(conversation, message)

    monkeypatch.setattr(stage.turns, "take", take)
    stage.say({"update_id": 1, **private(1, "毒")}, {"update_id": 2, **private(1, "谢谢", number=2)})
    for _ in range(6):
        stage.ahead += timedelta(minutes=1)
        stage.work()
    assert [row.state for row in stage.updates()] == ["done", "dead", "done"]
    said = stage.said_after(0)
    assert "不客气" in said[-1] and len(said) == 4


def test_a_group_hears_policy_and_nothing_personal(stage: Stage) -> None:
    stage.say(in_group(-9, 1, "公共收益多久公示一次"))
    assert stage.said_after(0) == [] and stage.turns_taken() == 0
    said = stage.say(in_group(-9, 1, "@linda_test_bot 公共收益多久公示一次"))
    assert "旗县区" in said[-1]
    region = next(token for title, token in stage.buttons().items() if "东河" in title)
    answered = stage.say({"callback_query": {**tap(1, region)["callback_query"], "message": {"chat": {"id": -9, "type": "supergroup"}}}})
    assert any("公示" in one for one in answered)
    assert any("公示" in one for one in stage.say(in_group(-9, 2, "@linda_test_bot 公共收益多久公示一次", number=5)))


def test_a_group_leads_everything_personal_to_the_private_chat(stage: Stage) -> None:
    for text in ("我家漏水了", "我的电话是13800138000", "查进度", "/status", "公共收益咋公示，我电话13800138000"):
        words = f"{text}@linda_test_bot" if text.startswith("/") else f"@linda_test_bot {text}"
        said = stage.say(in_group(-9, 1, words))
        assert said == ["这件事请跟我私聊，群里不方便说个人情况：https://t.me/linda_test_bot"]
        assert stage.tickets() == [] and stage.turns_taken() == 0


def test_danger_in_a_group_gets_the_safety_line_there_and_the_ticket_in_private(stage: Stage) -> None:
    said = stage.say(in_group(-9, 7, "@linda_test_bot 电梯里关着人！"))
    [ticket] = stage.tickets()
    assert ticket.kind == "emergency"
    with stage.database.read() as session:
        group = session.scalars(select(ConversationRow).where(ConversationRow.channel_address == "-9")).one()
        told = [row.body["text"] for row in session.scalars(select(MessageRow).where(MessageRow.conversation_id == group.id))]
    assert ticket.conversation_id != group.id and "119" in told[-1]
    assert not any(ticket.number in one for one in told) and any(ticket.number in one for one in said)


def test_a_group_that_became_a_supergroup_keeps_its_conversation(stage: Stage) -> None:
    stage.say(in_group(-9, 1, "@linda_test_bot 查进度"))
    before = stage.conversation(-9).id
    stage.say(in_group(-9, 1, "", migrate_to_chat_id=-1009))
    stage.say(in_group(-1009, 1, "@linda_test_bot 查进度"))
    assert stage.conversation(-1009).id == before
