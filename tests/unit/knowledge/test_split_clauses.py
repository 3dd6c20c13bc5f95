"""Clauses joined are the text: nothing lost, nothing changed but white space and the listed page furniture."""

import re
from pathlib import Path

import pytest
import yaml

from knowledge.library import FOLDER, Library
from knowledge.plan import same_line, squeezed
from knowledge.read_plan import read_plan
from knowledge.split_clauses import clauses_of, numeral, split_clauses

PLANS = {p["id"]: p for p in yaml.safe_load((FOLDER / "plans.yaml").read_text(encoding="utf-8"))["plans"]}


@pytest.mark.parametrize("plan_id", PLANS)
def test_the_clauses_joined_are_the_source_text(library: Library, plan_files: Path, plan_id: str) -> None:
    source = squeezed((plan_files / PLANS[plan_id]["file"]).read_text(encoding="utf-8"))
    for furniture in PLANS[plan_id].get("furniture", ()):
        source = source.replace(squeezed(furniture), "")
    assert library.plans[plan_id].plain == source


def test_page_furniture_is_only_the_repeated_heads_of_the_annex_tables(plan_files: Path) -> None:
    raw = (plan_files / "nmg-2018.txt").read_text(encoding="utf-8")
    assert {plan for plan, p in PLANS.items() if p.get("furniture")} == {"nmg-2018"}
    dropped = len(squeezed(raw)) - sum(len(squeezed(line)) for line in read_plan(raw, tuple(PLANS["nmg-2018"]["furniture"])))
    assert dropped == 3 * len("序号考核内容考核标准") + 2 * len("序号考核内容评分标准") + len("盟市：") + len("企业名称：")


def test_every_numeral_of_the_text_opened_its_clause(library: Library) -> None:
    ids = {plan: [c for c in p.clauses if c not in ("文头", "引言", "文尾", "附件目录")] for plan, p in library.plans.items()}
    assert [c for c in ids["minle-draft"] if c.startswith("二（")] == [f"二（{numeral(n)}）" for n in range(1, 21)]
    assert [c for c in ids["nmg-2026"] if c.startswith("二（")] == [f"二（{numeral(n)}）" for n in range(1, 6)]
    assert [c for c in ids["nmg-2026"] if len(c) == 1] == list("一二三四五六七八")
    assert [c for c in ids["donghe-2025"] if c.startswith("三（五）")] == ["三（五）", "三（五）1", "三（五）2", "三（五）3"]
    assert sum(1 for c in ids["nmg-2018"] if re.fullmatch(r"附件1第\d+项", c)) == 19
    assert sum(1 for c in ids["nmg-2018"] if re.fullmatch(r"附件2第\d+项", c)) == 13
    assert ids["ejinhoro-2022"][-1] == "五（四）"


def test_unnumbered_headings_of_minle_take_the_numbers_they_lack(library: Library) -> None:
    clauses = library.plans["minle-draft"].clauses
    assert clauses["二（四）"].heading == "公共设施配套不完善问题"
    assert clauses["二（九）"].heading == "党建引领力度不强问题"
    assert clauses["二（十）"].text.startswith("（十）安全责任落实不到位问题")


def test_unnumbered_paragraphs_belong_to_their_heading(library: Library) -> None:
    donghe = library.plans["donghe-2025"]
    assert "问题解决周期不超过15天" in donghe.clauses["三（二）1"].text
    assert donghe.clauses["引言"].text.startswith("为深入落实")
    assert "自发布之日起30日后施行" in library.plans["nmg-2018"].clauses["三"].text


def test_annex_rows_have_their_title_and_their_points(library: Library) -> None:
    plan = library.plans["nmg-2018"]
    assert plan.clauses["附件1第10项"].heading == "强化住宅专项维修资金监管"
    assert plan.clauses["附件1第10项2"].text == "2.应急使用审批便捷及时；"
    assert plan.clauses["附件2第12项"].heading == "提升创新能力，开展精细化服务"
    assert plan.heading_path("附件1第10项2")[-1] == "强化住宅专项维修资金监管"


def test_lines_broken_by_the_page_are_joined_again(library: Library) -> None:
    text = library.plans["nmg-2026"].clauses["二（二）"].text
    assert "统一的物业服务合同示范文本" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("三（二）1", "三（二）1", True),
        ("三（二）", "三（二）1", True),
        ("三", "三（二）1", True),
        ("三（二）1", "三（二）12", False),
        ("二（十）", "二（十一）", False),
        ("附件1第1项", "附件1第10项", False),
        ("附件1第10项", "附件1第10项2", True),
        ("二", "二1", True),
        ("一", "二（一）", False),
        ("二", "二十", False),
    ],
)
def test_a_clause_stands_above_another_only_on_a_boundary(one: str, other: str, same: bool) -> None:
    assert same_line(one, other) is same
    assert same_line(other, one) is same


def test_a_number_out_of_sequence_opens_no_clause() -> None:
    blocks = split_clauses(["一、总则", "1.第一条。", "30日内办完。", "7.不是第七条。", "2.第二条。", "二、附则", "（二）不是第一小节。"])
    assert list(clauses_of(blocks)) == ["一", "一1", "一2", "二"]


def test_a_quotation_is_found_whatever_the_white_space_but_never_in_another_clause(library: Library) -> None:
    plan = library.plans["nmg-2018"]
    assert plan.holds("2018 年底前，建设并\n运行全区统一的物业服务监管评价和统计信息平台", "二（一）3")
    assert not plan.holds("建设并运行全区统一的物业服务监管评价和统计信息平台", "二（一）4")
    assert not plan.holds("建设并运行全旗统一的物业服务监管评价和统计信息平台")
    assert not plan.holds("  ")
