"""Answers over the real plans: the right clause, the right plan, the right words, and refusal where nothing is said."""

from datetime import date

import pytest
import yaml

from knowledge.answer_question import Answerer
from knowledge.evaluate import figures, score
from knowledge.finding import Answered, NotCovered, Question
from knowledge.library import FOLDER
from knowledge.numbers import unsupported_numbers

DEVELOPMENT = yaml.safe_load((FOLDER / "questions" / "development.yml").read_text(encoding="utf-8"))


def answered(answerer: Answerer, text: str, region: str | None = "donghe", form: str | None = None, **more: str) -> Answered:
    finding = answerer.answer(Question(text, region, form, **more))
    assert isinstance(finding, Answered), finding
    return finding


def test_one_fact_with_its_clause_and_document_number(answerer: Answerer) -> None:
    first = answered(answerer, "物业合同签了以后几天内要备案").statements[0]
    assert "7个工作日" in first.text
    assert (first.citation.plan, first.citation.clause) == ("donghe-2025", "三（四）1")
    assert first.citation.doc_number == "包东政办发〔2025〕32号"
    assert first.citation.binding
    assert first.citation.status == "in_force"
    assert first.citation.url.startswith("/plans/donghe-2025?at=")


def test_two_rules_that_differ_for_this_resident_come_together(answerer: Answerer) -> None:
    finding = answered(answerer, "社区代管的小区报的问题几天内要解决")
    cited = [(s.citation.plan, s.citation.clause) for s in finding.statements]
    assert cited == [("donghe-2025", "三（二）1"), ("nmg-2026", "四（二）")]
    assert "15天" in finding.statements[0].text
    assert "24小时" in finding.statements[1].text
    assert finding.notes == ("policy_note_conflict_clocks",)


def test_an_unknown_property_form_is_answered_by_form(answerer: Answerer) -> None:
    finding = answered(answerer, "路灯楼道灯的完好率要达到多少")
    assert finding.by_form
    assert {s.property_form for s in finding.statements} >= {"quasi", "basic"}


def test_a_known_property_form_takes_only_its_own_rule(answerer: Answerer) -> None:
    finding = answered(answerer, "路灯楼道灯的完好率要达到多少", form="basic")
    assert not finding.by_form
    assert finding.statements[0].property_form == "basic"
    assert not {s.property_form for s in finding.statements} & {"quasi", "market", "community", "self"}


def test_years_are_compared_in_their_order(answerer: Answerer) -> None:
    finding = answered(answerer, "2025年和2026年业委会组建率各要达到多少")
    assert [s.year for s in finding.statements][:2] == [2025, 2026]
    assert "95%" in finding.statements[0].text
    assert "96%" in finding.statements[1].text


def test_a_follow_up_changes_the_year(answerer: Answerer) -> None:
    earlier = answered(answerer, "2026年专业化物业管理覆盖率要到多少")
    assert "82%" in earlier.statements[0].text
    provision = earlier.statements[0].provision
    assert provision
    later = answered(answerer, "那2027年呢", earlier="2026年专业化物业管理覆盖率要到多少", earlier_provision=provision)
    assert "90%" in later.statements[0].text


def test_an_ended_and_a_draft_plan_say_so(answerer: Answerer) -> None:
    old = answered(answerer, "年终考核后五名的物业公司会怎么样", "ejinhoro").statements[0].citation
    assert (old.plan, old.status, old.binding) == ("ejinhoro-2022", "ended", True)
    draft = answered(answerer, "骑手友好小区有几个试点", "minle").statements[0].citation
    assert (draft.plan, draft.status) == ("minle-draft", "draft")


def test_a_plan_in_force_has_ended_once_its_period_is_over(answerer: Answerer) -> None:
    finding = answerer.answer(Question("物业合同签了以后几天内要备案", "donghe"), date(2028, 1, 1))
    assert isinstance(finding, Answered)
    assert finding.statements[0].citation.status == "ended"


@pytest.mark.parametrize("region", ["donghe", "nmg", "ejinhoro"])
def test_another_regions_rule_is_said_not_to_bind(answerer: Answerer, region: str) -> None:
    finding = answered(answerer, "民乐县骑手友好小区有几个试点", region)
    assert finding.statements[0].citation.plan == "minle-draft"
    assert not any(s.citation.binding for s in finding.statements)


def test_without_a_region_nothing_binds(answerer: Answerer) -> None:
    finding = answered(answerer, "物业合同签了以后几天内要备案", None)
    assert finding.statements[0].citation.plan == "donghe-2025"
    assert not any(s.citation.binding for s in finding.statements)


@pytest.mark.parametrize(
    "text", ["物业费一平米几块钱", "业委会要选几个委员", "装修几点以后不能敲墙", "我们物业经理的手机号是多少", "暖气哪天来"]
)  # fmt: skip
def test_what_no_plan_says_is_declined(answerer: Answerer, text: str) -> None:
    finding = answerer.answer(Question(text, "donghe"))
    assert isinstance(finding, NotCovered)
    assert finding.reason in {"nothing", "local_law", "unsure", "other_region"}


@pytest.mark.parametrize("text", ["", "  ", "？？？", "😀😀", "a" * 5000, "\x00", "物业" * 500])
def test_odd_texts_end_in_a_finding(answerer: Answerer, text: str) -> None:
    assert isinstance(answerer.answer(Question(text, "donghe")), Answered | NotCovered)


def test_on_development_questions_every_statement_is_proved_and_most_are_right(answerer: Answerer) -> None:
    scores = [score(answerer, entry) for entry in DEVELOPMENT]
    for found in scores:
        for statement in getattr(found.finding, "statements", ()) or getattr(found.finding, "nearest", ()):
            plan = answerer.library.plans[statement.citation.plan]
            assert plan.holds(statement.citation.quote, statement.citation.clause)
            assert unsupported_numbers(statement.text, statement.citation.quote) == []
    result = figures(scores)
    assert result["right_fact_and_citation"] >= 0.93, result
    assert result["refusals_right"] >= 0.85, result


@pytest.mark.parametrize(
    ("text", "region", "plan"),
    [
        ("我们呼市这边想问，东河区社区代管的小区业主意见收集率要求多少", "nmg", "donghe-2025"),
        ("合同签了几天内要备案？听说包头那边写了天数", "minle", "donghe-2025"),
        ("隔壁内蒙24小时没解决的投诉谁来盯", "minle", "nmg-2026"),
    ],
)
def test_another_regions_rule_is_found_by_its_name_and_said_not_to_bind(answerer: Answerer, text: str, region: str, plan: str) -> None:
    found = answerer.answer(Question(text, region))
    assert isinstance(found, Answered)
    assert found.statements[0].citation.plan == plan
    assert not found.statements[0].citation.binding


def test_a_region_named_below_the_askers_own_does_not_hide_what_binds_him(answerer: Answerer) -> None:
    found = answerer.answer(Question("包头这边老旧小区公共收益多久公示一次", "nmg"))
    assert isinstance(found, Answered)
