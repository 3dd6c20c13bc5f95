"""Building, unit, room and spot of a cleaned message.

Ways of saying that have two readings are decided so:
- `12楼3单元401`, `3楼2-502`: a number with 楼 and a unit after it is the building; `5楼502` (the room lies on that floor) and a lone
  `12楼` are floors and stay in the spot.
- `3-502` (last part of three or four digits) is building and room; after a building already said (`3号楼2-502`, `3#2-502`) it is
  unit and room.
- `3-2` (two short numbers) is building and unit, and only where an address is being said: alone, or after 住/家/地址.
- `2门` is the unit beside a building or a room and where it stands alone; 东门 is a gate (spot).
- `五楼东户` is the flat on that side of that floor (room `5东`); `3号楼和5号楼中间` is a spot of the grounds and names no building.
- `8号院` is the estate (community), never the building; `三栋楼都没水` and `第二栋` count and name no building.
- Of several places the one marked as the speaker's own (我家, 我住) is taken, then the one after a correction (应该是, 改成), then
  the first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from understanding.denied import without_denied
from understanding.estates import find_community, phase_of
from understanding.not_places import BLANK, without_other_numbers
from understanding.numerals import SPOKEN, numeral
from understanding.reading import Place
from understanding.spot_tagger import SpotTagger
from understanding.spots import ADDRESS, bay_span, find_spot

_N = rf"(?:[0-9]{{1,3}}|[{SPOKEN}]{{1,4}})"
_NL = rf"(?:[甲乙丙丁]?{_N}[A-Za-z]?|[A-Za-z][0-9]{{0,2}})"
_ROOM = rf"(?:[0-9]{{3,4}}[A-Da-d]?|[{SPOKEN}]{{3,5}})"
_EDGE, _END = r"(?<![0-9A-Za-z.])", r"(?![0-9A-Za-z])"
_DASH = r"\s?(?:[-—–−~_/、.杠]|的(?=[0-9一二三四五六七八九]))\s?"

_TRIPLE = re.compile(rf"{_EDGE}(?:[0-9]{{1,2}}{_DASH})?({_NL}){_DASH}({_N}|[A-D]){_DASH}({_ROOM}){_END}")
_TRIPLE_SPACED = re.compile(rf"{_EDGE}([0-9]{{1,2}})\s([0-9]{{1,2}})\s([0-9]{{3,4}}){_END}")
_PAIR = re.compile(rf"{_EDGE}({_NL}){_DASH}({_ROOM}){_END}")
_SHORT_PAIR = re.compile(
    r"(?:^|[住在址置]|我家|家是|,|是|\s(?=[0-9]{1,2}-[1-9]$))\s?([0-9]{1,2})-([0-9]{1,2})(?=$|[的,\s。.]|单元|电[梯替]|楼道|门[禁口]|大?厅)(?![0-9-])"
)
_BUILDING = re.compile(
    rf"{_EDGE}({_NL})\s?(?:号楼|号栋|[好浩]楼|栋楼(?![顶道梯上下前后头门里])|栋|幢|(?<=[0-9A-Za-z])座(?![桥山塔亭岗位机儿谈])|"
    rf"座(?=[0-9]|[{SPOKEN}]|单元|$|[,\s的])|号?#楼?|#)|"
    rf"{_EDGE}([A-Za-z])\s?[座楼]|{_EDGE}([甲乙丙丁](?:[0-9]{{1,2}}|[一二三四五六七八九十]{{1,2}}))(?:号|院)?(?![个年月日级单])"
    rf"|(?<![0-9])({_N})动(?=[0-9{SPOKEN}]{{1,2}}单)"
)
_FLOOR_OR_BUILDING = re.compile(
    rf"{_EDGE}({_N})楼(?=\s?(?:{_N}(?:[单丹][元源园员]|门(?![口禁]))|[东西中南北甲乙A-D][单丹][元源园员])|\s?[0-9]{{1,2}}-[0-9]{{3,4}})"
)
_FLOOR_ROOM = re.compile(rf"{_EDGE}({_N})楼\s?({_ROOM}){_END}")
_NUMBER_ONLY = re.compile(rf"{_EDGE}({_N})号(?=\s?(?:{_N}|[东西中])[单丹][元源园员]|\s?[0-9]{{3,4}}(?:室|房|$|[,\s的]))")
_UNIT = re.compile(
    rf"{_EDGE}({_N}|[东西南北中甲乙丙丁A-Da-d])(?:号)?[单丹][元源园员](?!房)|(?<=[栋幢楼座#])\s?({_N})门(?![口禁锁框铃牌卫岗])|"
    rf"(?:^|(?<=[,\s]))({_N})门(?:$|(?=[,\s0-9]|楼道|单元|的))|({_N})门(?=\s?[0-9]{{3,4}})|(?<=[甲乙丙丁][0-9])([{SPOKEN}]{{1,2}})单元|"
    rf"单元(?:号)?(?:是|改成|改|应该是|写成)({_N})(?![0-9]|号楼)"
)
_UNIT_THEN_ROOM = re.compile(rf"(?<=[楼栋幢座#])\s?({_N}|[A-D])-({_ROOM}){_END}")
_ROOM_SAID = re.compile(rf"({_ROOM})(?:室|号房|房(?![子东屋间租产本客])|户(?![口型]))|([0-9]{{1,2}})室(?![内外友温一二三四0-9])")
_ROOM_AFTER = re.compile(rf"(?:[单丹][元源园员]|[栋幢座#楼门室院])[,\s的\-—]{{0,2}}(?:{_N}[楼层])?({_ROOM}){_END}")
_ROOM_BY_SIDE = re.compile(rf"{_EDGE}({_N})[楼层]的?([东西南北中])(?:边|面|头)?(?:那|这)?户")
_BETWEEN = re.compile(
    rf"{_EDGE}{_NL}(?:号楼|号|栋|幢|#)?(?:和|跟|与|、|到){_NL}(?:号楼|栋楼?|幢楼?|号|#)(?:的)?(?:中间|之间|当间儿?|当中|夹道|夹缝|间隔?)"
)
_ROOM_BARE = re.compile(r"(?<![0-9A-Za-z.:\-\x00])([0-9]{3,4}[A-Da-d]?)(?![0-9A-Za-z.:%\x00]|-[0-9])")
_ROOM_SPOKEN = re.compile(
    r"(?<![零〇一幺二两三四五六七八九十百千第0-9])((?:二?十[一二三四五六七八九]?|"
    r"[一幺二三四五六七八九])零[一幺二两三四五六七八九]|[一幺二三][零一幺二三四五六七八九]零[一幺二三四五六七八九]|"
    r"零[一幺二三四五六七八九]零[一幺二三四五六七八九])(?![零一二三四五六七八九十百千年后])"
)
_SAID_BY_NAME = re.compile(rf"(?:楼号|楼栋号?|栋号)(?:[^,。0-9]{{0,6}}[,\s])?[^,。0-9{SPOKEN}]{{0,5}}({_N})(?![0-9])")

_MINE = re.compile(r"(?:我家|我们家|我住|我是|我在|俺家|咱家|我这|住的?是|家住|家在)[^,。]{0,4}$")
_OTHERS = re.compile(r"(?:楼上|楼下|邻居|对门|隔壁|对面|闺女|儿子|公司|亲戚|原来|以前)[^,。是]{0,6}$")
_CORRECTED = re.compile(r"(?:应该是|应该为|改成|改为|换成|改到|更正|改|而是|实际是|其实是)[^,。]{0,6}$")
_VOTE = re.compile(r"户.{0,12}(?:同意|赞成|反对|参加|投|来了|票)|投票|表决|赞成|弃权|回收.{0,6}张")


@dataclass(frozen=True)
class _Said:
    """One field said at a stretch of the text."""

    start: int
    end: int
    value: str


def find_place(text: str, communities: Sequence[str] = (), spots: SpotTagger | None = None) -> Place:
    """The place said in a cleaned message; every field None where it is not said. `communities`: the region's estates; `spots`: who hears
    the spot where the grammar alone would be taken at its word."""
    stretch = bay_span(text) or ((match := _BETWEEN.search(text)) and match.span())
    words = text[stretch[0] : stretch[1]] if stretch else ""
    bare = without_denied(without_other_numbers(text.replace(words, BLANK * len(words), 1) if stretch else text))
    community = find_community(bare, communities)
    fields = _Fields(bare, counting=bool(_VOTE.search(text)))
    phase = phase_of(bare, community) if community and community in communities else ""
    spot = words or find_spot(fields.rest().replace(phase, BLANK, 1) if phase else fields.rest())
    spot = spots.hear(text, spot) if spots else spot
    return Place(community, fields.building, fields.unit, fields.room, phase + (spot or "").removeprefix(phase) or None)


class _Fields:
    """Building, unit and room of one text, with the stretches they were read from."""

    def __init__(self, text: str, *, counting: bool) -> None:
        self._text = text
        self._counting = counting
        self._taken: list[tuple[int, int]] = []
        self.building: str | None = None
        self.unit: str | None = None
        self.room: str | None = None
        if self._whole_address():
            return
        self.building = self._choose(self._buildings())
        self.unit = self._choose(self._units())
        self.room = self.room or self._choose(self._rooms())
        self._short_pair()

    def rest(self) -> str:
        """The text with the address blanked."""
        kept = list(self._text)
        for start, end in self._taken:
            kept[start:end] = ADDRESS * (end - start)
        return "".join(kept)

    def _whole_address(self) -> bool:
        match = self._best(_TRIPLE) or self._best(_TRIPLE_SPACED)
        values = [_value(match[1]), _value(match[2]), _value(match[3])] if match else []
        if not match or None in values:
            return False
        self.building, self.unit, self.room = values
        self._taken.append(match.span())
        return True

    def _best(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        matches = list(pattern.finditer(self._text))
        own = [match for match in matches if _MINE.search(self._text[max(0, match.start() - 8) : match.start()])]
        return (own or matches or [None])[0]  # type: ignore[list-item]

    def _buildings(self) -> list[_Said]:
        found = self._read(_BUILDING) + self._read(_FLOOR_OR_BUILDING, 1) + self._read(_NUMBER_ONLY)
        for match in _FLOOR_ROOM.finditer(self._text):
            floor, room = _value(match[1]), _value(match[2])
            if floor and room and room[:-2] != floor and len(room) <= 4:
                found.append(_Said(match.start(), match.end(1) + 1, floor))
        if not found:
            found = self._read(_SAID_BY_NAME)
        if not found:
            for match in _PAIR.finditer(self._text):
                value, room = _value(match[1]), _value(match[2])
                if value and room and _plausible(room):
                    self.room = room
                    found.append(_Said(*match.span(), value))
        return found

    def _units(self) -> list[_Said]:
        found = self._read(_UNIT)
        for match in _UNIT_THEN_ROOM.finditer(self._text):
            value, room = _value(match[1]), _value(match[2])
            if value and room:
                self.room = room
                self._taken.append(match.span())
                found.append(_Said(*match.span(1), value))
        return found

    def _rooms(self) -> list[_Said]:
        found = self._read(_ROOM_SAID) + self._read(_ROOM_AFTER) + self._by_side()
        if not found and not self._counting:
            found = [said for said in self._read(_ROOM_BARE) + self._read(_ROOM_SPOKEN) if _plausible(said.value) and self._is_free(said)]
        return found

    def _by_side(self) -> list[_Said]:
        return [_Said(*match.span(), f"{floor}{match[2]}") for match in _ROOM_BY_SIDE.finditer(self._text) if (floor := _value(match[1]))]

    def _is_free(self, said: _Said) -> bool:
        return all(said.end <= start or said.start >= end for start, end in self._taken)

    def _short_pair(self) -> None:
        match = None if self.building or self.room else _SHORT_PAIR.search(self._text)
        if match:
            self.building, self.unit = match[1].lstrip("0") or None, match[2].lstrip("0") or None
            self._taken.append((match.start(1), match.end(2)))

    def _read(self, pattern: re.Pattern[str], extra: int = 0) -> list[_Said]:
        found = []
        for match in pattern.finditer(self._text):
            group = match.lastindex or 0
            value = _value(match[group])
            if value:
                found.append(_Said(match.start(group), max(match.end(), match.end(group) + extra), value))
        return found

    def _choose(self, found: list[_Said]) -> str | None:
        if not found:
            return None
        found.sort(key=lambda said: said.start)
        self._taken += [(said.start, said.end) for said in found]
        before = [self._text[max(0, said.start - 12) : said.start] for said in found]
        pairs = list(zip(found, before, strict=True))
        if len(pairs) == 1:
            return found[0].value
        for marked in (_MINE, _CORRECTED):
            for said, words in pairs:
                if marked.search(words):
                    return said.value
        unmarked = [said for said, words in pairs if not _OTHERS.search(words)]
        return (unmarked or found)[0].value


def _value(words: str) -> str | None:
    """甲三 → "甲3", b → "B", 五零二 → "502", 十一零二 → "1102", 3 → "3"; None when it is no number."""
    words = words.strip()
    head = words[0] if words[0] in "甲乙丙丁东西南北中" else ""
    body = words[len(head) :]
    tail = body[-1:].upper() if body and body[-1].isascii() and body[-1].isalpha() else ""
    body = body[: len(body) - len(tail)] if tail else body
    if not body:
        return head + tail
    if body[0].isascii() and body[0].isalpha():
        head, body = head + body[0].upper(), body[1:]
    floor, zero, door = body.partition("零")
    if zero and "十" in floor and len(door) == 1:
        return f"{head}{numeral(floor)}0{numeral(door)}{tail}"
    number = numeral(body) if body else ""
    return None if number is None or (number and not number.strip("0")) else f"{head}{_short(number)}{tail}"


def _short(number: str) -> str:
    """Leading zeros dropped from building and unit numbers; a room's (0301) are kept."""
    return number.lstrip("0") if len(number) <= 2 else number


def _plausible(room: str) -> bool:
    """Whether floor and door can be: 1–40 floors, doors 01–30; 2,000–2,035 is rather a year, 300 or 1,500 an amount."""
    digits = room.rstrip("ABCDabcd")
    if not digits.isdigit() or not 3 <= len(digits) <= 4:
        return False
    floor, door = int(digits[:-2]), int(digits[-2:])
    return 0 <= floor <= 40 and 1 <= door <= 30 and not (2000 < int(digits) <= 2035 and len(digits) == 4)
