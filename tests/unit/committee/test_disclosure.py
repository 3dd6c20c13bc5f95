"""The calendar of disclosure and the self-check lists: nothing invented, nothing forgotten, each reminder once."""

import re
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from committee.checklist import SelfCheck, answer_item, answered, checklists, period_key
from committee.disclosure import (
    DisclosureDesk,
    calendar_of,
    items_of,
    overdue,
    period_of,
    plan_disclosures,
    read_items,
    stage,
    sweep_disclosures,
)
from committee.duties import duties_of, read_duties
from committee.instruments import FOLDER, ancestry
from committee.ledger_sheet import LedgerDraft, LedgerLine
from committee.paper_file import read_papers
from config.refusal import Refused
from config.regions import regions
from config.yaml_text import read_yaml
from storage.audit import verify
from storage.committee_rows import DisclosureRow, SelfCheckRow
from storage.database import Database
from tests.unit.committee.test_cases import ESTATE, add_member, said
from tests.unit.committee.test_ledger import publish

HERE = ("donghe", ESTATE)


def test_every_disclosure_duty_is_in_the_calendar_or_named_here() -> None:
    """Duties about disclosure that are no line of the estate's calendar, and where they are instead."""
    elsewhere = {
        "C10": "a record, not a notice: committee papers",
        "C44": "self-governed estates: the procedure's note",
        "P02": "company's self-check", "P05": "company's self-check", "P07": "company's self-check", "P08": "P01 is its rhythm",
        "P10": "the ledger itself", "P26": "company's self-check", "P32": "company's self-check", "P36": "company's self-check",
        "P38": "company's self-check", "M09": "street's desk", "R04": "a right of the owners",
    }  # fmt: skip
    about = {d.id for d in read_duties().values() if "disclosure" in d.topics and d.audience != "government"}
    assert about <= {item.duty for item in read_items().values()} | set(elsewhere), (
        about - {i.duty for i in read_items().values()} - set(elsewhere)
    )


def test_items_name_real_duties_papers_and_rhythms() -> None:
    papers = read_papers()
    for item in read_items().values():
        duty = item.source
        if item.every:
            assert duty.verified and duty.period == {"QUARTER": "QUARTERLY", "YEAR": "YEARLY"}[item.every], item.id
        if item.event or item.event_before:
            assert duty.verified and duty.event == (item.event or item.event_before), item.id
        assert item.paper is None or item.paper in papers
    eight = [item.what for item in read_items().values() if item.duty == "C15"]
    assert len(eight) == 8


def test_what_holds_only_somewhere_is_asked_only_there() -> None:
    assert "revenue_quarter" in {i.id for i in items_of("donghe")} and "revenue_quarter" not in {i.id for i in items_of("minle")}
    assert "contract_filing" in {i.id for i in items_of("donghe")} and "contract_filing" not in {i.id for i in items_of("ejinhoro")}
    assert "work_info" in {i.id for i in items_of("minle")} and "work_info" not in {i.id for i in items_of("donghe")}


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 6, 30), date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 9, 30), date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_quarters(day: date, start: date, end: date) -> None:
    assert period_of("QUARTER", day) == (start, end)
    assert period_of("YEAR", day) == (date(2026, 1, 1), date(2026, 12, 31))


def test_periods_open_get_overdue_and_are_done(database: Database, now: datetime) -> None:
    member = add_member(database, "张三", now)
    for _ in range(2):  # again is harmless
        with database.write() as session:
            plan_disclosures(session, *HERE, date(2026, 8, 15), now)
    with database.read() as session:
        views = [v for v in calendar_of(session, *HERE, now) if v.state != "no_date"]
        late = overdue(session, [HERE], now)
        assert overdue(session, [("donghe", "幸福小区")], now) == [] and len(overdue(session, None, now)) == 2
    assert [(v.item.id, v.due_on, v.state) for v in views] == [
        ("fund_quarter", date(2026, 9, 30), "overdue"),
        ("revenue_quarter", date(2026, 9, 30), "overdue"),
        ("fund_quarter", date(2026, 12, 31), "open"),
        ("fund_year", date(2026, 12, 31), "open"),
        ("revenue_quarter", date(2026, 12, 31), "open"),
    ]
    row_id = next(v.id for v in late if v.item.id == "fund_quarter")
    assert row_id is not None
    with database.write() as session:
        desk = DisclosureDesk(session, member, now)
        for wrong in (lambda: desk.mark_done(row_id, date(2026, 11, 21), "公告栏"), lambda: desk.mark_done(row_id, date(2026, 11, 1), " ")):
            with pytest.raises(Refused):
                wrong()
        desk.mark_done(row_id, date(2026, 11, 19), "公告栏照片 12")
    with database.read() as session:
        assert [v.item.id for v in overdue(session, [HERE], now)] == ["revenue_quarter"]
        assert calendar_of(session, *HERE, now)[-1].evidence == "公告栏照片 12"
        assert verify(session) == []


def test_a_published_ledger_is_the_disclosure(database: Database, now: datetime) -> None:
    members = [add_member(database, name, now) for name in ("张三", "李四")]
    line = LedgerLine(2, date(2026, 7, 8), "income", "停车费", 100, receipt="1")
    row = publish(database, members, LedgerDraft(date(2026, 7, 1), date(2026, 9, 30), 0, None, (line,)), now)
    with database.write() as session:
        plan_disclosures(session, *HERE, date(2026, 8, 15), now)
        assert [v.item.id for v in overdue(session, [HERE], now)] == ["fund_quarter"]
        done = session.scalars(select(DisclosureRow).where(DisclosureRow.done_on.is_not(None))).one()
        assert (done.item, done.evidence, done.done_on) == ("revenue_quarter", f"/ledger/{row.token}", date(2026, 11, 20))


def test_events_have_their_dates(database: Database, now: datetime) -> None:
    member, other = add_member(database, "张三", now), add_member(database, "王五", now, community="幸福小区")
    with database.write() as session:
        desk = DisclosureDesk(session, member, now)
        decision = desk.note_event("decision", date(2026, 11, 18), "换门禁")
        assert decision.due_on == date(2026, 11, 23)  # 3 days end on a Saturday, so on Monday
        assert desk.note_event("decision", date(2026, 11, 18), "换门禁").id == decision.id
        assert desk.note_event("agenda", date(2026, 12, 20), "例会").due_on == date(2026, 12, 12)
        assert desk.note_event("major", date(2026, 11, 18), "停水三天").due_on == date(2026, 11, 18)
        assert desk.note_event("contract_filing", date(2026, 11, 18), "新物业合同").due_on == date(2026, 11, 27)  # 7 working days
        assert desk.note_event("decision_told", date(2026, 11, 18), "换门禁").due_on is None
        standing = desk.record_standing("eight_rules", date(2026, 11, 1), "小区公众号")
        assert standing.done_on == date(2026, 11, 1)
        for wrong in (
            lambda: desk.note_event("revenue_quarter", date(2026, 11, 18), "x"),
            lambda: desk.note_event("decision", date(2026, 11, 18), " "),
            lambda: desk.note_event("work_info", date(2026, 11, 18), "民乐的"),
            lambda: desk.record_standing("decision", date(2026, 11, 1), "x"),
            lambda: DisclosureDesk(session, other, now).mark_done(decision.id, date(2026, 11, 18), "x"),
        ):
            with pytest.raises(Refused):
                wrong()
        states = {v.item.id: v.state for v in calendar_of(session, *HERE, now)}
        assert states["major"] == "overdue" and states["decision"] == "open" and states["decision_told"] == "no_date"


def test_members_are_reminded_once_a_stage(database: Database, now: datetime) -> None:
    add_member(database, "张三", now)
    told = 0
    for day, new in ((20, 0), (24, 3), (24, 0), (28, 3), (30, 3), (31, 0)):  # three rows fall due on 31 December
        at = datetime(2026, 12, day, 1, 0, tzinfo=UTC)
        counts: list[int] = []

        def sweep(at: datetime = at, counts: list[int] = counts) -> None:
            counts.append(sweep_disclosures(database, at))

        threads = [threading.Thread(target=sweep) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told += new
        assert sum(counts) == new and len(said(database, "talk-张三")) == told, day
    assert sweep_disclosures(database, datetime(2027, 1, 5, 1, 0, tzinfo=UTC)) == 3
    assert "已经过了 5 天" in said(database, "talk-张三")[-1]
    assert sweep_disclosures(database, datetime(2027, 1, 6, 1, 0, tzinfo=UTC)) == 0
    assert stage(date(2026, 12, 31), date(2026, 12, 23)) is None


def test_the_lists_of_the_annexes_are_word_for_word() -> None:
    data = read_yaml((FOLDER / "annexes.yaml").read_text(encoding="utf-8"))
    text = re.sub(r"\s", "", (Path(FOLDER).parent / "plans" / "nmg-2018.txt").read_text(encoding="utf-8"))
    assert [len(annex["items"]) for annex in data["annexes"]] == [19, 13]
    for annex in data["annexes"]:
        assert [item["n"] for item in annex["items"]] == list(range(1, len(annex["items"]) + 1))
        for item in annex["items"]:
            for words in (item["title"], *item["standards"]):
                assert re.sub(r"\s", "", words) in text, words


def test_every_company_duty_of_a_region_is_on_its_list() -> None:
    seen = set()
    for region in (r for r in regions().values() if r.selectable):
        own, *annex = checklists(region.id, "company")
        assert {i.id for i in own.items} == {d.id for d in duties_of(region.id, "company")}
        assert all(read_duties()[i.id].region in ancestry(region.id) for i in own.items)
        assert [a.id for a in annex] == (["annex2"] if "nmg" in ancestry(region.id) else [])
        assert all(a.is_reference for a in annex)
        seen |= {i.id for i in own.items}
    assert seen == {d.id for d in read_duties().values() if d.audience == "company"}
    assert [one.id for one in checklists("donghe", "government")] == ["annex1"]


def test_an_item_is_answered_for_its_period(database: Database, now: datetime) -> None:
    lists = checklists("donghe", "company")
    given = SelfCheck(*HERE, "P23", "kept", "电梯11月检查记录")  # monthly
    with database.write() as session:
        answer_item(session, given, "operator:wy", now)
        answer_item(session, SelfCheck("donghe", "和平", "P23", "kept", "改正的记录"), "operator:wy", now)  # an alias of the same estate
        answer_item(session, SelfCheck(*HERE, "P11", "not_yet", ""), "operator:wy", now)
        for wrong in (
            SelfCheck(*HERE, "P23", "kept", " "),
            SelfCheck(*HERE, "P23", "great", "x"),
            SelfCheck(*HERE, "P13", "kept", "民乐的义务"),
            SelfCheck("donghe", "火星小区", "P23", "kept", "x"),
            SelfCheck("mars", ESTATE, "P23", "kept", "x"),
        ):
            with pytest.raises(Refused):
                answer_item(session, wrong, "operator:wy", now)
        assert len(list(session.scalars(select(SelfCheckRow)))) == 2
        state = answered(session, HERE, lists, now)
        assert (state["P23"].state, state["P23"].evidence, state["P23"].period) == ("kept", "改正的记录", "2026-11")
        assert (state["P11"].state, state["P11"].period) == ("not_yet", "-")
        later = answered(session, HERE, lists, now + timedelta(days=20))
        assert (later["P23"].state, later["P23"].period) == ("", "2026-12")  # a new month begins
        assert later["P11"].state == "not_yet"


def test_period_keys() -> None:
    day = date(2026, 7, 1)
    assert [period_key(r, day) for r in ("MONTHLY", "QUARTERLY", "HALF_YEARLY", "YEARLY", "")] == [
        "2026-07",
        "2026-Q3",
        "2026-H2",
        "2026",
        "-",
    ]
