"""What is a mark and what is not."""

import pytest

from actions.rate_ticket import stars_said


@pytest.mark.parametrize(
    ("words", "asked", "stars"),
    [
        ("五分", False, 5),
        ("给个差评", False, 1),
        ("我打3星", False, 3),
        ("给他们好评", False, 5),
        ("服务五分", False, 5),
        ("5", True, 5),
        ("满意", True, 4),
        ("不满意", True, 2),
        ("很不满意", True, 1),
        ("还行吧", True, 3),
        ("非常满意", True, 5),
        ("5", False, None),
        ("满意", False, None),
        ("十五分钟能到吗", False, None),
        ("等了五分钟了", False, None),
        ("3号楼2单元停水了", True, None),
        ("三分之二同意够不够", False, None),
        ("物业费收了五分之一", False, None),
    ],
)
def test_marks(words: str, asked: bool, stars: int | None) -> None:
    assert stars_said(words, asked=asked) == stars
