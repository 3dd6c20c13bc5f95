"""Masking: every way of writing a personal number is hidden, everything else stays."""

import random
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from storage.personal_data import mask

CASES = yaml.safe_load((Path(__file__).parent / "masked_texts.yml").read_text(encoding="utf-8"))
SPOKEN = "零一二三四五六七八九"
FULL = "０１２３４５６７８９"
AROUND = ("我电话{}谢谢", "{}", "联系{}，3号楼2单元502", "张先生 {} 漏水", "LD26112000471 {}", "周一{}", "电话：{}。")


@pytest.mark.parametrize(("text", "left"), [(str(a), b) for a, b in CASES["hide"]])
def test_hides(text: str, left: str) -> None:
    assert mask(text) == left


@pytest.mark.parametrize("text", CASES["keep"])
def test_keeps(text: str) -> None:
    assert mask(text) == text


def written(digits: str, rng: random.Random) -> str:
    """The number in one of the ways people write it."""
    way = rng.randrange(6)
    if way == 0:
        return digits
    if way == 1:
        return "".join(FULL[int(d)] if d.isdigit() else d for d in digits)
    if way == 2:
        return "".join(SPOKEN[int(d)] if d.isdigit() else d for d in digits)
    if way == 3:
        return rng.choice(" -　·").join((digits[:3], digits[3:7], digits[7:]))
    if way == 4:
        return " ".join(digits)
    return "".join(SPOKEN[int(d)].replace("一", "幺") if d.isdigit() else d for d in digits)


def numbers(rng: random.Random) -> str:
    kind = rng.randrange(3)
    if kind == 0:
        return f"1{rng.randint(3, 9)}{rng.randrange(10**9):09d}"
    if kind == 1:
        born = f"{rng.randint(1940, 2020)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
        return f"{rng.choice(['150203', '620722', '110101'])}{born}{rng.randrange(1000):03d}{rng.choice('0123456789X')}"
    return f"62{rng.randrange(10**17):017d}"


def test_recall_over_ten_thousand_numbers_and_ticket_numbers_untouched() -> None:
    rng = random.Random(20261120)
    missed = []
    for _ in range(10_000):
        number = numbers(rng)
        shown = written(number, rng)
        text = rng.choice(AROUND).format(shown)
        left = mask(text)
        if shown in left or sum(c in "0123456789" + FULL + SPOKEN + "幺" for c in left[text.index(shown) :][: len(shown)]) > 0:
            missed.append(text)
        assert ("LD26112000471" in text) == ("LD26112000471" in left)
    assert missed == [], f"{len(missed)} of 10000: {missed[:5]}"


@given(st.text(max_size=200))
def test_masking_keeps_length_and_is_done_once(text: str) -> None:
    once = mask(text)
    assert len(once) == len(text)
    assert mask(once) == once


@given(st.text(alphabet="0123456789 -LD一三X(", max_size=120))
def test_masking_of_digit_soup_is_done_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@pytest.mark.parametrize("piece", ["1 ", "1", "一", "电话", "0 ", "  ", "LD1", "62 ", "(0", "1-3-8-"])
def test_hostile_text_takes_linear_time(piece: str) -> None:
    started = time.perf_counter()
    mask(piece * (100_000 // len(piece)))
    assert time.perf_counter() - started < 3
