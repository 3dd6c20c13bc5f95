"""Whether two reports can be of one place: what is missing is compatible, what contradicts is not."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from understanding.numerals import numeral
from understanding.reading import Place

Marks = dict[str, frozenset[str]]


@dataclass(frozen=True)
class Where:
    """What words say of the place beside the address: `marks` (floor, side, number…), kinds of `spots`, and how far it reaches."""

    place: Place
    marks: Marks
    spots: frozenset[str]
    whole: bool
    outage: bool
    shared: bool
    home: bool
    only_mine: bool
    building_wide: bool
    rooms: frozenset[str]
    anywhere: bool
    carries: bool
    leak: bool


@dataclass(frozen=True)
class PlaceWords:
    """The patterns of tickets/likeness.yaml that speak of places."""

    marks: dict[str, re.Pattern[str]]
    spots: dict[str, re.Pattern[str]]
    whole: re.Pattern[str]
    outage: re.Pattern[str]
    shared: re.Pattern[str]
    home: re.Pattern[str]
    only_mine: re.Pattern[str]
    building_wide: re.Pattern[str]
    no_floor: frozenset[str]
    estate_wide: frozenset[str]
    carrying: frozenset[str]

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "PlaceWords":
        """Read from the file's mapping."""
        marks, spots = ({k: re.compile(v) for k, v in raw[name].items()} for name in ("marks", "spots"))
        whole, outage, shared, home, only_mine, building_wide = (
            re.compile(raw[name]) for name in ("whole", "outage", "shared", "home", "only_mine", "building_wide")
        )
        sets = (frozenset(raw[name]) for name in ("no_floor", "estate_wide", "carrying"))
        return cls(marks, spots, whole, outage, shared, home, only_mine, building_wide, *sets)


_COUNT = "([0-9]{1,2}|[一二三四五六七八九]|十[一二三四五六七八九]?)"
_RANGE = re.compile(rf"{_COUNT}[楼层]?[到道至~-]{_COUNT}[楼层]")
_ROOMS = {
    name: re.compile(said)
    for name, said in {
        "kitchen": "厨房|洗菜|灶",
        "bath": "卫生间|厕所|洗手间|浴室|马桶|花洒",
        "bedroom": "卧室|主卧|次卧",
        "living": "客厅",
        "balcony": "阳台",
    }.items()
}
_OWN_FLOOR = re.compile(r"(?:我家|我们家|我住|家住|住在?|我在|我是|我这|我们这?|俺家|就)(?:是|在|住)?[0-9一二三四五六七八九十]{1,3}[楼层]")
_ROOM = re.compile(r"(?<![0-9])([0-9]{1,2})0[0-9](?![0-9])|(?<![0-9])([0-9]{1,2})[0-9]{2}(?![0-9元块点度年号天个次多平])")
_BASEMENT = re.compile(r"地下室|地下一层|负一[楼层]")
_ABOVE, _BELOW, _BESIDE = re.compile(r"楼上(?!下)"), re.compile(r"楼下(?=那?[家户的]|邻居|[0-9])"), re.compile(r"对门|隔壁|邻居")

_LANDMARKS = frozenset({"garage", "square", "play", "court", "gate", "shed"})  # of the grounds: two of them are two places
_LEAK = re.compile("漏|渗|滴|冒|返水|反水|滋|喷|淹")
_THIS_FLAT = re.compile(r"[这那](?:一)?户|这家(?!小区)")


def where(  # noqa: PLR0913 - the words and what is known of their place
    words: str, bare: str, place: Place, category: str, known: PlaceWords, own_room: str | None
) -> Where:
    """Read what the words of a report say of its place; `bare` are the words without the address, `own_room` the author's address's."""
    marks = {name: found for name, pattern in known.marks.items() if (found := _values(pattern, words))}
    floors = _floors(words, place, own_room)
    marks.pop("floor", None)
    if floors and category not in known.no_floor:
        marks["floor"] = floors
    return Where(
        place=place,
        marks=marks,
        spots=frozenset(name for name, pattern in known.spots.items() if pattern.search(words)),
        whole=bool(known.whole.search(words)),
        outage=bool(known.outage.search(words)),
        shared=bool(known.shared.search(bare)),
        home=bool(known.home.search(bare)),
        only_mine=bool(known.only_mine.search(words)),
        building_wide=bool(known.building_wide.search(words)),
        rooms=frozenset(name for name, pattern in _ROOMS.items() if pattern.search(words)),
        anywhere=category in known.estate_wide,
        carries=category in known.carrying,
        leak=bool(_LEAK.search(words)),
    )


@cache
def _floor_said() -> re.Pattern[str]:
    return re.compile(r"(?<![0-9号])([0-9]{1,2}|[一二三四五六七八九十]{1,3})[楼层](?!栋|幢|号|道|梯|下|上|[0-9]?单元)")


def _floors(words: str, place: Place, own_room: str | None) -> frozenset[str]:
    """The floors the matter is on: said, by a flat's number, or as above, below or beside the reporter's own."""
    bare = _OWN_FLOOR.sub("", words)
    said = set(_values(_floor_said(), bare)) | ({"basement"} if _BASEMENT.search(bare) else set())
    for low, high in _RANGE.findall(bare):
        first, last = (int(numeral(one) or one) for one in (low, high))
        said |= {str(floor) for floor in range(first, min(last, first + 40) + 1)}
    for match in _ROOM.finditer(bare):
        number = match[0]
        if number != own_room:
            said.add(match[1] or match[2])
    own = int(place.room[:-2]) if place.room and place.room.isdigit() and len(place.room) in (3, 4) else None
    if own is not None and not said:
        said |= {str(own + 1)} if _ABOVE.search(bare) else {str(own - 1)} if _BELOW.search(bare) else set()
        said |= {str(own)} if _BESIDE.search(bare) or _THIS_FLAT.search(bare) else set()
    return frozenset(said)


def _values(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    found = (hit if isinstance(hit, str) else next(filter(None, hit), "") for hit in pattern.findall(text))
    return frozenset(numeral(one) or one for one in found if one)


def another_place(a: Where, b: Where, *, private: bool) -> bool:
    """Whether the two cannot be one place. `private`: the matter is of one flat, so that another flat is another place."""
    if differ(a.place.community, b.place.community):
        return True
    if a.whole or b.whole or (a.anywhere and b.anywhere):
        return False
    both_out = a.outage and b.outage and not (a.only_mine or b.only_mine)
    if both_out and not (a.place.building and b.place.building):
        return False
    if differ(a.place.building, b.place.building) or (
        differ(a.place.unit, b.place.unit) and not (both_out and (a.building_wide or b.building_wide))
    ):
        return True
    if _tells_of(a, b) or _tells_of(b, a):
        return False
    if private and (differ(a.place.room, b.place.room) or (a.rooms and b.rooms and not a.rooms & b.rooms)):
        return True
    if a.only_mine != b.only_mine and a.place.room != b.place.room:
        return True
    if not (a.carries and b.carries) and (_apart(a, b) or _apart(b, a)):
        return True
    return any(not _one_of(a.marks[name], b.marks[name]) for name in a.marks.keys() & b.marks.keys())


def _tells_of(a: Where, b: Where) -> bool:
    """Whether `a` names the flat or floor above or below from which `b` reports: what drips from one flat into the other is one."""
    mine, yours = _floor_of(a.place), _floor_of(b.place)
    return bool(mine and yours and mine != yours and a.leak and b.leak and yours in a.marks.get("floor", ()))


def _floor_of(place: Place) -> str | None:
    return place.room[:-2] if place.room and place.room.isdigit() and len(place.room) in (3, 4) else None


def _one_of(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether a mark is shared; 东 and 东北 may be one."""
    return any(one in other or other in one if not one.isdigit() else one == other for one in some for other in others)


def _apart(a: Where, b: Where) -> bool:
    """Whether `a` is inside a building and `b` at a gate or in the garage."""
    outside = b.marks.keys() & {"side", "below"} or b.spots & {"garage", "square", "shed"}
    return bool(a.place.building and not b.place.building and outside and not a.marks.keys() & {"side", "below"} and not a.spots & b.spots)


def differ(one: str | None, other: str | None) -> bool:
    """Whether both are said and not the same."""
    return one is not None and other is not None and one != other


def nowhere(where: Where) -> bool:
    """Whether nobody could go and look: no building, no mark, and no matter of the whole estate."""
    return not (where.place.building or where.marks or where.spots or where.whole or where.anywhere)


def other_landmark(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether both speak of the grounds, and of two places there."""
    return bool(some & _LANDMARKS and others & _LANDMARKS and not some & others & _LANDMARKS)
