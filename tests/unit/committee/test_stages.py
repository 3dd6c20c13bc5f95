"""Where an estate stands, in people's own words, for every procedure; and the stages of the data are sound."""

import pytest

from committee.procedures import Procedures
from committee.stages import next_of

PROCEDURES = Procedures.load()


def said(procedure: str, text: str, region: str | None = None) -> int | None:
    here = [step.n for step in PROCEDURES.guide(procedure, region).steps]
    return next_of(text, PROCEDURES.entry(procedure).steps, here)


@pytest.mark.parametrize(
    ("procedure", "text", "n"),
    [
        ("first_formation", "还没找社区", 1),
        ("first_formation", "啥都还没弄", 1),
        ("first_formation", "刚开始", 1),
        ("first_formation", "申请交上去了", 3),
        ("first_formation", "已经找过街道了", 3),
        ("first_formation", "筹备组成立了", 5),
        ("first_formation", "筹备组成立了，名单还没公告", 5),
        ("first_formation", "候选人定了，通知还没发", 8),
        ("first_formation", "业委会选出来了", 10),
        ("first_formation", "业委会刚成立要办什么", 10),
        ("first_formation", "选完了，还没备案", 13),
        ("first_formation", "备案办完了", 14),
        ("first_formation", "章刻好了", 15),
        ("renewal", "候选人公告了", 4),
        ("renewal", "投完票了", 6),
        ("renewal", "已经备案了，还没移交", 8),
        ("general_meeting", "通知发出去了", 4),
        ("select_company", "合同签了", 5),
        ("dismiss_company", "大会通过了", 3),
        ("fund_emergency", "申请交了", 3),
        ("dispute", "投诉过了", 2),
    ],
)
def test_the_next_step(procedure: str, text: str, n: int) -> None:
    assert said(procedure, text, "donghe") == n


@pytest.mark.parametrize("text", ["电梯坏了", "物业费多少钱", "你好", "谢谢", "下一步", "好的", "三分之二没到怎么办", "表格怎么传"])
def test_nothing_was_told_of_the_procedure(text: str) -> None:
    assert said("first_formation", text) is None
    assert said("general_meeting", text) is None


@pytest.mark.parametrize("procedure", [name for name, _ in PROCEDURES.titles()])
def test_each_stage_leads_behind_its_step(procedure: str) -> None:
    """The words on the button, said in one's own voice, lead to the step that follows; every procedure has some."""
    staged = [step for step in PROCEDURES.entry(procedure).steps if step.stage]
    assert len(staged) >= 3
    met = set()
    for region in (None, "donghe", "ejinhoro", "minle", "nmg"):
        here = [step.n for step in PROCEDURES.guide(procedure, region).steps]
        for step in (step for step in staged if step.n in here):
            assert step.stage is not None
            behind = [n for n in here if n > step.n] or here[-1:]
            assert said(procedure, step.stage.title, region) == behind[0], (region, step.stage.title)
            met.add(step.n)
    assert met == {step.n for step in staged}
