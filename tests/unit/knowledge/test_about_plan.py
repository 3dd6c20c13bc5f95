"""Questions about a document itself: which are taken, which document is meant, and what of its text states the answer."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from knowledge.about_plan import PlanDesk
from knowledge.finding import NotCovered, OfPlan, Question
from knowledge.library import Library
from knowledge.plan import squeezed

DAY = date(2026, 11, 20)
SAID = yaml.safe_load((Path(__file__).parent / "about_plan.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "region", "asks", "plan"), SAID["own"])
def test_a_question_about_a_document_finds_it(library: Library, text: str, region: str, asks: str, plan: str) -> None:
    found = PlanDesk(library).answer(Question(text, region), DAY)
    assert isinstance(found, OfPlan)
    assert (found.asks, found.plan) == (asks, plan)
    assert found.binding == library.binding.binds(plan, region)
    assert found.standing == library.plans[plan].identity.standing_on(DAY)


@pytest.mark.parametrize("text", SAID["other"])
def test_other_questions_are_left_alone(library: Library, text: str) -> None:
    assert PlanDesk(library).answer(Question(text, "donghe", earlier_provision="donghe-2025/x"), DAY) is None


def test_what_states_it_is_quoted_from_the_text(library: Library) -> None:
    desk, quotes = PlanDesk(library), {}
    for text, region, asks, plan in SAID["own"]:
        found = desk.answer(Question(text, region), DAY)
        assert isinstance(found, OfPlan)
        if found.citation is not None:
            assert library.plans[plan].holds(found.citation.quote, found.citation.clause)
            quotes[asks, plan] = squeezed(found.citation.quote)
    assert "2025—2027年" in quotes["until", "donghe-2025"]
    assert quotes["number", "donghe-2025"] == "包东政办发〔2025〕32号"
    assert "30日后施行" in quotes["starts", "nmg-2018"]
    assert "征求意见稿" in quotes["standing", "minle-draft"]
    assert "2026年5月25日" in quotes["issued", "nmg-2026"]
    assert ("number", "minle-draft") not in quotes


def test_the_document_spoken_of_before_is_meant_and_a_number_nobody_has_is_not_guessed(library: Library) -> None:
    desk = PlanDesk(library)
    spoken = desk.answer(Question("哪天发的", "donghe", earlier_provision="nmg-2026/x"), DAY)
    assert isinstance(spoken, OfPlan)
    assert (spoken.plan, spoken.issued) == ("nmg-2026", date(2026, 5, 25))
    assert desk.answer(Question("哪天发的", "donghe"), DAY) is None
    assert desk.answer(Question("什么时候公布", "donghe", earlier_provision="nmg-2026/x"), DAY) is None
    assert isinstance(desk.answer(Question("99号文还算数吗", "donghe"), DAY), NotCovered)
