"""Dates of the procedures: counting rules, days off, year ends, Spring Festival; golden files for each procedure."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from committee.ics import Entry, calendar_text
from committee.procedures import Procedures
from committee.reckoning import backward, forward, period_ends, plus_months
from committee.timetable import events_of, timetable
from committee.workdays import Workdays, read_workdays
from config.refusal import Refused
from config.words import Words

SAY = Words()
DAYS = read_workdays()
GOLDEN = Path(__file__).parent / "golden"
# One date for every event of every procedure, around a year end and a Spring Festival.
SPRING = {
    "written_application": date(2025, 12, 18), "general_meeting": date(2026, 1, 31), "preparatory_group_formed": date(2025, 11, 18),
    "election": date(2026, 1, 31), "term_start": date(2021, 2, 17), "term_end": date(2026, 2, 28), "membership_end": date(2026, 2, 13),
    "filing_content_changed": date(2026, 1, 20), "decision_known": date(2025, 2, 17), "third_of_members_proposal": date(2026, 2, 9),
    "committee_meeting": date(2026, 1, 5), "committee_decision": date(2026, 2, 14), "contract_signed_or_changed": date(2026, 2, 11),
    "contract_termination": date(2026, 3, 1), "contract_expiry": date(2026, 3, 31), "mediation_agreement_effective": date(2026, 1, 17),
    "right_infringed_known": date(2023, 1, 1), "today": date(2025, 12, 31),
}  # fmt: skip
# The same around Mid-Autumn, National Day with its make-up Saturday (10 October 2026), and the year end behind which nothing is announced.
AUTUMN = {
    "written_application": date(2026, 8, 4), "general_meeting": date(2026, 10, 9), "preparatory_group_formed": date(2026, 7, 5),
    "election": date(2026, 9, 26), "term_start": date(2021, 10, 3), "term_end": date(2026, 12, 31), "membership_end": date(2026, 9, 30),
    "filing_content_changed": date(2026, 9, 3), "decision_known": date(2025, 10, 5), "third_of_members_proposal": date(2026, 9, 28),
    "committee_meeting": date(2026, 10, 8), "committee_decision": date(2026, 9, 29), "contract_signed_or_changed": date(2026, 9, 29),
    "contract_termination": date(2026, 12, 1), "contract_expiry": date(2027, 1, 1), "mediation_agreement_effective": date(2026, 12, 2),
    "right_infringed_known": date(2023, 10, 4), "today": date(2026, 9, 30),
}  # fmt: skip
SEASONS = {"": SPRING, "autumn": AUTUMN}


@pytest.fixture(scope="module")
def procedures() -> Procedures:
    return Procedures.load()


@pytest.mark.parametrize(
    ("start", "length", "last"),
    [
        (date(2026, 11, 20), "P7D", date(2026, 11, 27)),  # the first day does not count
        (date(2026, 1, 18), "P30D", date(2026, 2, 24)),  # ends in Spring Festival (to 23 February): moves behind it
        (date(2026, 2, 11), "P3D", date(2026, 2, 14)),  # a make-up Saturday is a working day
        (date(2025, 12, 2), "P30D", date(2026, 1, 4)),  # New Year; 4 January is a make-up Sunday
        (date(2026, 9, 30), "P7D", date(2026, 10, 8)),
        (date(2025, 11, 30), "P3M", date(2026, 2, 28)),  # no 30 February; the 28th is a make-up Saturday
        (date(2024, 2, 29), "P1Y", date(2025, 2, 28)),
        (date(2026, 2, 11), "7WD", date(2026, 2, 27)),  # 12, 13, 14 (make-up), 24, 25, 26, 27 February
        (date(2026, 9, 28), "7WD", date(2026, 10, 13)),  # 29, 30 September, 8, 9, 10 (make-up), 12, 13 October
    ],
)
def test_forward(start: date, length: str, last: date) -> None:
    assert forward(start, length, DAYS, SAY).day == last


@pytest.mark.parametrize(
    ("event", "length", "last"),
    [
        (date(2026, 12, 20), "P15D", date(2026, 12, 4)),  # 5 to 19: fifteen whole days
        (date(2027, 1, 10), "P15D", date(2026, 12, 25)),
        (date(2026, 3, 1), "P60D", date(2025, 12, 30)),
        (date(2026, 5, 31), "P3M", date(2026, 2, 27)),
    ],
)
def test_backward(event: date, length: str, last: date) -> None:
    reckoned = backward(event, length, SAY)
    assert reckoned.day == last
    if length.endswith("D"):
        assert (event - last).days - 1 == int(length[1:-1])


def test_a_term_of_office_is_not_moved_by_a_day_off() -> None:
    assert forward(date(2021, 2, 17), "P5Y", DAYS, SAY, moves=False).day == date(2026, 2, 17)
    assert forward(date(2021, 2, 17), "P5Y", DAYS, SAY).day == date(2026, 2, 24)


@pytest.mark.parametrize("length", ["", "30", "P3W", "PT12H", "P-3D"])
def test_what_is_no_length_is_an_error(length: str) -> None:
    with pytest.raises(ValueError, match="not a length"):
        forward(date(2026, 1, 1), length, DAYS, SAY)
    with pytest.raises(ValueError, match="not a length"):
        backward(date(2026, 1, 1), length, SAY)


def test_months() -> None:
    assert plus_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert plus_months(date(2026, 1, 31), -2) == date(2025, 11, 30)
    assert plus_months(date(2026, 12, 1), 1) == date(2027, 1, 1)


def test_period_ends() -> None:
    assert period_ends(date(2025, 12, 31), "P3M", 3) == [date(2025, 12, 31), date(2026, 3, 31), date(2026, 6, 30)]
    assert period_ends(date(2026, 1, 1), "P1M", 2) == [date(2026, 1, 31), date(2026, 2, 28)]
    assert period_ends(date(2026, 5, 5), "P1Y", 2) == [date(2026, 12, 31), date(2027, 12, 31)]


def test_overrides_correct_the_calendar() -> None:
    moved = Workdays(2026, {date(2026, 11, 27): False})
    assert forward(date(2026, 11, 20), "P7D", moved, SAY).day == date(2026, 11, 30)


def test_a_year_not_announced_is_said(procedures: Procedures) -> None:
    table = timetable(procedures, "committee_meeting", "donghe", {"committee_decision": date(2027, 2, 4)})
    assert any("没公布放假安排" in warning for warning in table.warnings)
    sure = timetable(procedures, "committee_meeting", "donghe", {"committee_decision": date(2026, 3, 2)})
    assert sure.warnings == ()


def test_the_election_is_on_the_day_of_the_meeting_unless_told(procedures: Procedures) -> None:
    meeting = {"general_meeting": date(2026, 3, 10)}
    filing = next(line for line in timetable(procedures, "renewal", "donghe", meeting).lines if line.step == "备案")
    assert filing.on == date(2026, 4, 9)
    later = {**meeting, "election": date(2026, 3, 12)}
    assert next(line for line in timetable(procedures, "renewal", "donghe", later).lines if line.step == "备案").on == date(2026, 4, 13)


def test_what_is_not_known_is_waited_for(procedures: Procedures) -> None:
    table = timetable(procedures, "renewal", "donghe", {})
    assert table.lines == ()
    assert "业主大会会议的日子" in table.waiting and "本届任期届满的日子" in table.waiting


def test_an_event_of_another_procedure_is_refused(procedures: Procedures) -> None:
    with pytest.raises(Refused):
        timetable(procedures, "committee_meeting", "donghe", {"term_end": date(2026, 1, 1)})


def test_every_event_has_words(procedures: Procedures) -> None:
    for name, _ in procedures.titles():
        for event in events_of(procedures, name):
            assert SAY(f"event_{event}")


def _told(procedures: Procedures, name: str, season: str) -> str:
    known = {event: day for event, day in SEASONS[season].items() if event in {*events_of(procedures, name), "today"}}
    table = timetable(procedures, name, "donghe", known)
    rows = [f"{line.on} {line.step}（{line.who}）{line.text}\n    {line.why}" for line in table.lines]
    return "\n".join([table.title, *rows, "等：" + "、".join(table.waiting), *table.warnings]) + "\n"


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize(
    "name",
    [
        "first_formation", "renewal", "by_election_recall", "general_meeting", "committee_meeting", "common_revenue_disclosure",
        "fund_general", "fund_emergency", "select_company", "dismiss_company", "exit_handover", "transitional_body", "dispute",
    ],
)  # fmt: skip
def test_golden(procedures: Procedures, name: str, season: str) -> None:
    """The files were read and counted by hand; a change in them is a change in what people are told."""
    assert _told(procedures, name, season) == (GOLDEN / season / f"{name}.txt").read_text(encoding="utf-8")


def test_calendar_file(procedures: Procedures) -> None:
    table = timetable(procedures, "first_formation", "donghe", {"general_meeting": date(2026, 12, 20)})
    text = table.ics(datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert text.startswith("BEGIN:VCALENDAR\r\n") and text.endswith("END:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == len(table.lines) == 4
    assert "DTSTART;VALUE=DATE:20261204" in text and "DTSTAMP:20261120T080000Z" in text
    assert text.count("TRIGGER:-P7D") == text.count("TRIGGER:-P3D") == text.count("TRIGGER:-P1D") == 4
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    moved = timetable(procedures, "first_formation", "donghe", {"general_meeting": date(2026, 12, 27)})
    uids = [line for line in text.split("\r\n") if line.startswith("UID:")]
    again = [line for line in moved.ics(datetime(2026, 11, 21, tzinfo=UTC)).split("\r\n") if line.startswith("UID:")]
    assert uids == again and len(set(uids)) == len(uids)


def test_calendar_text_escapes_and_wants_an_aware_time() -> None:
    entry = Entry("a", date(2026, 1, 1), "甲;乙,丙\\", "一\n二" + "长" * 60)
    text = calendar_text("名", [entry], datetime(2026, 1, 1, tzinfo=UTC))
    assert "SUMMARY:甲\\;乙\\,丙\\\\" in text
    assert ("一\\n二" + "长" * 60) in text.replace("\r\n ", "")
    with pytest.raises(ValueError, match="aware"):
        calendar_text("名", [], datetime(2026, 1, 1))
