"""Figures counted by hand on a small estate: trends against the year before, the plans' own promises, and the agenda."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import true

from config.refusal import Refused
from config.regions import regions
from tests.randomness import without_random
from tickets.agenda import agenda, meeting
from tickets.callbacks import draw_callbacks, due_callbacks, everything, rate, record_callback
from tickets.causes import causes, set_cause, suggested_cause
from tickets.change_ticket import Change, change_ticket
from tickets.figures import Period, figures, month_period, monthly, trends, year_to_date
from tickets.followers import join
from tickets.joint import ask_unit
from tickets.ladder import sweep
from understanding.reading import Place

HEPING = Place(community="和平小区", building="3", unit="2", room="502")


def value_of(found, name, plan=None):
    return next(f for f in found if f.target.id == name and plan in (None, f.target.source.plan))


def test_periods_are_those_of_the_place():
    november = month_period(2026, 11, "Asia/Shanghai")
    assert november == Period(datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC))
    assert november.in_year(1, "Asia/Shanghai") == month_period(2025, 11, "Asia/Shanghai")
    assert month_period(2026, 12, "Asia/Shanghai").end == month_period(2027, 1, "Asia/Shanghai").start
    leap = Period(datetime(2028, 2, 28, 16, tzinfo=UTC), datetime(2028, 2, 29, 16, tzinfo=UTC))
    assert leap.in_year(1, "Asia/Shanghai").start == datetime(2027, 2, 27, 16, tzinfo=UTC)
    start = year_to_date(datetime(2026, 1, 1, 3, tzinfo=UTC), "Asia/Shanghai").start
    assert start == datetime(2025, 12, 31, 16, tzinfo=UTC)


def test_what_keeps_coming_back_against_the_year_before(database, build, now):
    with database.write() as session:
        for days, category in ((0, "lighting"), (1, "lighting"), (2, "elevator"), (365, "lighting"), (366, "heating"), (367, "heating")):
            build.ticket(session, now - timedelta(days=days), category=category, place=HEPING, description="坏了")
        period = month_period(2026, 11, "Asia/Shanghai")
        found = {t.key: (t.count, t.before, t.change) for t in trends(session, true(), "category", period)}
        assert found == {"lighting": (2, 1, 100.0), "elevator": (1, 0, None), "heating": (0, 2, -100.0)}
        assert [(t.key, t.count, t.before) for t in trends(session, true(), "company", period)] == [("和平小区（企业未登记）", 3, 3)]
        assert [(t.key, t.count) for t in trends(session, true(), "community", period)] == [("和平小区", 3)]
        assert monthly(session, true(), 2026, "Asia/Shanghai") == [0] * 10 + [3, 0]


def test_the_cause_an_operator_said_counts_before_the_words(database, build, now):
    assert suggested_cause("收费涨价没通知", "") == "poor_contact"
    assert suggested_cause("楼道灯不亮", "线路老化，换了新线") == "late_upkeep"
    assert suggested_cause("灯不亮", "") == "unknown"
    with database.write() as session:
        row, clerk = build.ticket(session, now, description="楼道灯线路老化"), build.operator(session)
        build.ticket(session, now, description="灯不亮")
        period = month_period(2026, 11, "Asia/Shanghai")
        assert {t.key: t.count for t in trends(session, true(), "cause", period)} == {"late_upkeep": 1, "unknown": 1}
        set_cause(session, row, clerk, "weather", now)
        assert {t.key: t.count for t in trends(session, true(), "cause", period)} == {"weather": 1, "unknown": 1}
        with pytest.raises(Refused):
            set_cause(session, row, clerk, "witchcraft", now)
    assert [c for c in causes().values() if c.plan] == [causes()["late_upkeep"], causes()["poor_contact"]]


def test_the_promises_of_donghe_are_counted_by_their_clause(database, build, now):
    end = now + timedelta(days=2)
    with database.write() as session:
        clerk = build.operator(session)
        quick, slow = (build.ticket(session, now, property_form="market", place=HEPING) for _ in range(2))
        change_ticket(session, quick, Change("accepted", "王师傅", state="accepted"), now + timedelta(minutes=10))
        change_ticket(session, slow, Change("accepted", "王师傅", state="accepted"), now + timedelta(minutes=50))
        for row in (quick, slow):
            change_ticket(session, row, Change("resolved", "王师傅", "换了灯泡", state="resolved"), now + timedelta(hours=20))
        rate(session, quick, 5, "", now + timedelta(hours=21))
        draw_callbacks(session, now + timedelta(hours=22))
        calls = {ticket.id: call for call, ticket in due_callbacks(session, everything())}
        record_callback(session, calls[slow.id], clerk, "partly", "慢", now + timedelta(hours=23))
        build.ticket(session, now, kind="complaint", category="environment", property_form="market", place=HEPING, description="没人扫")
        for _ in range(2):
            last_year = now - timedelta(days=360)
            build.ticket(session, last_year, kind="complaint", category="environment", property_form="market", description="没人扫")
        build.ticket(session, now, property_form="community", place=HEPING)
        period = Period(now - timedelta(days=1), now + timedelta(days=3))
        year = Period(now - timedelta(days=300), now + timedelta(days=10))
        found = figures(session, regions()["donghe"], period, end)
        response = value_of(found, "response_in_time")
        assert (response.value, response.target.source.clause) == (50.0, "三（二）1")
        assert (value_of(found, "satisfaction").value, value_of(found, "satisfaction").met) == (50.0, False)
        assert (value_of(found, "callback_rate").value, value_of(found, "callback_rate").met) == (50.0, False)
        assert value_of(found, "handle_in_time").value == 0.0  # 20 hours, and nobody began within 12
        assert value_of(found, "resolve_in_time").value == 100.0
        assert (value_of(found, "resolve_cycle").value, value_of(found, "resolve_cycle").met) == (2.0, True)
        drop = value_of(figures(session, regions()["donghe"], year, end), "complaints_drop", "nmg-2026")
        assert (drop.value, drop.met) == (50.0, True)
        named = {f.target.id: f.why for f in found if f.why}
        assert named["repair_in_time"] == "文件没有写“及时”是多久"
        assert all(f.why for f in found if f.value is None)


def test_a_base_year_cannot_be_compared_with_itself(database, build, now):
    with database.read() as session:
        period = month_period(2025, 3, "Asia/Shanghai")
        drop = value_of(figures(session, regions()["nmg"], period, now), "complaints_drop")
        assert (drop.value, drop.why) == (None, "基期是 2025 年，之后的年份才能比")


def test_the_agenda_holds_what_must_be_settled_and_nobodys_name(database, build, now):
    with database.write() as session:
        clerk = build.operator(session)
        late = build.ticket(session, now - timedelta(days=3), property_form="market", place=HEPING, description="我叫李建国，楼道灯不亮")
        met = build.ticket(session, now, category="elevator", place=HEPING, description="电梯停了")
        for _ in range(3):
            join(session, met, build.conversation(session).id, None, "", now)
        quiet = build.ticket(session, now, category="heating", place=HEPING, description="暖气不热")
        ask_unit(session, met, "市场监管局", "查电梯维保 <单位> & 资质，电话13812345678", clerk, now)
        build.ticket(session, now - timedelta(days=25), place=HEPING, description="灯坏了")
    sweep(database, now)
    with database.read() as session:
        data = agenda(session, meeting("donghe", "和平小区", "2026-11"), now)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        text = file.read("word/document.xml").decode()
    title = "和平小区2026年11月物业诉求协调会议程"
    for wanted in (title, late.number, met.number, "4 人反映", "超时", "市场监管局", "三（一）2", "新报 1 件"):
        assert wanted in text, wanted
    assert "&lt;单位&gt; &amp; 资质" in text
    assert quiet.number not in text
    for hidden in ("李建国", "13812345678", "502", "{{", "{%"):
        assert hidden not in without_random(text), hidden


@pytest.mark.parametrize(
    "wrong", [("atlantis", "和平小区", "2026-11"), ("donghe", " ", "2026-11"), ("donghe", "和平小区", "2026-13"), ("donghe", "和平", "x")]
)
def test_a_meeting_that_is_none_is_refused(wrong):
    with pytest.raises(Refused):
        meeting(*wrong)
