import unicodedata

import pytest

from components.text_gate import LONGEST, clean


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("３號樓２單元５０２，電梯壞了", "3号楼2单元502,电梯坏了"),
        ("物業報修", "物业报修"),
        ("楼\u200b道\u202e灯\ufeff坏了", "楼道灯坏了"),
        ("楼道\r\n灯\t坏了\x00", "楼道 灯 坏了"),
        ("  停水了  ", "停水了"),
        ("\ud83d停水", "停水"),
        ("", ""),
        ("\u200b \u3000", ""),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@pytest.mark.parametrize("space", ["", " ", "\u3000", "\u200b", "\x1c", "\u2028", "\u0085", "\ufeff", "\xa0", "/"])
def test_a_leading_slash_never_reaches_rasa(space: str) -> None:
    for slash in ("/", "／"):
        assert clean(f"{space}{slash}{space}greet") == "greet"


def test_length_is_bounded_also_when_nfkc_unfolds() -> None:
    assert len(clean("漏" * 200_000)) == LONGEST
    assert len(clean("\ufdfa" * 5_000)) <= LONGEST  # one character that NFKC turns into eighteen


def test_cleaning_again_changes_nothing() -> None:
    for raw in ("／ ／greet", "㈱３號\u200b樓", "a\u0301 電梯"):
        once = clean(raw)
        assert clean(once) == once and unicodedata.is_normalized("NFKC", once)
