"""What is said, in Telegram's pieces: never too long, never cut inside a character, nothing lost."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram_text import LONGEST, parcels, split, units
from bot.deliveries import Taken

FAMILY = "👨‍👩‍👧"


def taken(body: dict[str, object], **changes: object) -> Taken:
    given: dict[str, object] = {
        "id": 1, "address": "5", "lane": 0, "author": "linda", "author_name": None, "body": body,
        "parts_done": 0, "repeats": 0, "note": None,
    }  # fmt: skip
    return Taken(**{**given, **changes})  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="甲乙。，\n a👍🏽🇨🇳é👨‍👩‍👧", min_size=1, max_size=400), st.integers(24, 90))
def test_pieces_fit_and_hold_everything(text: str, longest: int) -> None:
    pieces = split(text, longest)
    assert all(units(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_cut_at_ends_of_sentences() -> None:
    sentence = "电梯维修由物业服务企业负责，并在十五日内办结。"
    pieces = split(sentence * 600)
    assert len(pieces) > 2
    assert all(piece.endswith("。") and units(piece) <= LONGEST for piece in pieces)
    assert "".join(pieces) == sentence * 600


def test_never_inside_a_family() -> None:
    for piece in split(FAMILY * 1500):
        assert not piece.startswith(("\u200d", "\ufe0f")) and not piece.endswith("\u200d")
        assert not unicodedata.combining(piece[0])
        assert units(piece) <= LONGEST


def test_sources_stand_as_plain_lines() -> None:
    citation = {"title": "行动方案", "doc_number": "内建〔2025〕1号", "clause": "三（二）1", "status": "in_force", "binding": True}
    old = {"title": "旧方案", "doc_number": None, "clause": "四", "status": "ended", "binding": False}
    body = {"text": "每半年公示一次。", "citations": [citation, old, citation], "choices": []}
    [parcel] = parcels(taken(body), "https://x", lambda _token: True)
    lines = parcel.text.splitlines()
    assert lines == ["每半年公示一次。", "▸ 《行动方案》（内建〔2025〕1号）三（二）1", "▸ 外地参考：《旧方案》四（实施期已满）"]


def test_buttons_only_under_the_last_piece_and_only_those_allowed() -> None:
    body = {"text": "长。" * 4000, "citations": [], "choices": [{"title": "东河", "choice": "a"}, {"title": "人工", "choice": "b"}]}
    made = parcels(taken(body), "", lambda token: token == "a")
    assert [p.buttons for p in made] == [(), (("东河", "a"),)]
    assert parcels(taken(body, note="plain"), "", lambda _t: True)[-1].buttons == ()


def test_a_repeat_is_marked_with_its_ticket() -> None:
    [parcel] = parcels(taken({"text": "已受理，工单号 LD26112000012。"}, repeats=1), "", lambda _t: True)
    assert parcel.text.startswith("（重发，工单 LD26112000012")
    long = parcels(taken({"text": "字" * 9000}, repeats=1, parts_done=1), "", lambda _t: True)
    assert [p.text.startswith("（重发") for p in long] == [False, True, False]
    assert all(units(p.text) <= LONGEST for p in long)


def test_operators_are_named_and_markup_stays_text() -> None:
    [parcel] = parcels(taken({"text": "*师傅* <b>下午</b> 到"}, author="operator", author_name="小李"), "", lambda _t: True)
    assert parcel.text == "小李（值班人员）：*师傅* <b>下午</b> 到"
