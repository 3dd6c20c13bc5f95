"""The text gate: what is dropped, what is kept, how long it may take."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.refusal import Refused
from understanding.text_gate import LONGEST, clean

HOSTILE = [
    "一" * 4096,
    "([{" * 1365,
    "\u0301" * 4096,
    "a\u0301\u0302" * 1365,
    "\u202e" * 4096,
    "ﷺ" * 4096,
    "/" * 4096,
    "3-" * 2048,
    " \u200b" * 2048,
]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("３号楼２单元５０２", "3号楼2单元502"),
        ("電梯壞了", "电梯坏了"),
        ("物業報修", "物业报修"),
        ("水\u200b管\u202e漏\u2066水\x00", "水管漏水"),
        ("  你好\n在吗\t ", "你好 在吗"),
        ("/restart", "restart"),
        ("／／ /session_start", "session_start"),
        ("\u200b/affirm", "affirm"),
        ("\u3000\u200b", ""),
        ("/", ""),
        ("不报了/算了", "不报了/算了"),
        ("㎡ ① ＡＢＣ", "m2 1 ABC"),
        ("水管漏了💧😭", "水管漏了💧😭"),
        ("楼道灯\ufe0f不亮", "楼道灯不亮"),
    ],
)
def test_cleans(raw: str, wanted: str) -> None:
    assert clean(raw) == wanted


def test_caps_at_a_thousand_characters() -> None:
    assert len(clean("漏水" * 5000)) == LONGEST


@pytest.mark.parametrize("raw", ["漏水\ud800", b"\xff\xfe\x00", b"\xed\xa0\x80", "水管漏了".encode("gb18030")])
def test_broken_text_is_refused_with_a_remedy(raw: str | bytes) -> None:
    with pytest.raises(Refused) as refused:
        clean(raw)
    assert refused.value.code == "bad_text" and refused.value.remedy


@given(st.text(max_size=300))
def test_any_text_comes_out_clean_and_stays_so(raw: str) -> None:
    try:
        text = clean(raw)
    except Refused:
        assert any("\ud800" <= character <= "\udfff" for character in raw)
        return
    assert not text.startswith("/") and len(text) <= LONGEST and "\x00" not in text
    assert clean(text) == text


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: repr(raw[:3]))
def test_hostile_text_is_cleaned_in_linear_time(raw: str) -> None:
    clean("先开一次转换")
    spent = []
    for _ in range(3):
        began = time.process_time()
        clean(raw)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.02
