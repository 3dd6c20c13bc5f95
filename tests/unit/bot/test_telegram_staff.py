"""Staff groups: a topic a ticket, one claim, words to the resident and back, and nothing the firewall hides."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from bot.conversations import erase_conversation
from bot.operator_linking import end_chats_of, offer_operator_code, type_operator_code
from config.refusal import Refused
from config.regions import regions
from processes.telegram_staff import read_groups
from storage.models import (
    AuditRow,
    ChannelUpdateRow,
    ConversationRow,
    DeliveryRow,
    MessageRow,
    OperatorChatRow,
    OperatorRow,
    StaffTopicRow,
    TicketEventRow,
)
from storage.personal_data import PersonalData
from tests.faults.fake_bot_api import in_topic, private
from tests.randomness import without_random
from tests.unit.bot.staff_stage import COMPANY, LI, STREET, WANG, ZHAO, Staff, long_database
from tickets.operator import claim, set_state


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def staff(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    """One office for all tests of a dialect: each has its own tickets."""
    folder = tmp_path_factory.mktemp("office")
    with long_database(request.param, folder) as database:
        made = Staff(database, folder)
        for login, chat in (("li", LI), ("wang", WANG), ("zhao", ZHAO)):
            made.link(login, chat)
        yield made


def test_a_ticket_is_one_topic_with_its_card(staff: Staff) -> None:
    number = staff.report(words="楼道灯不亮，我电话13800138000")
    for _ in range(3):
        staff.round()
    told = staff.told(number)
    assert len(told) == 1 and number in told[0] and "和平小区3号楼" in told[0] and "楼道灯不亮" in told[0]
    assert "13800138000" not in told[0] and "502" not in without_random(told[0])
    topic = staff.topic(number)
    assert topic is not None and topic.state == "open" and topic.thread is not None
    with staff.database.read() as session:
        assert session.get_one(ConversationRow, topic.conversation_id).channel_address == f"{STREET}#{topic.thread}"
    assert staff.topic(number, COMPANY) is not None


def test_of_two_operators_one_claims_and_both_see_who(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    assert "由您负责" in staff.tap(number, LI)
    assert staff.tap(number, WANG) == "李娜先认领了这张工单。"
    staff.round()
    assert staff.told(number)[1:] == ["李娜 · 认领", "李娜先认领了这张工单。"]
    assert "李娜 · 认领" in staff.told(number, COMPANY)
    with staff.database.read() as session:
        mine = (TicketEventRow.event == "claimed", TicketEventRow.ticket_id == staff.ticket(number).id)
        assert len(session.scalars(select(TicketEventRow).where(*mine)).all()) == 1
        trail = select(AuditRow).where(AuditRow.action == "ticket_claimed", AuditRow.object == f"ticket:{number}")
        assert len(session.scalars(trail).all()) == 1


def test_a_claim_in_the_console_is_shown_and_a_stranger_claims_nothing(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    assert "哪位值班员" in staff.tap(number, 999)
    assert staff.ticket(number).claimed_by is None
    assert "失效" in staff.tap(number, LI, token="st-made-up")
    with staff.database.write() as session:
        wang = session.scalars(select(OperatorRow).where(OperatorRow.login == "wang")).one()
        row = session.merge(staff.ticket(number))
        claim(session, row, wang, staff.now())
    staff.round()
    assert staff.told(number)[-1] == "王强 · 认领"


def test_words_go_to_the_resident_and_answers_come_back(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    staff.write(number, LI, "师傅姓刘，电话13900139000，三点到502")
    assert staff.heard(number) == ["师傅姓刘，电话13900139000，三点到502"]
    assert staff.ticket(number).claimed_by is not None
    assert staff.told(number)[1:] == ["李娜 · 认领"]  # what was written in the topic is not said there again
    assert staff.resident_says(number, "好的，我电话13800138000")["outcome"] == "handed_off"
    for _ in range(3):
        staff.round()
    assert staff.told(number)[2:] == ["居民：好的，我电话***********"]


def test_what_is_inside_stays_inside(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    colleague = {"message_id": 77, "from": {"id": WANG, "is_bot": False}, "text": "谁去？"}
    staff.write(number, LI, "// 这家催过两次")
    staff.write(number, LI, "我去", reply_to_message=colleague)
    staff.write(number, 999, "// 我只是看看")
    assert staff.heard(number) == [] and staff.told(number)[1:] == []
    with staff.database.read() as session:
        noted = session.scalars(select(TicketEventRow).where(TicketEventRow.event == "noted")).one()
    assert noted.text == "这家催过两次" and not noted.public
    assert not any("催过" in text for text in staff.told(number, COMPANY))


def test_what_cannot_go_out_is_said(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    staff.write(number, 999, "我是新来的")
    staff.write(number, LI, None, photo=[{"file_id": "x", "width": 9, "height": 9}])
    staff.write(number, LI, "/close")
    staff.write(number, LI, "长" * 2001)
    staff.write(number, 1087968824, "匿名管理员", sender_chat={"id": STREET})
    said = staff.told(number)[1:]
    assert [words[:10] for words in said] == [
        "没有发出：还不知道您",
        "没有发出：这里只能转",
        "没有发出：以“/”开",
        "没有发出：太长了，请",
        "没有发出：还不知道您",
    ]
    edited = in_topic(STREET, staff.topic(number).thread or 0, LI, "改一下")  # type: ignore[union-attr]
    staff.say({"edited_message": edited["message"]})
    assert "改动没有转给居民" in staff.told(number)[-1]
    assert staff.heard(number) == []


def test_another_operators_ticket_is_his(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    staff.tap(number, LI)
    staff.write(number, WANG, "我来说两句")
    assert staff.heard(number) == [] and "已由李娜认领" in staff.told(number)[-1]


def test_complaints_never_reach_the_companys_group_nor_their_author_any(staff: Staff) -> None:
    number = staff.report("complaint", "service_attitude", "我是3号楼2单元502的张伟，物业态度差，电话13800138000")
    crime = staff.report("emergency", "crime", "有人打人")
    staff.round()
    assert staff.topic(number, COMPANY) is None and staff.topic(crime, COMPANY) is None
    card = staff.told(number)[0]
    assert "态度差" in card and not any(hidden in without_random(card) for hidden in ("张伟", "502", "3号楼", "13800138000"))
    staff.write(number, LI, "已经收到")
    staff.resident_says(number, "我是502的张伟，谢谢")
    staff.round()
    last = staff.told(number)[-1]
    assert last.startswith("居民：") and not any(hidden in without_random(last) for hidden in ("张伟", "502"))
    street = staff.topic(number)
    assert street is not None
    staff.say(in_topic(STREET, street.thread or 0, ZHAO, "我是物业的，说两句"))
    assert "投诉由街道" in staff.told(number)[-1] and len(staff.heard(number)) == 1


def test_the_company_hears_no_conversation_that_holds_a_complaint(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    staff.write(number, ZHAO, "师傅在路上", group=COMPANY)
    other, mine = staff.ticket(staff.report("complaint", "service_attitude", "态度差")), staff.ticket(number)
    with staff.database.write() as session:
        session.merge(other).conversation_id = mine.conversation_id
    staff.resident_says(number, "物业太差了")
    staff.round()
    assert "不便在本群显示" in staff.told(number, COMPANY)[-1]
    assert staff.told(number)[-1] == "居民：物业太差了"


def test_other_estates_are_not_this_companys(staff: Staff) -> None:
    number = staff.report(community="幸福小区")
    staff.round()
    assert staff.topic(number) is not None and staff.topic(number, COMPANY) is None


def test_the_topic_closes_with_the_ticket_after_all_was_said_and_opens_again(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    with staff.database.write() as session:
        li = session.scalars(select(OperatorRow).where(OperatorRow.login == "li")).one()
        set_state(session, session.merge(staff.ticket(number)), li, "closed", text="灯泡已更换，楼道恢复照明", now=staff.now())
    staff.round()
    topic = staff.topic(number)
    assert topic is not None and topic.state == "closing" and "灯泡已更换" in staff.told(number)[-1]
    with staff.database.write() as session:
        for message in session.scalars(select(MessageRow).where(MessageRow.conversation_id == topic.conversation_id)).all():
            session.add(
                DeliveryRow(
                    message_id=message.id, channel="telegram", address="x", lane=1, state="sent", next_at=staff.now(), made_at=staff.now()
                )
            )
    staff.round()
    assert staff.topic(number).state == "closed"  # type: ignore[union-attr]
    with staff.database.write() as session:
        li = session.scalars(select(OperatorRow).where(OperatorRow.login == "li")).one()
        set_state(session, session.merge(staff.ticket(number)), li, "reopened", text="又不亮了", now=staff.now())
    staff.round()
    assert staff.topic(number).state == "open"  # type: ignore[union-attr]


def test_the_same_update_again_says_nothing_twice(staff: Staff) -> None:
    number = staff.report()
    staff.round()
    thread = staff.topic(number).thread or 0  # type: ignore[union-attr]
    body = {"update_id": 5, **in_topic(STREET, thread, LI, "马上到", number=9)}
    staff.say(body, body)
    with staff.database.write() as session:  # a crash before the mark: the row is pending again with what it said
        row = session.scalars(select(ChannelUpdateRow).where(ChannelUpdateRow.update_id == 5)).one()
        assert row.state == "done" and row.body == {}
    assert staff.heard(number) == ["马上到"]


def test_a_code_has_five_tries_ten_minutes_and_one_use(staff: Staff) -> None:
    staff.hire("zhou", "周正")
    now = staff.now()
    with staff.database.write() as session:
        code = offer_operator_code(session, "telegram", "zhou", "test", now)
        assert type_operator_code(session, "telegram", "1", code, now + timedelta(minutes=10)) is None
        code = offer_operator_code(session, "telegram", "zhou", "test", now)
        for _ in range(5):
            assert type_operator_code(session, "telegram", "2", "AAAAAAAA", now) is None
        with pytest.raises(Refused) as refusal:
            type_operator_code(session, "telegram", "2", code, now)
        assert refusal.value.status == 429
        operator = type_operator_code(session, "telegram", "3", code.lower(), now)
        assert operator is not None and operator.login == "zhou"
        assert type_operator_code(session, "telegram", "4", code, now) is None
        again = offer_operator_code(session, "telegram", "zhou", "test", now)
        assert type_operator_code(session, "telegram", "5", again, now) is not None
        linked = session.scalars(
            select(OperatorChatRow).where(OperatorChatRow.state == "linked", OperatorChatRow.address.in_(["3", "5"]))
        ).all()
        assert [row.address for row in linked] == ["5"] and all(len(row.code_hash) == 64 for row in linked)
        assert end_chats_of(session, "telegram", "zhou", "test", now) and not end_chats_of(session, "telegram", "zhou", "test", now)
        with pytest.raises(Refused):
            offer_operator_code(session, "telegram", "nobody", "test", now)


def test_linking_in_the_chat_and_ending_it(staff: Staff) -> None:
    staff.hire("sun", "孙明", chat=601)
    assert staff.chat(601)[-1].startswith("孙明，您好。")
    number = staff.report()
    staff.round()
    staff.say(private(601, "/unlink"))
    assert "值班员关联已取消" in staff.chat(601)[-1]
    staff.write(number, 601, "我还在吗")
    assert "哪位值班员" in staff.told(number)[-1] and staff.heard(number) == []


def test_a_disabled_operator_says_nothing_any_more(staff: Staff) -> None:
    staff.hire("qian", "钱多", chat=602)
    number = staff.report()
    staff.round()
    with staff.database.write() as session:
        session.execute(update(OperatorRow).where(OperatorRow.login == "qian").values(disabled_at=staff.now()))
    staff.write(number, 602, "我还能说吗")
    assert staff.heard(number) == [] and "哪位值班员" in staff.told(number)[-1]


def test_a_deleted_topic_is_made_again_with_what_was_not_said(staff: Staff) -> None:
    from bot.deliveries import block, make_deliveries
    from bot.undelivered import undelivered
    from tests.faults.telegram_stage import EVERYTHING

    number = staff.report()
    staff.round()
    topic = staff.topic(number)
    assert topic is not None
    with staff.database.write() as session:
        make_deliveries(session, "telegram", undelivered(session, "telegram", EVERYTHING), staff.now())
        block(session, "telegram", f"{STREET}#{topic.thread}", staff.now(), blocked=True)
    staff.round()
    with staff.database.write() as session:
        make_deliveries(session, "telegram", undelivered(session, "telegram", EVERYTHING), staff.now())
    again = staff.topic(number)
    assert again is not None and again.thread != topic.thread and again.state == "open"
    with staff.database.read() as session:
        sent = session.scalars(select(DeliveryRow.address).where(DeliveryRow.state == "waiting")).all()
    assert sent.count(f"{STREET}#{again.thread}") == 2  # the card that was not said, and a new one


def test_erasing_takes_what_the_groups_were_told_and_updates_not_worked_off(staff: Staff, tmp_path: Path) -> None:
    number = staff.report()
    staff.round()
    staff.say(private(7, "你好"))
    with staff.database.write() as session:
        chat = session.scalars(select(ConversationRow).where(ConversationRow.channel_address == "7")).one()
        row = session.merge(staff.ticket(number))
        row.conversation_id = chat.id
        topic = session.scalars(select(StaffTopicRow).where(StaffTopicRow.ticket_id == row.id).limit(1)).one()
        for state, place in (("pending", "7"), ("dead", "7"), ("pending", "8")):
            session.add(
                ChannelUpdateRow(
                    channel="telegram", update_key=f"{state}{place}", update_id=1, address=place, kind="message", state=state, attempts=0,
                    body={"message": {"text": "我叫张三"}}, prepared={"text": "我叫张三"}, ready_at=staff.now(), received_at=staff.now(),
                )
            )  # fmt: skip
    with staff.database.write() as session:
        erase_conversation(session, session.get_one(ConversationRow, chat.id), PersonalData(tmp_path / "k"), staff.now())
    with staff.database.read() as session:
        mine = session.scalars(select(ChannelUpdateRow).where(ChannelUpdateRow.address == "7")).all()
        assert mine and all(one.body == {} and "text" not in (one.prepared or {}) and one.state != "pending" for one in mine)
        other = session.scalars(select(ChannelUpdateRow).where(ChannelUpdateRow.address == "8")).one()
        assert other.body and other.state == "pending"
        assert session.scalar(select(func.count()).where(MessageRow.conversation_id == topic.conversation_id)) == 0


def test_the_setting_is_read_with_all_its_faults() -> None:
    groups = read_groups("-1001234567890=street/donghe;-1009876543210=company/donghe/和平小区+幸福小区", regions())
    assert [(g.side, g.regions, g.communities) for g in groups] == [
        ("street", ("donghe",), ()),
        ("company", ("donghe",), ("和平小区", "幸福小区")),
    ]
    assert read_groups("", regions()) == ()
    with pytest.raises(Refused) as refusal:
        read_groups("123=street/donghe;-1001234567890=board/nowhere;-1001234567890=street", regions())
    for fault in ("不是群号", "没有“board”这一方", "没有地区 nowhere", "写了两次", "没有写地区"):
        assert fault in refusal.value.reason


def test_two_tickets_of_one_conversation_hear_each_its_own_answers(staff: Staff) -> None:
    first, second = staff.report(words="灯不亮"), staff.report(words="水管漏水", category="water_supply")
    with staff.database.write() as session:
        row = session.merge(staff.ticket(second))
        row.conversation_id = staff.ticket(first).conversation_id
    staff.round()
    staff.write(first, LI, "灯的事我来")
    staff.resident_says(first, "谢谢李师傅")
    staff.write(second, LI, "水的事也是我")
    staff.resident_says(first, "水管明天修吗")
    staff.round()
    assert "居民：谢谢李师傅" in staff.told(first) and "居民：水管明天修吗" not in staff.told(first)
    assert "居民：水管明天修吗" in staff.told(second) and "居民：谢谢李师傅" not in staff.told(second)
