"""The library grows while it runs: a draft says nothing, a confirmed plan answers at once in every process, and dates end it by themselves.

Without the encoder and over one plan of the folder, so that an index takes a second; each test on both databases.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.refusal import Refused
from knowledge.finding import Answered, Finding, NotCovered, Question
from knowledge.import_file import read_bytes
from knowledge.import_plan import Draft, make_draft
from knowledge.imported import Corrected, confirm, discard, drafts, end_plan, save_draft, version_of
from knowledge.index import Index
from knowledge.library import FOLDER, Library
from knowledge.live import LiveLibrary
from knowledge.numbers import unsupported_numbers
from knowledge.plan_page import plan_page
from storage.audit import verify
from storage.database import Database
from storage.models import AuditRow
from tests.unit.knowledge.import_files import LAW, NOTICE

NOW, DAY = datetime(2026, 11, 20, 1, 30, tzinfo=UTC), date(2026, 11, 20)
OLD = (FOLDER / "plans" / "donghe-2025.txt").read_text(encoding="utf-8")
NEW = OLD.replace("缩短至半小时内", "缩短至20分钟内").replace("〔2025〕32号", "〔2026〕99号").replace("2025年12月25日", "2026年11月1日")
REPAIR = "市场化物业的维修响应时间是多久"


@pytest.fixture(scope="module")
def small(library: Library) -> Library:
    mine = {key: library.plans[key] for key in ("donghe-2025", "nmg-2026")}
    order = {region: tuple(p for p in plans if p in mine) for region, plans in library.binding.order.items()}
    chosen = [p for p in library.by_plan["donghe-2025"] if p.clause.startswith("三（二）")][:30] + list(library.by_plan["nmg-2026"][:10])
    provisions = tuple(p.model_copy(update={"questions": p.questions[:30]}) for p in chosen)
    return replace(library, plans=mine, provisions=provisions, binding=replace(library.binding, order=order), gaps=library.gaps[:20])


@pytest.fixture(scope="module")
def index(small: Library) -> Index:
    return Index(small, None)


@pytest.fixture
def live(database: Database, small: Library, index: Index, tmp_path: Path) -> LiveLibrary:
    return LiveLibrary(database, small, None, index, tmp_path)


def drafted(library: Library, text: str) -> Draft:
    return make_draft(read_bytes(text.encode(), "x.txt"), library.binding.regions, known=library.provisions)


def put_in(database: Database, library: Library, text: str, *, region: str | None = None, replaces: tuple[str, ...] = ()) -> str:
    draft = drafted(library, text)
    known = draft.understood
    with database.write() as session:
        name = save_draft(session, draft, library, "cli", NOW)
        given = Corrected(
            known.title, known.doc_number, known.issuer or "某机关", region or known.region or "", known.issued, known.starts, known.ends,
            known.standing, replaces,
        )  # fmt: skip
        confirm(session, name, given, library, "operator:li", NOW, DAY)
    return name


def ask(live: LiveLibrary, text: str, day: date = DAY, region: str = "donghe") -> Finding:
    return live.answerer(day).answer(Question(text, region, "market"), day)


def cited(found: Finding) -> list[str]:
    return [s.citation.plan for s in found.statements] if isinstance(found, Answered) else []


def test_a_draft_answers_nothing_and_a_confirmed_plan_at_once_in_every_process(
    database: Database, live: LiveLibrary, small: Library, index: Index
) -> None:
    other = LiveLibrary(database, small, None, index)
    question = "养犬登记费每只多少元"
    assert cited(ask(live, question)) == []
    draft = drafted(small, LAW)
    with database.write() as session:
        name = save_draft(session, draft, small, "cli", NOW)
    assert cited(ask(live, question)) == []
    assert name not in live.library(DAY).plans
    with database.write() as session:
        given = Corrected("养犬管理条例", None, "区人大常委会", "donghe", date(2026, 8, 20), date(2026, 10, 1), None, "in_force")
        confirm(session, name, given, small, "operator:li", NOW, DAY)
    for process in (live, other):
        found = ask(process, question)
        assert isinstance(found, Answered)
        first = found.statements[0].citation
        assert (first.plan, first.clause, first.status, first.binding) == (name, "第四条", "in_force", True)
        assert name.startswith("law:")
        assert "100元" in first.quote
        assert f"/plans/{name}?at=" in first.url


def test_a_plan_that_replaces_another_answers_in_its_place_and_the_old_one_for_its_time(
    database: Database, live: LiveLibrary, small: Library
) -> None:
    assert cited(ask(live, REPAIR))[0] == "donghe-2025"
    name = put_in(database, small, NEW, replaces=("donghe-2025",))
    found = ask(live, REPAIR)
    assert isinstance(found, Answered)
    assert found.statements[0].citation.plan == name
    assert "20分钟" in found.statements[0].text
    assert "donghe-2025" not in cited(found)
    before = ask(live, REPAIR, date(2026, 10, 31))
    assert isinstance(before, Answered)
    assert (before.statements[0].citation.plan, before.statements[0].citation.status) == ("donghe-2025", "in_force")
    page = plan_page(live.library(DAY), "donghe-2025", day=DAY)
    assert (page.standing, page.identity.ends) == ("ended", date(2026, 10, 31))
    assert page.followed_by is not None
    assert page.followed_by.id == name
    said = "2025年市场化物业的维修响应时间是多久", "以前的文件规定市场化物业维修多久响应", "上一版怎么规定市场化物业的维修响应时间的"
    for asked in said:
        former = ask(live, asked)
        assert isinstance(former, Answered), asked
        assert (former.statements[0].citation.plan, former.statements[0].citation.status) == ("donghe-2025", "ended"), asked
    still = ask(live, "以前报修都快，现在规定市场化物业的维修响应时间是多久")
    assert isinstance(still, Answered)
    assert still.statements[0].citation.plan == name


def test_two_rules_of_a_pair_are_still_said_together_by_a_new_version(database: Database, live: LiveLibrary, small: Library) -> None:
    asked = "社区代管的小区，问题几天内要解决"
    before = ask(live, asked)
    name = put_in(database, small, NEW, replaces=("donghe-2025",))
    after = ask(live, asked)
    assert isinstance(before, Answered) and isinstance(after, Answered)
    assert after.notes == before.notes
    assert [s.text for s in after.statements] == [s.text for s in before.statements]
    assert cited(after)[0] == name


def test_a_plan_begins_and_ends_by_its_dates(database: Database, live: LiveLibrary, small: Library) -> None:
    name = put_in(database, small, NOTICE)
    question = "充电端口服务费每小时不超过多少元"
    assert cited(ask(live, question, date(2026, 9, 30))) == []
    assert name in cited(ask(live, question, date(2026, 10, 1)))
    assert plan_page(live.library(date(2026, 9, 30)), name, day=date(2026, 9, 30)).soon
    last, after = date(2028, 9, 30), date(2028, 10, 1)
    assert {s.citation.status for s in ask(live, question, last).statements if s.citation.plan == name} == {"in_force"}  # type: ignore[union-attr]
    assert live.library(after).plans[name].identity.standing_on(after) == "ended"
    found = ask(live, question, after)
    assert all(s.citation.status == "ended" for s in getattr(found, "statements", ()) if s.citation.plan == name)


def test_a_last_day_set_by_hand_holds_for_the_folders_plans_too(database: Database, live: LiveLibrary, small: Library) -> None:
    assert live.library(DAY).plans["nmg-2026"].identity.standing_on(DAY) == "in_force"
    with database.write() as session:
        end_plan(session, "nmg-2026", date(2026, 11, 1), small, "cli", NOW)
        assert version_of(session) == 1
    assert live.library(DAY).plans["nmg-2026"].identity.standing_on(DAY) == "ended"
    assert live.library(date(2026, 11, 1)).plans["nmg-2026"].identity.standing_on(date(2026, 11, 1)) == "in_force"
    with database.write() as session, pytest.raises(Refused, match="没有"):
        end_plan(session, "nowhere-2020", DAY, small, "cli", NOW)


def test_it_binds_its_region_and_those_below_alone(database: Database, live: LiveLibrary, small: Library) -> None:
    name = put_in(database, small, NOTICE, region="baotou")
    binding = live.library(DAY).binding
    assert binding.plans_for("donghe") == ("donghe-2025", name, "nmg-2026")
    assert binding.plans_for("baotou") == (name, "nmg-2026")
    assert name not in binding.plans_for("minle")
    country = put_in(database, small, LAW, region="cn")
    binding = live.library(DAY).binding
    assert all(binding.plans_for(region)[-1] == country for region in ("donghe", "minle", "gansu"))
    assert binding.plans_for(None) == ()


def test_nothing_is_said_that_the_quotation_does_not_hold(database: Database, live: LiveLibrary, small: Library) -> None:
    names = [put_in(database, small, NEW, replaces=("donghe-2025",)), put_in(database, small, LAW, region="donghe")]
    plans, said = live.library(DAY).plans, 0
    for p in (p for name in names for p in live.library(DAY).by_plan[name][::4]):
        found = ask(live, p.questions[0])
        for s in found.statements if isinstance(found, Answered) else ():
            said += s.citation.plan in names
            assert plans[s.citation.plan].holds(s.citation.quote, s.citation.clause)
            assert not unsupported_numbers(s.text, s.citation.quote)
    assert said > 10


def test_what_no_plan_rules_is_declined_with_a_grown_library_too(database: Database, live: LiveLibrary, small: Library) -> None:
    put_in(database, small, NOTICE)
    for question in ("今天天气怎么样", "隔壁老王家的猫叫什么", "我孩子上学划片在哪个小学"):
        assert isinstance(ask(live, question), NotCovered), question


def test_the_segment_is_made_before_the_plan_is_confirmed(database: Database, live: LiveLibrary, small: Library, tmp_path: Path) -> None:
    with database.write() as session:
        save_draft(session, drafted(small, LAW), small, "cli", NOW)
    assert live.warm() == 1
    assert live.warm() == 0
    files = list((tmp_path / "imported").glob("*.seg"))
    assert len(files) == 1
    put_in(database, small, NOTICE)
    ask(live, "充电端口服务费每小时多少")
    assert files[0].exists()
    files[0].write_bytes(b"torn")
    assert live.library(DAY).plans


def test_the_same_file_comes_in_once_and_a_discarded_draft_may_come_again(database: Database, small: Library) -> None:
    draft = drafted(small, LAW)
    with database.write() as session:
        name = save_draft(session, draft, small, "cli", NOW)
    with database.write() as session, pytest.raises(Refused, match="已经导入过"):
        save_draft(session, draft, small, "cli", NOW)
    with database.write() as session:
        discard(session, name, "operator:li", NOW)
        assert drafts(session) == []
        assert save_draft(session, draft, small, "cli", NOW) != name
    with database.write() as session, pytest.raises(Refused, match="已经用过"):
        save_draft(session, drafted(small, NOTICE), small, "cli", NOW, "donghe-2025")


def test_fields_that_cannot_be_are_refused_together_and_change_nothing(database: Database, small: Library) -> None:
    with database.write() as session:
        name = save_draft(session, drafted(small, LAW), small, "cli", NOW)
    wrong = Corrected("", None, "", "nowhere", None, date(2026, 5, 1), date(2026, 4, 1), "in_force", ("no-plan",))
    with database.write() as session, pytest.raises(Refused) as refused:
        confirm(session, name, wrong, small, "operator:li", NOW, DAY)
    assert refused.value.reason.count("；") == 3
    with database.read() as session:
        assert version_of(session) == 0
        assert [row.id for row in drafts(session)] == [name]


def test_every_act_is_in_the_audit(database: Database, small: Library) -> None:
    put_in(database, small, NEW, replaces=("donghe-2025",))
    with database.read() as session:
        acts = [(r.actor, r.action) for r in session.query(AuditRow).order_by(AuditRow.id)]
        assert acts == [("cli", "plan_imported"), ("operator:li", "plan_ended"), ("operator:li", "plan_confirmed")]
        assert verify(session) == []
