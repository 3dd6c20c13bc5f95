"""Days as people say them, and the events they belong to."""

from datetime import date

import pytest

from committee.event_words import event_patterns, events_meant
from committee.procedures import Procedures
from committee.spoken_day import day_said, names_a_day, without_day
from committee.timetable import events_of

TODAY = date(2026, 11, 20)  # a Friday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("计划12月20号开会", date(2026, 12, 20)),
        ("十二月二十号开会", date(2026, 12, 20)),
        ("定在明年1月10号", date(2027, 1, 10)),
        ("计划1月10日开大会", date(2027, 1, 10)),
        ("11月3号选出来的", date(2026, 11, 3)),
        ("去年12月30号选的", date(2025, 12, 30)),
        ("2026年12月5日", date(2026, 12, 5)),
        ("2026-12-05", date(2026, 12, 5)),
        ("下周六开会", date(2026, 11, 28)),
        ("周日开会", date(2026, 11, 22)),
        ("明天开会", date(2026, 11, 21)),
        ("大后天", date(2026, 11, 23)),
        ("昨天办完了", date(2026, 11, 19)),
        ("25号开会", date(2026, 11, 25)),
        ("5号开会", date(2026, 12, 5)),
        ("下个月5号", date(2026, 12, 5)),
        ("12/20开会", date(2026, 12, 20)),
    ],
)
def test_the_day_meant(text: str, day: date) -> None:
    assert names_a_day(text)
    assert day_said(text, TODAY) == day


@pytest.mark.parametrize("text", ["3号楼2单元", "要15天", "1200户12万平", "第三步", "参加850户", "1/2同意的户数占比不说", "没有日子"])
def test_no_day(text: str) -> None:
    assert day_said(text.replace("1/2", "一半"), TODAY) is None


def test_a_day_that_is_not_in_the_calendar() -> None:
    assert names_a_day("2月30号开会") and day_said("2月30号开会", TODAY) is None


@pytest.mark.parametrize(
    ("procedure", "text", "event"),
    [
        ("first_formation", "计划12月20号开会", "general_meeting"),
        ("first_formation", "11月3号业委会选出来了", "election"),
        ("first_formation", "申请10月8号交上去的", "written_application"),
        ("first_formation", "筹备组10月20号成立的", "preparatory_group_formed"),
        ("renewal", "任期明年3月1号到期", "term_end"),
        ("committee_meeting", "下周六业委会开会", "committee_meeting"),
        ("select_company", "合同12月1号签的", "contract_signed_or_changed"),
        ("exit_handover", "合同12月31号到期", "contract_expiry"),
        ("dispute", "上周才知道这个决定", None),
    ],
)
def test_the_event_meant(procedure: str, text: str, event: str | None) -> None:
    meant = events_meant(without_day(text), events_of(Procedures.load(), procedure))
    assert (meant[0] if meant else None) == (event or "decision_known")


def test_every_event_can_be_said() -> None:
    procedures = Procedures.load()
    events = {event for name, _ in procedures.titles() for event in events_of(procedures, name)}
    assert events <= set(event_patterns())
    assert all(procedures.words.has(f"event_{event}") for event in event_patterns())
