"""What an operator answered serves the next resident at once in every process; nothing far, foreign, revoked or unborne is said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from config.refusal import Refused
from knowledge.encoder import Encoder
from knowledge.finding import Answered, Finding, Question, Reviewed
from knowledge.imported import end_plan
from knowledge.index import Index
from knowledge.library import Library
from knowledge.live import LiveLibrary
from knowledge.reviewed import Source, attach, read_reviewed, revoke, write
from storage.audit import verify
from storage.database import Database
from storage.models import AuditRow, Base
from tests.unit.knowledge.conftest import CACHE

NOW, DAY = datetime(2026, 11, 20, 1, 30, tzinfo=UTC), date(2026, 11, 20)
ASKED = ("小区里能养鸡吗", "楼下能不能养鸡")
OFFICE = Source(office="东河区城市管理综合执法局", office_day=date(2026, 11, 18))
NEAR = yaml.safe_load((Path(__file__).parent / "reviewed.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def small(library: Library) -> Library:
    mine = {key: library.plans[key] for key in ("donghe-2025", "nmg-2026")}
    order = {region: tuple(p for p in plans if p in mine) for region, plans in library.binding.order.items()}
    chosen = [p for p in library.by_plan["donghe-2025"] if p.clause.startswith("三（二）")][:30] + list(library.by_plan["nmg-2026"][:10])
    provisions = tuple(p.model_copy(update={"questions": p.questions[:6]}) for p in chosen)
    return replace(library, plans=mine, provisions=provisions, binding=replace(library.binding, order=order), gaps=library.gaps[:20])


@pytest.fixture(scope="module")
def index(small: Library) -> Index:
    return Index(small, None)


@pytest.fixture
def live(database: Database, small: Library, index: Index) -> LiveLibrary:
    return LiveLibrary(database, small, None, index)


@pytest.fixture(scope="module")
def whole(library: Library, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, LiveLibrary]]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('reviewed') / 'linda.db'}")
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        for case in NEAR:
            write(session, case["reviewed"], "donghe", "答复", OFFICE, library, "operator:li", NOW)
    yield database, LiveLibrary(database, library, encoder, Index(library, encoder, CACHE))
    database.close()


def ask(live: LiveLibrary, text: str, region: str = "donghe", form: str | None = "market", day: date = DAY) -> Finding:
    return live.answerer(day).answer(Question(text, region, form), day)


def told(database: Database, library: Library, text: str = "不行，城区禁止养鸡。", source: Source = OFFICE, region: str = "donghe") -> int:
    with database.write() as session:
        return write(session, ASKED, region, text, source, library, "operator:li", NOW)


def test_a_written_answer_serves_the_next_resident_in_every_process_until_revoked(
    database: Database, live: LiveLibrary, small: Library, index: Index
) -> None:
    other = LiveLibrary(database, small, None, index)
    assert not any(isinstance(ask(one, ASKED[0]), Reviewed) for one in (live, other))
    number = told(database, small)
    for process in (live, other):
        found = ask(process, "小区里能养鸡吗？")
        assert isinstance(found, Reviewed)
        assert (found.text, found.reviewed_on) == ("不行，城区禁止养鸡。", DAY)
        assert (found.office, found.office_day) == (OFFICE.office, OFFICE.office_day)
        assert found.citation is None
    with database.write() as session:
        revoke(session, number, "operator:li", NOW)
    assert not any(isinstance(ask(one, ASKED[0]), Reviewed) for one in (live, other))
    with database.write() as session, pytest.raises(Refused, match="已经撤回"):
        revoke(session, number, "operator:li", NOW)
    with database.read() as session:
        assert [a.action for a in session.query(AuditRow).order_by(AuditRow.id)] == ["answer_written", "answer_revoked"]
        assert verify(session) == []
        assert read_reviewed(session) == ()


def test_it_holds_for_its_region_and_those_below_alone(database: Database, live: LiveLibrary, small: Library) -> None:
    told(database, small, "包头的答复。", region="baotou")
    told(database, small, "东河的答复。")
    said = {region: ask(live, ASKED[0], region) for region in ("donghe", "baotou", "nmg", "ejinhoro", "minle")}
    assert {r: f.text for r, f in said.items() if isinstance(f, Reviewed)} == {"donghe": "东河的答复。", "baotou": "包头的答复。"}
    assert not isinstance(ask(live, "民乐小区里能养鸡吗"), Reviewed)


def test_an_attached_question_gets_the_provision_with_its_citation(database: Database, live: LiveLibrary, small: Library) -> None:
    first = next(p for p in small.by_plan["donghe-2025"] if p.property_form == "market")
    with database.write() as session:
        attach(session, ASKED, "donghe", first.key, small, "operator:li", NOW)
    found = ask(live, ASKED[1])
    assert isinstance(found, Answered)
    assert found.statements[0].provision == first.key
    assert found.statements[0].citation.binding
    open_form = ask(live, ASKED[1], form=None)
    assert isinstance(open_form, Answered)
    assert open_form.by_form
    with database.write() as session:
        end_plan(session, "donghe-2025", date(2026, 11, 1), small, "cli", NOW)
    ended = ask(live, ASKED[1])
    assert isinstance(ended, Answered)
    assert ended.statements[0].citation.status == "ended"
    with database.write() as session:
        end_plan(session, "donghe-2025", date(2026, 11, 1), small, "cli", NOW, replaced_by="nmg-2026")
    retired = ask(live, ASKED[1])
    assert not isinstance(retired, Answered) or retired.statements[0].provision != first.key


def test_what_is_written_on_a_clause_is_proved_against_it(database: Database, live: LiveLibrary, small: Library) -> None:
    first = next(p for p in small.by_plan["donghe-2025"] if "半小时" in p.quote)
    source = Source("donghe-2025", first.clause, first.quote)
    told(database, small, "半小时内上门。", source)
    found = ask(live, ASKED[0])
    assert isinstance(found, Reviewed)
    assert found.citation is not None
    assert (found.citation.clause, found.citation.status, found.citation.binding) == (first.clause, "in_force", True)
    wrong = (
        ("45分钟内上门。", source, "没有这些数字：45"), ("行。", replace(source, quote="原文没有这句话"), "照抄"), ("", OFFICE, "答复要写"),
        ("行。", Source(), "来源要写"), ("行。", replace(OFFICE, office_day=date(2026, 12, 1)), "日期还没到"),
        ("行。", Source("minle-draft", "一", "整治"), "管不到"),
    )  # fmt: skip
    for text, given, words in wrong:
        with pytest.raises(Refused, match=words):
            told(database, small, text, given)
    with database.write() as session, pytest.raises(Refused, match="问法"):
        write(session, ["我电话*******"], "donghe", "行。", OFFICE, small, "operator:li", NOW)
    with database.write() as session, pytest.raises(Refused, match="不在管这个地区"):
        attach(session, ASKED, "minle", first.key, small, "operator:li", NOW)


@pytest.mark.parametrize("case", NEAR, ids=[c["reviewed"][0] for c in NEAR])
def test_what_means_the_same_is_served_and_what_sounds_alike_is_not(
    case: dict[str, list[str]], whole: tuple[Database, LiveLibrary]
) -> None:
    _, live = whole
    served = [q for q in case["near"] if isinstance(ask(live, q), Reviewed)]
    assert served == case["near"]
    assert [q for q in case["far"] if isinstance(ask(live, q), Reviewed)] == []
