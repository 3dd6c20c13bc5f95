"""Which figure of a sentence is which: all owners, those who took part, those who agreed. The reading that fits together best is taken."""

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from committee.amounts import Amount, Dimension

ROLES = {
    "silent": (
        r"没(有)?(参加|参与|参会|到场|到会|到|出席|投票|投|交票|交|收回|收|回|反馈|表态|表决|来|签|表示)"
        r"|未(参加|参与|参会|到场|到会|到|出席|投票|投|交|收回|回|反馈|表态|表决)|不(参加|参与|投票|投|表态|来)|缺席|沉默"
    ),
    "against": r"不同意|不赞成|不支持|反对|否决|没同意|未同意|不赞同",
    "abstained": r"弃权",
    "spoiled": r"废票|无效票|无效|空白票|作废",
    "agreed": r"同意|赞成|支持|赞同|通过的|得票|得了|投给|yes",
    "took_part": (
        r"参加|参与|参会|到会|到场|出席|投票|投了(?!.?赞成|.?反对|.?弃权|.?同意)|投过票|投(?=$|[\d一二两三四五六七八九])|来了|来开会|开会的|(?<!达)(?<!轮)到了(?=$|\d)|收回|回收|收到|交了|交回|交上来|表决了|表态|参投|有效票"
        r"|签了|签字|实到|实收"
    ),
    "total": (
        r"全体|总共|一共|共有|总户数|总人数|总面积|总建筑面积|建筑面积|全部|总数|全小区|小区有|小区共|总的|总|应到|专有部分|业主共"
        r"|共(?!有|同|收|计|用)|合计|共计|整个小区"
    ),
}
_ROLE = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in ROLES.items()))
# 同意的占参加投票的52%: whom a share is of is no role of its own.
_BASE = re.compile(
    r"占(了|到)?(参加|参与|参会|投票|到会|表决|全体|总数|总户数|总面积|全部|全小区|总的|总)(表决|投票|面积|户数|人数|业主|者|的|里|中)*"
)
_BREAK = re.compile(r"[，,。；;！!？?\n、（）()]|其中|里面|但是|不过|可是")
_OF_ALL = re.compile(r"(占|达到?|到)?(了)?(全体|总数|总户数|总人数|总面积|全部|全小区|总的)[^，。；]{0,4}$")
_OF_THEM = re.compile(r"(参加|参与|参会|投票|到会|表决)(的|者|业主|人|户)?(里|中|当中|里面|里头|之中)")
BEAM = 60  # readings kept while going through the numbers


@dataclass(frozen=True)
class Said:
    """A figure with what it counts; `of_all`: a share said to be of all owners."""

    amount: Amount
    role: str
    of_all: bool = False

    @property
    def dimension(self) -> Dimension | None:
        """Households, area, or not said (shares only)."""
        return self.amount.dimension


@dataclass(frozen=True)
class _Gap:
    """The words between two numbers: the role word for the number on the left, the one for the number on the right."""

    left: str | None
    right: str | None
    right_near: bool  # no break between that word and the number
    shared: bool  # both are the same word, so only one side may have it


@dataclass(frozen=True)
class _Reading:
    roles: tuple[str, ...] = ()
    cost: float = 0.0
    took_tail: bool = False  # the last number used the role word after it


def with_roles(text: str, numbers: list[Amount]) -> list[Said]:
    """Each number with its role, by the cheapest of the readings (role before, role after, carried on, a total)."""
    gaps = _gaps(_BASE.sub(lambda match: "　" * len(match[0]), text), numbers)
    readings = [_Reading()]
    for i, number in enumerate(numbers):
        moved = i > 0 and number.dimension != numbers[i - 1].dimension
        readings = [longer for reading in readings for longer in _longer(reading, (gaps[i], gaps[i + 1]), moved)]
        readings = sorted(readings, key=lambda r: r.cost + _oddity(numbers, r.roles))[:BEAM]
    if gaps[-1].left:
        readings = [reading if reading.took_tail else _Reading(reading.roles, reading.cost + 0.3) for reading in readings]
    best = min(readings, key=lambda r: r.cost + _oddity(numbers, r.roles))
    return [Said(number, role, _is_of_all(text, number)) for number, role in zip(numbers, best.roles, strict=True)]


def _longer(reading: _Reading, around: tuple[_Gap, _Gap], moved: bool) -> list[_Reading]:
    """The reading with one number more, once for each role that number may have."""
    lead, tail = around
    before = lead.right if not (reading.took_tail and lead.shared) else None
    # A role word between two numbers that neither takes is a sign of a wrong reading.
    idle = 1.0 if (lead.right and not reading.took_tail) else 0.0
    ways: list[tuple[str, float, bool]] = []
    if before:
        ways.append((before, 0.0 if lead.right_near else 0.4, False))
    if tail.left:
        ways.append((tail.left, 0.2 + idle, True))
    if reading.roles:
        ways.append((reading.roles[-1], (0.4 if moved else 2.0) + idle, False))
    ways.append(("total", (0.5 if moved or not reading.roles else 1.5) + idle, False))
    return [_Reading((*reading.roles, role), reading.cost + cost, took) for role, cost, took in ways]


def _gaps(text: str, numbers: list[Amount]) -> list[_Gap]:
    starts = [0, *(number.end for number in numbers)]
    ends = [*(number.start for number in numbers), len(text)]
    return [_gap(text[start:end]) for start, end in zip(starts, ends, strict=True)]


def _gap(words: str) -> _Gap:
    found = [(match.start(), match.lastgroup or "") for match in _ROLE.finditer(words) if match.lastgroup]
    breaks = [match.start() for match in _BREAK.finditer(words)]
    first_break = breaks[0] if breaks else len(words)
    last_break = breaks[-1] if breaks else -1
    left = _narrow([one for one in found if one[0] < first_break], last=False)
    right = _narrow([one for one in found if one[0] > last_break], last=True)
    near = right is not None
    if right is None:
        right = _narrow(found, last=True)
    return _Gap(left[1] if left else None, right[1] if right else None, near, left is not None and left == right)


def _narrow(found: list[tuple[int, str]], *, last: bool) -> tuple[int, str] | None:
    """The role word nearest to the number; "all" only where no narrower word stands (参加表决的全体…)."""
    if not found:
        return None
    narrower = [one for one in found if one[1] != "total"]
    return (narrower or found)[-1 if last else 0]


def _is_of_all(text: str, number: Amount) -> bool:
    lead = text[max(0, number.start - 12) : number.start]
    return number.is_share and bool(_OF_ALL.search(lead)) and not _OF_THEM.search(lead)


def _oddity(numbers: list[Amount], roles: tuple[str, ...]) -> float:
    """How little the figures agree: the same thing said twice, parts bigger than the whole, a share of nothing."""
    odd = 0.0
    values: dict[tuple[str, Dimension | None, bool], Fraction] = {}
    for number, role in zip(numbers, roles, strict=False):
        key = (role, number.dimension, number.is_share)
        odd += 3 if key in values else 0
        odd += 1 if role == "total" and number.is_share else 0
        values[key] = number.value
    for dimension in ("heads", "area"):
        line = [values.get((role, dimension, False)) for role in ("total", "took_part", "agreed")]
        known = [value for value in line if value is not None]
        odd += sum(2 for bigger, smaller in pairwise(known) if smaller > bigger)
    return odd
