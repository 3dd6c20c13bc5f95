"""What is an answer to the survey, a refusal, or a wish to be asked again, and what is not."""

from types import SimpleNamespace

import pytest

from actions.survey_answer import _AGAIN, _NEVER, _mark


@pytest.mark.parametrize(
    ("words", "busy", "mark"),
    [
        ("四分", False, (4, "")),
        ("四分", True, (4, "")),
        ("4星", True, (4, "")),
        ("给个五分吧", False, (5, "")),
        ("两颗星，电梯老坏", False, (2, "电梯老坏")),
        ("5", False, (5, "")),
        ("5", True, None),
        ("满意", False, (4, "")),
        ("满意", True, None),
        ("不满意", True, None),
        ("五分钟前停水了", False, None),
        ("3号楼2单元停水了", False, None),
        ("三分之二同意够不够", False, None),
        ("电梯等了四分", False, None),
    ],
)
def test_marks(words: str, busy: bool, mark: tuple[int, str] | None) -> None:
    turn = SimpleNamespace(asked="place" if busy else None, draft=None)
    assert _mark(turn, words) == mark  # type: ignore[arg-type]


@pytest.mark.parametrize("words", ["别再问我了", "以后不用问我", "不想参加", "不要再发了"])
def test_refusals(words: str) -> None:
    assert _NEVER.search(words)


@pytest.mark.parametrize(
    ("words", "again"), [("参加测评", True), ("我要参加满意度调查", True), ("恢复测评吧", True), ("怎么参加业主大会", False)]
)
def test_wishes_to_be_asked_again(words: str, again: bool) -> None:
    assert bool(_AGAIN.search(words)) is again
