"""Places against the hand-written cases of places.yml and the region's estates."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from understanding.numerals import numeral
from understanding.places import find_place
from understanding.reading import Place
from understanding.text_gate import clean

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "places.yml").read_text(encoding="utf-8"))
ESTATES = ("阳光家园", "富强小区", "金桂苑", "翠堤湾小区", "幸福里")


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_reads_the_place(case: dict[str, Any]) -> None:
    place = find_place(clean(case["text"]))
    assert (place.building, place.unit, place.room) == (case.get("building"), case.get("unit"), case.get("room"))
    for name in ("spot", "community"):
        if name in case:
            assert getattr(place, name) == case[name]


@pytest.mark.parametrize(
    ("text", "community"),
    [
        ("我住阳光家园3号楼", "阳光家园"),
        ("我们阳光的,3号楼", "阳光家园"),
        ("富墙小区没水了", "富强小区"),
        ("金贵苑9栋电梯坏了", "金桂苑"),
        ("翠堤湾3号楼", "翠堤湾小区"),
        ("幸福里5号楼", "幸福里"),
        ("楼上搭阳光房呢", None),
        ("老小区没人管", None),
        ("电梯里有味", None),
    ],
)
def test_finds_the_estate_of_the_region(text: str, community: str | None) -> None:
    assert find_place(text, ESTATES).community == community


@pytest.mark.parametrize(
    ("text", "community"),
    [
        ("阳光小区3号楼", "阳光小区"),
        ("我住阳光小区", "阳光小区"),
        ("和平里小区5号楼", "和平里小区"),
        ("县城家园2号楼", "县城家园"),
        ("我住县城家园", "县城家园"),
        ("昆区友谊小区4栋", "友谊小区"),
        ("和平小区3号楼", "和平小区"),
        ("我家在和平小区", "和平小区"),
        ("何平小区没水", "和平小区"),
        ("阳光里3号楼", "阳光里"),
        ("新和平小区3号楼", "新和平小区"),
        ("红旗小区漏水", "红旗小区"),
        ("友谊嘉园6号楼", "友谊嘉园"),
        ("友谊的,3号楼", "友谊花园"),
        ("万达华府二期A区12栋", "万达华府二期A区"),
        ("滨河名邸", "滨河名邸"),
        ("铁路家属院3号楼", "铁路家属院"),
        ("恒大城3号楼", "恒大城"),
        ("万达广场2号楼", "万达广场"),
        ("水电大院5栋", "水电大院"),
        ("小区广场上跳舞的太吵", None),
        ("楼下文化广场太吵", None),
        ("电梯里3号楼的人抽烟", None),
        ("房子在家里", None),
    ],
)
def test_a_name_said_is_not_replaced_by_a_similar_one(text: str, community: str | None) -> None:
    assert find_place(text, ("阳光里", "和平小区", "友谊花园", "城市家园")).community == community


def test_phase_and_block_belong_to_the_name() -> None:
    for known in ((), ("万达广场",)):
        place = find_place("万达华府二期A区12栋", known)
        assert (place.community, place.building, place.spot) == ("万达华府二期A区", "12", None)


def test_phase_of_a_listed_estate_stays_beside_its_name() -> None:
    place = find_place("万达华府二期A区12栋走廊灯", ("万达华府", "万达"))
    assert (place.community, place.building, place.spot) == ("万达华府", "12", "二期A区走廊")
    assert find_place("万达华府12栋走廊灯", ("万达华府",)).spot == "走廊"


@pytest.mark.parametrize(("text", "community"), [("和平里小区5号楼", "和平里小区"), ("我住和平里", None), ("我家在和平小区", "和平小区")])
def test_an_alias_inside_another_name_is_not_that_estate(text: str, community: str | None) -> None:
    assert find_place(text, ("和平小区", "和平社区")).community == community
    assert find_place("新和平小区3号楼", ("和平小区", "和平")).community == "新和平小区"
    assert find_place("和平里小区5号楼", ("和平小区", "和平")).community == "和平里小区"


@given(building=st.integers(1, 99), unit=st.integers(1, 9), floor=st.integers(1, 33), door=st.integers(1, 12))
def test_every_usual_way_of_writing_an_address(building: int, unit: int, floor: int, door: int) -> None:
    room = f"{floor}{door:02d}"
    wanted = (str(building), str(unit), room)
    for text in (
        f"{building}号楼{unit}单元{room}",
        f"{building}-{unit}-{room}",
        f"{building}#{unit}-{room}漏水",
        f"我家在{building}栋{unit}单元{room}室",
    ):
        place = find_place(text)
        assert (place.building, place.unit, place.room) == wanted, text


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_a_phone_is_never_a_place(phone: str, gap: str) -> None:
    said = gap.join((phone[:3], phone[3:7], phone[7:]))
    assert find_place(f"电话{said}") == Place()
    assert find_place(said).room is None and find_place(said).building is None


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("二十三", "23"),
        ("五零二", "502"),
        ("幺二零三", "1203"),
        ("十二", "12"),
        ("一千二百零三", "1203"),
        ("二百五", "250"),
        ("零三零一", "0301"),
        ("两百", "200"),
        ("十十", None),
        ("", None),
        ("楼", None),
    ],
)
def test_numerals(words: str, number: str | None) -> None:
    assert numeral(words) == number
