"""A new text that copies a plan keeps what people reviewed of it, with the new text's numbers and never an old one."""

import re
from dataclasses import replace

import pytest

from knowledge.carried import beside, carried
from knowledge.import_provisions import provisions_of
from knowledge.library import Library
from knowledge.numbers import unsupported_numbers
from knowledge.plan import Block, Plan
from knowledge.provisions import Provision


def changed(plan: Plan, *swaps: tuple[str, str]) -> Plan:
    """The plan under another id, with some words exchanged in its text."""

    def said(text: str) -> str:
        for old, new in swaps:
            text = text.replace(old, new)
        return text

    blocks = tuple(Block(b.clause, tuple(map(said, b.paragraphs)), b.heading) for b in plan.blocks)
    clauses = {key: replace(c, text=said(c.text)) for key, c in plan.clauses.items()}
    return Plan(replace(plan.identity, id="new"), blocks, clauses)


def twin_of(found: list[Provision], key: str) -> Provision:
    return next(p for p in found if p.twin == key)


@pytest.mark.parametrize("plan", ["donghe-2025", "nmg-2026", "minle-draft"])
def test_a_plan_carries_all_of_itself_unchanged(library: Library, plan: str) -> None:
    found = carried(changed(library.plans[plan]), library.by_plan[plan])
    assert len(found) == len(library.by_plan[plan])
    assert all((p.answer, p.clause, p.year) == ((o := library.by_key[str(p.twin)]).answer, o.clause, o.year) for p in found)


def test_a_changed_number_is_said_as_the_new_text_has_it(library: Library) -> None:
    new = changed(library.plans["donghe-2025"], ("15天", "9天"), ("60%以上", "66%以上"))
    found = carried(new, library.by_plan["donghe-2025"])
    fifteen = twin_of(found, "donghe-2025/community-15days")
    assert "9天" in fifteen.answer and "15" not in fifteen.answer + fifteen.quote
    assert [(v.value, v.unit) for v in fifteen.values] == [(9, "天")]
    assert all(unsupported_numbers(p.answer, p.quote) == [] for p in found)


def test_a_number_said_another_way_does_not_outlive_its_change(library: Library) -> None:
    """The text says 半小时, an answer may say 30分钟; the quotation goes on with 下降30%, so the number alone proves nothing."""
    plan = library.plans["donghe-2025"]
    old = next(p for p in library.by_plan[plan.id] if "半小时" in p.quote and "30%" in p.quote)
    told = old.model_copy(update={"answer": "市场化物业接到报修，30分钟内要响应。"})
    (new,) = carried(changed(plan, ("半小时内", "20分钟内")), [told])
    assert "20分钟" in new.answer and "30分钟" not in new.answer


def test_a_year_moves_with_the_text_and_is_dropped_when_it_is_gone(library: Library) -> None:
    plan = library.plans["donghe-2025"]
    of_2026 = [p for p in library.by_plan[plan.id] if p.year == 2026 and "2026年" in p.quote]
    assert {p.year for p in carried(changed(plan, ("2026年", "2029年")), of_2026)} == {2029}


def test_other_words_are_carried_by_nobody(library: Library) -> None:
    assert carried(library.plans["minle-draft"], library.by_plan["ejinhoro-2022"]) == []


def test_what_is_carried_is_not_said_again_by_rule(library: Library) -> None:
    plan = changed(library.plans["donghe-2025"], ("15天", "9天"))
    over, by_rule = carried(plan, library.by_plan["donghe-2025"]), provisions_of(plan)
    both = beside(over, by_rule)
    assert both[: len(over)] == over
    assert len(both) < len(over) + len(by_rule) / 2
    assert not [p for p in both if p.twin is None and re.search("9天", p.quote)]
