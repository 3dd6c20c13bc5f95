"""Without the sentence encoder answers rest on character grams: fewer, never wrong numbers or quotations."""

from dataclasses import replace

from knowledge.answer_question import Answerer
from knowledge.finding import Answered, NotCovered, Question
from knowledge.library import Library


def test_a_small_library_answers_and_declines_on_grams_alone(library: Library) -> None:
    plan = library.plans["ejinhoro-2022"]
    small = replace(library, plans={plan.id: plan}, provisions=library.by_plan[plan.id])
    answerer = Answerer(small, None)
    finding = answerer.answer(Question("年终考核后5名的物业企业多长时间不得承接新项目", "ejinhoro"))
    assert isinstance(finding, Answered)
    assert finding.statements[0].citation.clause == "四（三）3"
    assert plan.holds(finding.statements[0].citation.quote)
    assert isinstance(answerer.answer(Question("物业费一平米多少钱", "ejinhoro")), NotCovered)
