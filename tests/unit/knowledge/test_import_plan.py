"""A file becomes a draft: clauses that give the text back, what the file says of itself, provisions that state nothing of their own."""

from datetime import date
from pathlib import Path

import pytest

from config.refusal import Refused
from knowledge.import_file import read_bytes, read_file
from knowledge.import_identity import understand
from knowledge.import_plan import Draft, blocks_as_rows, free_id, make_draft, plan_from_rows
from knowledge.library import Library
from knowledge.numbers import unsupported_numbers
from knowledge.plan import squeezed
from knowledge.provisions import faults_against
from tests.unit.knowledge.import_files import LAW, NOTICE, notice_docx, notice_pdf


def drafted(library: Library, text: str) -> Draft:
    return make_draft(read_bytes(text.encode(), "x.txt"), library.binding.regions)


@pytest.mark.parametrize("plan_id", ["donghe-2025", "nmg-2026", "nmg-2018", "ejinhoro-2022"])
def test_the_plans_we_know_are_understood_from_their_bare_text(library: Library, plan_files: Path, plan_id: str) -> None:
    draft, known = make_draft(read_file(plan_files / f"{plan_id}.txt"), library.binding.regions), library.plans[plan_id].identity
    understood = draft.understood
    assert (understood.title, understood.doc_number, understood.issuer) == (known.title, known.doc_number, known.issuer)
    assert (understood.issued, understood.region, understood.standing) == (known.issued, known.region, "in_force")
    assert set(draft.plan.clauses) == set(library.plans[plan_id].clauses)
    assert draft.doubts == ()


def test_a_draft_with_missing_numerals_is_cut_and_the_operator_is_told(library: Library, plan_files: Path) -> None:
    draft = make_draft(read_file(plan_files / "minle-draft.txt"), library.binding.regions)
    assert draft.understood.standing == "draft"
    assert "二（二十）" in draft.plan.clauses
    assert any("编号不连续" in d and "二（十）" in d for d in draft.doubts)


def test_every_number_of_every_provision_is_in_its_quotation(library: Library, plan_files: Path) -> None:
    for file in plan_files.glob("*.txt"):
        draft = make_draft(read_file(file), library.binding.regions)
        assert len(draft.provisions) > 30
        for p in draft.provisions:
            assert not faults_against(draft.plan, p), p
            assert not unsupported_numbers(p.answer, p.quote)


def test_identity_dates_and_numbers_of_a_notice(library: Library) -> None:
    draft = drafted(library, NOTICE)
    known = draft.understood
    assert (known.title, known.doc_number) == ("东河区住宅小区电动自行车充电管理办法（试行）", "包东政办发〔2026〕41号")
    assert (known.kind, known.issuer, known.region) == ("plan", "东河区人民政府办公室", "donghe")
    assert (known.issued, known.starts, known.ends) == (date(2026, 9, 10), date(2026, 10, 1), date(2028, 9, 30))
    values = {(v.name, v.comparator, v.value, v.unit) for p in draft.provisions for v in p.values}
    assert ("新建小区电动自行车充电端口配建比例", ">=", 80, "%") in values
    assert ("每个充电端口服务费每小时", "<=", 0.3, "元") in values
    assert any(v[2:] == (24, "小时") and v[1] == "<=" for v in values)
    assert any(v[2:] == ("周", "每次间隔") for v in values)
    who = next(p for p in draft.provisions if p.kind == "responsible")
    assert (who.lead_units, who.support_units) == (("区住建局",), ("区消防救援大队", "各街道"))
    assert free_id(known, {"donghe-2026"}) == "donghe-2026-2"


def test_docx_and_pdf_give_the_same_clauses_as_the_text(library: Library, tmp_path: Path) -> None:
    regions = library.binding.regions
    text = drafted(library, NOTICE).plan.clauses
    pdf = make_draft(read_bytes(notice_pdf(tmp_path), "x.pdf"), regions).plan.clauses
    docx = make_draft(read_bytes(notice_docx(), "x.docx"), regions).plan.clauses
    assert {c.id: squeezed(c.text) for c in pdf.values()} == {c.id: squeezed(c.text) for c in text.values()}
    assert set(docx) == set(text)


def test_a_law_is_cut_into_its_articles(library: Library) -> None:
    draft = drafted(library, LAW)
    known, plan = draft.understood, draft.plan
    assert (known.kind, known.title) == ("law", "昆都仑区养犬管理条例")
    assert (known.starts, known.ends) == (date(2026, 10, 1), date(2031, 9, 30))
    assert list(plan.clauses) == ["文头", "第一章", "第一条", "第二章", "第二条", "第三条", "第四条", "第五条", "第六条"]
    assert plan.clauses["第二条"].text == "第二条携犬出户应当束犬链，犬链长度不得超过2米，并由成年人牵引。"
    assert plan.clauses["第三条"].text.count("\n") == 2
    assert plan.heading("第四条") == "管理"
    assert free_id(known, set()).startswith("law:")
    fine = next(p for p in draft.provisions if p.clause == "第五条" and len(p.values) == 2)
    assert [(v.comparator, v.value, v.unit) for v in fine.values] == [(">=", 50, "元"), ("<=", 200, "元")]


def test_kept_blocks_give_the_same_plan_back(library: Library) -> None:
    for text in (NOTICE, LAW):
        plan = drafted(library, text).plan
        again = plan_from_rows(plan.identity, blocks_as_rows(plan))
        assert again.plain == plan.plain == squeezed(text)
        assert again.clauses == plan.clauses


def test_a_text_without_clauses_is_refused(library: Library) -> None:
    with pytest.raises(Refused, match="没有找到条款"):
        drafted(library, "这是一篇没有编号的文章，讲的是小区里的事情。" * 6)


@pytest.mark.parametrize(
    ("line", "day"),
    [("二〇二六年九月十日", date(2026, 9, 10)), ("2026年12月31日", date(2026, 12, 31)), ("2026年13月1日", None)],
)
def test_days_are_read_as_offices_write_them(library: Library, line: str, day: date | None) -> None:
    assert understand(["东河区某某办法", "东河区人民政府", line, "一、总则"], library.binding.regions).issued == day
