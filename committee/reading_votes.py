"""Reads the figures of a vote out of a sentence: who is all, who took part, who agreed, in households and square metres."""

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from committee.amounts import Amount, Dimension, amounts
from committee.vote_roles import Said, with_roles
from committee.voting_rules import Matter, matter_of

_AREA_WORD = re.compile(r"面积|平方|平米|㎡")
_HEADS_WORD = re.compile(r"户数|人数|户|业主数|(?<![投唱监])票|按人|人次")
_SILENCE_COUNTED = re.compile(
    r"(没|未|不)[^，。；]{0,6}(投|交|回|反馈|表态|参加|参与|说话|来|签)[^，。；]{0,10}(算|视为|视同|当|默认|按|等于|计入|归)"
    r"[^，。；]{0,4}(同意|赞成|支持|通过|多数|参加|参与)"
    r"|默认同意|默认赞成|视同同意|视为同意|弃权[^，。；]{0,4}(算|视为|视同|当|按)[^，。；]{0,4}(同意|赞成|多数)|随多数|从多数"
)
NUMBERS_READ = 30  # nobody tells a vote with more; a pasted table is for the ballot list
# 850户（7万平）参加: what stands in brackets is read after the words that follow them.
_ASIDE = re.compile(r"[（(]([^（）()]*\d[^（）()]*)[）)]([^，,。；;（）()]*)")
_ALL_AGREED = re.compile(r"(全都|全部都?|一致|全票|都|全)(投了?)?(同意|赞成|赞成票)")
_BOTH = re.compile(r"(户数|人数)(和|跟|、|与)面积都|面积(和|跟|、|与)(户数|人数)都|两样都|双(过半|三分之二)")
_BIG_ENOUGH_FOR_AREA = 20_000  # a bare number from here on is square metres, no count of households


@dataclass(frozen=True)
class Tally:
    """The figures of one dimension; None where not said. Shares are of all (took part) and of those taking part (agreed)."""

    total: Fraction | None = None
    took_part: Fraction | None = None
    agreed: Fraction | None = None
    against: Fraction | None = None
    abstained: Fraction | None = None
    silent: Fraction | None = None
    took_part_share: Fraction | None = None
    agreed_share: Fraction | None = None
    agreed_share_of_all: bool = False

    def is_empty(self) -> bool:
        """Whether nothing was said of this dimension."""
        return self == Tally()


@dataclass(frozen=True)
class VoteFacts:
    """What a sentence says about a vote. `loose_shares`: percentages of which nobody knows whether they are of households or area."""

    matter: Matter | None = None
    heads: Tally = Tally()
    area: Tally = Tally()
    silence_counted: bool = False
    approximate: bool = False
    unclear: bool = False  # the same thing was told twice with different figures
    spoiled: bool = False  # spoiled ballots were spoken of: no rule at hand says whether they took part, so they are left out
    loose_shares: tuple[str, ...] = ()
    text: str = field(default="", compare=False)

    def tally(self, name: Dimension) -> Tally:
        """The figures of one dimension."""
        return self.heads if name == "heads" else self.area


def read_vote(text: str) -> VoteFacts | None:
    """The figures of a vote, or None when the sentence gives none (at least one of: took part, agreed, against)."""
    text = _ASIDE.sub(r"\2，\1，", text)
    said = figures_said(text)
    if not any(one.role in {"took_part", "agreed", "against"} for one in said):
        return None
    facts = VoteFacts(
        matter=matter_of(text),
        silence_counted=counts_silence(text),
        approximate=any(one.amount.about for one in said),
        spoiled=any(one.role == "spoiled" for one in said),
        text=text,
    )
    for one in said:
        facts = _take(facts, one)
    if not any(one.role == "agreed" for one in said) and all_agreed(text):
        heads, area = (replace(tally, agreed=tally.took_part) for tally in (facts.heads, facts.area))
        facts = replace(facts, heads=heads, area=area)
    return facts


def figures_said(text: str) -> list[Said]:
    """Every figure of the sentence with what it counts, in order; one without any telling word counts as of all."""
    numbers = amounts(text)[:NUMBERS_READ]
    return with_roles(text, _with_dimensions(text, numbers)) if numbers else []


def counts_silence(text: str) -> bool:
    """Whether the sentence wants silence, or an abstention, to count as a yes (没投票的算同意)."""
    return bool(_SILENCE_COUNTED.search(text))


def all_agreed(text: str) -> bool:
    """Whether it says that everybody who took part agreed (全都同意)."""
    return bool(_ALL_AGREED.search(text))


def _with_dimensions(text: str, numbers: list[Amount]) -> list[Amount]:
    """Numbers without a unit take the dimension last spoken of, by a unit or by a word such as 面积."""
    current: Dimension | None = None
    placed = []
    last = 0
    for number in numbers:
        between = text[last : number.start]
        area, heads = _last(_AREA_WORD, between), _last(_HEADS_WORD, between)
        if area > heads:
            current = "area"
        elif heads > area:
            current = "heads"
        current = number.dimension or current
        if current is None and not number.is_share:
            current = "area" if number.value >= _BIG_ENOUGH_FOR_AREA else "heads"
        placed.append(replace(number, dimension=current))
        last = number.end
    return placed


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _take(facts: VoteFacts, one: Said) -> VoteFacts:
    """The facts with one figure more; a second, different figure for the same thing makes them unclear."""
    if one.role == "spoiled":
        return facts
    if one.amount.is_share and one.dimension is None:
        if _BOTH.search(facts.text):
            return replace(facts, heads=_with_share(facts.heads, one), area=_with_share(facts.area, one))
        return replace(facts, loose_shares=(*facts.loose_shares, one.role))
    name = one.dimension or "heads"
    tally = facts.tally(name)
    if not one.amount.is_share and getattr(tally, one.role) not in (None, one.amount.value):
        return replace(facts, unclear=True)
    if one.amount.is_share:
        tally = _with_share(tally, one)
    elif getattr(tally, one.role) is None:
        tally = _with_count(tally, one.role, one.amount.value)
    return replace(facts, heads=tally) if name == "heads" else replace(facts, area=tally)


def _with_count(tally: Tally, role: str, value: Fraction) -> Tally:
    counts: dict[str, Any] = {role: value}
    return replace(tally, **counts)


def _with_share(tally: Tally, one: Said) -> Tally:
    if one.role == "took_part" and tally.took_part_share is None:
        return replace(tally, took_part_share=one.amount.value)
    if one.role == "agreed" and tally.agreed_share is None:
        return replace(tally, agreed_share=one.amount.value, agreed_share_of_all=one.of_all)
    return tally
