"""The numbers of a sentence, in digits and in Chinese."""

import pytest

from knowledge.numbers import numbers_said, unsupported_numbers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("半小时内响应", ["0.5"]),
        ("每年不少于2次", ["2"]),
        ("比例3:1，完好率85%", ["3", "1", "85"]),
        ("连续三年，十五天内", ["3", "15"]),
        ("问一下，一个小区，一定要一起", []),
        ("两家公司、二十四小时、一百二十户", ["2", "24", "120"]),
        ("７个工作日", ["7"]),
        ("一天一次", ["1", "1"]),
    ],
)
def test_numbers_said(text: str, said: list[str]) -> None:
    assert sorted(numbers_said(text)) == sorted(said)


@pytest.mark.parametrize(
    ("statement", "quote", "missing"),
    [
        ("15天内解决", "问题解决周期不超过15天", []),
        ("5天内解决", "问题解决周期不超过15天", ["5"]),
        ("30分钟内响应", "维修响应时间缩短至半小时内", ["30"]),
        ("每年两次", "每年不少于2次", []),
        ("2026年要到96%", "业主委员会组建率达到96%", ["2026"]),
        ("010", "10", []),
    ],
)
def test_a_number_must_stand_in_the_quotation(statement: str, quote: str, missing: list[str]) -> None:
    assert unsupported_numbers(statement, quote) == missing
