"""The side complained about never learns who complained, from no field of no view."""

import json

import pytest

from config.refusal import Refused
from storage.database import Database
from storage.models import OutboxRow
from tests.randomness import without_random
from tickets.change_ticket import Change, change_ticket
from tickets.firewall import hide_author
from tickets.resident import supplement
from tickets.ticket import ticket_record
from understanding.reading import Place


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("我家3号楼2单元502楼道没人扫", "502"),
        ("我家和平小区3-2-502物业老停水", "3-2-502"),
        ("我住5楼，物业不管", "5楼"),
        ("我就住12号楼东户，保安脱岗", "12号楼"),
        ("我是502的业主，他们乱收费", "502"),
        ("我们家三栋二单元501，物业费涨价没通知", "501"),
        ("我叫李建国，物业涨价", "李建国"),
        ("我姓王，保安骂人", "王"),
        ("加我微信abc12345细说", "abc12345"),
        ("联系人：张大妈", "张大妈"),
    ],
)
def test_the_authors_own_door_and_name_go(text, gone):
    assert gone not in hide_author(text)


@pytest.mark.parametrize(
    "text",
    [
        "我家一直漏水",
        "我家2天没水了",
        "我家交了1200元物业费",
        "我家楼上502天天闹到半夜",
        "我家隔壁301养了五条狗",
        "3号楼2单元楼道堆杂物",
        "我们是第一次投诉",
        "物业把12号楼的电停了",
    ],
)
def test_the_matter_itself_stays(text):
    assert hide_author(text) == text


@pytest.mark.parametrize("audience", ["company", "queue"])
def test_a_complaint_shows_nothing_of_its_author(database: Database, build, now, audience):
    with database.write() as session:
        row = build.ticket(
            session,
            now,
            kind="complaint",
            category="fees",
            place=Place("和平小区", "3", "2", "502", None),
            description="我叫李建国，我家3号楼2单元502，电话13812345678，身份证150202198001011234，物业乱收费",
        )
        supplement(session, row, text="我是502的业主，座机0472-4112233", now=now)
        change_ticket(session, row, Change("noted", "office", "李建国来过电话", public=False), now)
        record = {**ticket_record(session, row, audience=audience), "number": ""}  # its random digits may hold anything
        shown = json.dumps(record, ensure_ascii=False)
        for secret in ("李建国", "502", "13812345678", "150202198001011234", "4112233"):
            assert secret not in without_random(shown)
        assert "物业乱收费" in shown
        whole = json.dumps(ticket_record(session, row, audience="resident"), ensure_ascii=False)
        assert "13812345678" in whole
        assert "502" in whole


TOLD = [
    ("我是和平小区3号楼2单元502的张伟，13947200003，我要投诉物业经理骂人", ("张伟", "3号楼", "502", "0003"), "投诉物业经理骂人"),
    ("3号楼2单元502业主张伟投诉物业乱收费，电话13947200003", ("张伟", "3号楼", "502", "0003"), "投诉物业乱收费"),
    ("业主张伟反映电梯广告费去向不明", ("张伟",), "反映电梯广告费去向不明"),
    ("我是张伟，住和平小区3号楼2单元502，物业停电催费", ("张伟", "3号楼", "502"), "物业停电催费"),
    ("俺是5栋1单元301的住户刘桂兰，保安脱岗", ("刘桂兰", "5栋", "301"), "保安脱岗"),
    ("张伟 13947200003 物业不给开发票", ("张伟", "0003"), "物业不给开发票"),
    ("投诉人：王秀英，投诉物业态度差", ("王秀英",), "投诉物业态度差"),
    ("本人赵国强，家住12号楼3单元1201室，物业踢皮球", ("赵国强", "12号楼", "1201"), "物业踢皮球"),
    ("我住三号楼二单元五楼，叫我小张就行，保安骂人", ("三号楼", "五楼", "小张"), "保安骂人"),
    ("我们502室的物业费被多收了，联系人王阿姨 139-4720-0003", ("502", "王阿姨", "0003"), "物业费被多收了"),
    ("我妈住3号楼2单元101，姓陈，物业不给修就催费", ("3号楼", "101", "陈"), "物业不给修就催费"),
    ("物业公司不公示收支。和平小区3号楼2单元502 张伟", ("张伟", "3号楼", "502"), "物业公司不公示收支"),
    ("我是住在和平小区的乌云其其格，物业卡着充电", ("乌云其其格",), "物业卡着充电"),
    ("我是业主张伟，身份证150202198001011234，投诉王经理骂人", ("张伟", "1234"), "投诉王经理骂人"),
]


@pytest.mark.parametrize(("text", "gone", "stays"), TOLD)
@pytest.mark.parametrize("audience", ["company", "queue"])
def test_nothing_of_the_complainant_in_what_they_wrote(database, build, now, text, gone, stays, audience):
    with database.write() as session:
        place = Place("和平小区", "3", "2", "502", None)
        row = build.ticket(session, now, kind="complaint", category="service_attitude", place=place, description=text)
        change_ticket(session, row, Change("accepted", "office", f"收到：{text}", state="accepted"), now)
        record = {**ticket_record(session, row, audience=audience), "number": "", "clocks": [], "opened_at": ""}
        for line in record["history"]:
            line["at"] = ""
        shown = json.dumps(record, ensure_ascii=False)
        assert not [secret for secret in gone if secret in shown]
        assert stays in record["description"]
        assert {k: v for k, v in record["place"].items() if v} == {"region": "donghe", "community": "和平小区"}


def test_a_name_once_said_goes_from_every_line(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, kind="complaint", category="fees", description="我是3号楼的张伟，物业乱收费")
        change_ticket(session, row, Change("accepted", "office", "已与张伟核实", state="accepted"), now)
        for audience in ("company", "queue"):
            assert "张伟" not in json.dumps(ticket_record(session, row, audience=audience), ensure_ascii=False)
        for event in session.query(OutboxRow):
            assert "张伟" not in json.dumps(event.payload, ensure_ascii=False)


@pytest.mark.parametrize(("category", "building"), [("fire_lane", "3"), ("environment", "3"), ("fees", None), ("service_attitude", None)])
def test_the_building_stays_only_where_the_place_is_the_matter(database: Database, build, now, category, building):
    with database.write() as session:
        row = build.ticket(session, now, kind="complaint", category=category, description="没人管")
        for audience in ("company", "queue"):
            place = ticket_record(session, row, audience=audience)["place"]
            assert (place["building"], place["unit"], place["room"]) == (building, None, None)
        assert ticket_record(session, row, audience="office")["place"]["room"] == "502"


@pytest.mark.parametrize("category", ["crime", "self_harm"])
def test_the_company_gets_no_record_of_what_it_must_not_learn(database: Database, build, now, category):
    with database.write() as session:
        row = build.ticket(session, now, kind="emergency", category=category, description="有人打我")
        with pytest.raises(Refused):
            ticket_record(session, row, audience="company")
        assert ticket_record(session, row, audience="office")["place"]["room"] == "502"


def test_a_complaint_is_not_asked_whether_it_is_mended(database: Database, build, now, said):
    with database.write() as session:
        for kind, category, words in (("complaint", "fees", "有结果了，不满意直接说"), ("repair", "lighting", "修好了")):
            row = build.ticket(session, now, kind=kind, category=category)
            change_ticket(session, row, Change("resolved", "office", "已处理完毕", state="resolved"), now)
            assert words in said(session, row)[-1]
            assert ("修好" in said(session, row)[-1]) is (kind == "repair")


@pytest.mark.parametrize("audience", ["company", "queue"])
def test_a_repair_keeps_its_door_but_no_phone(database: Database, build, now, audience):
    with database.write() as session:
        row = build.ticket(session, now, description="我家3号楼2单元502水管漏，电话一三八一二三四五六七八")
        record = ticket_record(session, row, audience=audience)
        assert record["place"]["room"] == "502"
        assert "3号楼2单元502水管漏" in record["description"]
        assert "一三八" not in record["description"]


@pytest.mark.parametrize("audience", ["resident", "company", "office", "queue"])
def test_no_audience_gets_the_person(database: Database, build, now, audience):
    from storage.models import PersonRow

    with database.write() as session:
        session.add(PersonRow(id="person-77", created_at=now))
        session.flush()
        row = build.ticket(session, now, person_id="person-77")
        shown = json.dumps(ticket_record(session, row, audience=audience))
        assert "person-77" not in shown
        assert row.conversation_id not in json.loads(shown).values()


@pytest.mark.parametrize("category", ["crime", "self_harm"])
def test_of_what_the_company_must_not_learn_the_queue_gets_only_the_estate(database, build, now, category):
    place = Place(community="和平小区", building="3", unit="2", room="502", spot="厨房")
    with database.write() as session:
        row = build.ticket(session, now, kind="emergency", category=category, place=place, description="有人在502要跳楼")
        supplement(session, row, text="她在阳台上", now=now)
        record = ticket_record(session, row, audience="queue")
        sent = [event.payload for event in session.query(OutboxRow).filter(OutboxRow.subject == row.number)]
        said = json.dumps([record, *sent], ensure_ascii=False)
        for secret in ("502", "厨房", "阳台", "跳楼"):
            assert secret not in without_random(said)
        assert record["place"] == {"region": "donghe", "community": "和平小区", "building": None, "unit": None, "room": None, "spot": None}
        assert ticket_record(session, row, audience="office")["place"]["room"] == "502"
