"""An ending says what was done; an empty phrase, a promise or the resident's own words come back with the reason."""

import pytest

from config.refusal import Refused
from storage.attachments import KeptPhoto
from storage.models import TicketEventRow
from tickets.operator import add_proof, set_state
from tickets.reply_quality import lack_of, needs_photo
from tickets.resident import dispute_fixed

PHOTO = KeptPhoto("x.jpg", "image/jpeg", 10, 64, 48)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("已处理", "hollow"),
        ("已经处理完毕。", "hollow"),
        ("已解决，感谢您的支持", "hollow"),
        ("已转交相关部门处理", "hollow"),
        ("已派人现场查看", "hollow"),
        ("物业已安排维修人员处理", "hollow"),
        ("收到", "hollow"),
        ("问题已妥善解决，请放心", "hollow"),
        ("已联系物业公司，物业公司已安排工作人员进行处理", "hollow"),
        ("您好，您反映的问题已收到，我们会尽快落实", "hollow"),
        ("。。。", "hollow"),
        ("OK", "hollow"),
        ("已反馈给社区，由社区处理", "hollow"),
        ("师傅明天上门维修门锁", "promise"),
        ("配件正在采购，等待到货后更换", "promise"),
        ("三单元门口的污水井往外冒脏水", "copied"),
    ],
)
def test_what_says_nothing_is_sent_back_and_why(text, code):
    lack = lack_of(text, "三单元门口污水井往外冒脏水")
    assert lack is not None
    assert lack.code == code
    assert lack.reason
    assert lack.remedy


@pytest.mark.parametrize(
    "text",
    [
        "换了灯泡",
        "修好了",
        "已退费",
        "好了，灯亮了",
        "已更换三楼声控灯，试过能亮",
        "疏通了主下水管，清出一团布",
        "已清运垃圾两车，今后每天一清",
        "师傅上门换了水龙头的阀芯，不漏了",
        "约谈了该住户，已拆除私搭棚子",
        "已恢复供水",
        "维修资金申请缺三分之二业主签字，已书面告知差哪些户",
        "经核实，停车费按发改委备案价收取，已把多收的30元退到微信",
    ],
)
def test_what_says_what_was_done_passes(text):
    assert lack_of(text, "三单元门口污水井往外冒脏水") is None


def test_an_operator_is_told_why_and_nothing_changes(database, build, now):
    with database.write() as session:
        row, clerk = build.ticket(session, now), build.operator(session)
        with pytest.raises(Refused) as refused:
            set_state(session, row, clerk, "resolved", text="已处理", now=now)
        assert (refused.value.code, refused.value.status) == ("reply_hollow", 422)
        assert "已处理" in refused.value.reason
        assert row.state == "submitted"
        set_state(session, row, clerk, "in_progress", text="已安排", now=now)
        set_state(session, row, clerk, "resolved", text="换了三楼的灯泡", now=now)
        set_state(session, row, clerk, "closed", now=now)


def test_what_can_be_seen_needs_a_photo(database, build, now):
    assert needs_photo("road_surface")
    assert not needs_photo("lighting")
    with database.write() as session:
        row, clerk = build.ticket(session, now, category="road_surface", description="井盖丢了"), build.operator(session)
        with pytest.raises(Refused) as refused:
            set_state(session, row, clerk, "resolved", text="装上了新井盖", now=now)
        assert refused.value.code == "photo_missing"
        add_proof(session, row, clerk, PHOTO, now)
        set_state(session, row, clerk, "resolved", text="装上了新井盖", now=now)
        events = [e.event for e in session.query(TicketEventRow).filter(TicketEventRow.ticket_id == row.id)]
        assert events == ["opened", "proof", "resolved"]
        later = now.replace(hour=5)
        dispute_fixed(session, row, text="又丢了", now=later)
        with pytest.raises(Refused) as again:  # the photo of the first time proves nothing about the second
            set_state(session, row, clerk, "resolved", text="又装上了井盖并加了锁", now=later)
        assert again.value.code == "photo_missing"
