"""How a reviewed answer and a document's identity are said: told as such, with source and days, in full and in elder style."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from actions.say_finding import original_words, say_of_plan, say_reviewed
from actions.style import style_said
from actions.turn import Turn
from config.regions import regions
from config.words import Words
from knowledge.finding import Citation, OfPlan, Reviewed
from storage.models import ConversationRow

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
CITATION = Citation("donghe-2025", "三年方案", None, "in_force", True, "三（二）1", "", "缩短至半小时内", "/plans/donghe-2025")
WRITTEN = Reviewed("半小时内上门。", CITATION, None, None, date(2026, 11, 19), 1.0)
PLAN = OfPlan(
    "until", "ejinhoro-2022", "某方案", None, "某机关", date(2022, 9, 12), None, date(2025, 9, 12), "ended", True, None, None
)  # fmt: skip


def turn_of(text: str = "", style: str = "plain") -> Turn:
    parts: Any = SimpleNamespace(regions=regions(), plan_regions={"ejinhoro-2022": "ejinhoro"})
    reading: Any = SimpleNamespace(text=text, raw=text)
    session: Any = None
    row = ConversationRow(region="donghe", style=style)
    return Turn("t1", session, row, reading, NOW, Words(), parts, lambda _: reading)


def said(turn: Turn, finding: Reviewed | OfPlan) -> str:
    answer = say_reviewed(turn, finding) if isinstance(finding, Reviewed) else say_of_plan(turn, finding)
    return answer.replies[0].text


def test_a_reviewed_answer_names_its_clause_or_its_office_and_the_days() -> None:
    text = said(turn_of(), WRITTEN)
    for words in ("值班员核对过的答复：半小时内上门。", "《三年方案》三（二）1", "2026年11月19日核对", "原文：“缩短至半小时内”"):
        assert words in text
    office = said(turn_of(), replace(WRITTEN, citation=None, office="东河区住建局", office_day=date(2026, 11, 3)))
    assert "来源：东河区住建局，2026年11月3日答复" in office
    assert "原文" not in office


def test_what_a_reviewed_answer_stands_on_is_told_when_it_has_ended() -> None:
    text = said(turn_of(), replace(WRITTEN, citation=replace(CITATION, status="ended")))
    assert text.startswith("先说明：依据的文件实施期已满")


def test_in_elder_style_the_quotation_comes_on_the_button() -> None:
    turn = turn_of(style="elder")
    answer = say_reviewed(turn, WRITTEN)
    assert "原文" not in answer.replies[0].text
    choice = answer.replies[0].choices[0]
    assert choice.title == "看原文"
    assert "“缩短至半小时内”" in original_words(turn, choice.meaning).replies[0].text


def test_a_date_the_text_does_not_state_is_told_as_registered() -> None:
    text = said(turn_of(), PLAN)
    assert "2025年9月12日" in text
    assert "登记" in text
    assert "期已满" in text
    year = replace(CITATION, quote="（2023—2025年）")
    assert said(turn_of(), replace(PLAN, ends=date(2025, 12, 31), citation=year)).startswith("《某方案》实施到2025年底。（该文件")
    assert "没有写明" in said(turn_of(), replace(PLAN, ends=None, standing="in_force"))


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("字大一点", "elder"), ("字能不能大点", "elder"), ("字太小了，看不清", "elder"), ("说简单点", "elder"),
        ("能不能说得简单一点", "elder"), ("讲明白些", "elder"), ("字体调大一些", "elder"), ("说详细点", "plain"),
        ("字小一点", "plain"), ("讲具体点行吗", "plain"),
        ("楼号牌的字大一点行不行啊物业", None), ("大一点", None), ("电梯按钮字太小", None), ("简单说下物业费", None), ("字", None),
    ],
)  # fmt: skip
def test_only_the_bare_wish_changes_the_style(text: str, style: str | None) -> None:
    turn = turn_of(text, "before")
    answer = style_said(turn)
    assert (answer is not None) == (style is not None)
    assert turn.conversation.style == (style or "before")
