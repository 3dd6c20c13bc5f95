"""One dimension of a vote (households or area) judged exactly, also when some of its figures are not known."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from committee.reading_votes import Tally
from committee.voting_rules import Threshold, voting_rules

Derived = Literal["said", "summed", "less_silent"]


@dataclass(frozen=True)
class Counted:
    """The figures of one dimension made comparable. `in_shares`: total is 1 and the figures are shares of it."""

    name: str
    total: Fraction | None
    took_part: Fraction | None
    agreed: Fraction | None
    others: Fraction  # against and abstained
    derived: Derived = "said"
    in_shares: bool = False
    assumed_base: bool = False  # the share that agreed was taken to be of those taking part

    @property
    def cast(self) -> Fraction:
        """Votes known to have been cast: agreed, against, abstained."""
        return (self.agreed or Fraction(0)) + self.others

    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return self.total is None and self.took_part is None and self.agreed is None and not self.others


@dataclass(frozen=True)
class Verdict:
    """`took_part`, `agreed`, `passed`: met, not met, or None where the figures do not tell. Gaps in households or square metres, else None.

    `certain` | `impossible`: told although nobody said how many took part.
    """

    took_part: bool | None
    agreed: bool | None
    passed: bool | None
    certain: bool = False
    impossible: bool = False
    needed_part: Fraction | None = None
    needed_agreed: Fraction | None = None
    newcomers: Fraction | None = None  # so many more taking part and agreeing suffice (households: whole)


def counted(tally: Tally, name: str) -> Counted:
    """Shares become figures: of the total where it was said, else of 1; a sum stands for those taking part where nobody gave it."""
    total, took_part, agreed = tally.total, tally.took_part, tally.agreed
    others = (tally.against or Fraction(0)) + (tally.abstained or Fraction(0))
    in_shares = False
    if total is None and took_part is None and agreed is None and (tally.took_part_share is not None or tally.agreed_share is not None):
        total, in_shares = Fraction(1), True
    if took_part is None and tally.took_part_share is not None and total is not None:
        took_part = tally.took_part_share * total
    derived: Derived = "said"
    if took_part is None and tally.silent is not None and total is not None:
        took_part, derived = total - tally.silent, "less_silent"
    if took_part is None and agreed is not None and tally.against is not None:
        took_part, derived = agreed + others, "summed"
    if agreed is None and tally.agreed_share is not None:
        base = total if tally.agreed_share_of_all else took_part
        agreed = tally.agreed_share * base if base is not None else None
    assumed = tally.agreed_share is not None and not tally.agreed_share_of_all and tally.agreed is None
    return Counted(name, total, took_part, agreed, others, derived, in_shares, assumed)


def judge(tally: Counted, special: bool) -> Verdict:
    """Whether this dimension passes (民法典 278 第二款); None where the figures leave it open."""
    rules = voting_rules()
    approval = rules.approval(special)
    total, part, agreed = tally.total, tally.took_part, tally.agreed
    needed_part = rules.participation.share * total if total is not None else None
    if part is None:
        return _without_part(tally, approval, needed_part)
    took_part = rules.participation.met(part, total) if total is not None else None
    needed_agreed = approval.share * part
    if agreed is not None:
        enough: bool | None = approval.met(agreed, part)
    else:
        enough = None if approval.met(part - tally.others, part) else False
    passed = False if False in (took_part, enough) else (None if None in (took_part, enough) else True)
    newcomers = _newcomers(tally, approval, needed_part) if passed is False else None
    return Verdict(took_part, enough, passed, False, False, needed_part, needed_agreed, newcomers)


def _without_part(tally: Counted, approval: Threshold, needed_part: Fraction | None) -> Verdict:
    """Nobody said how many took part: at least those who voted, at most all."""
    total, agreed = tally.total, tally.agreed
    if total is None or agreed is None or needed_part is None:
        return Verdict(None, None, None, needed_part=needed_part)
    fewest = max(tally.cast, needed_part)
    if not approval.met(agreed, fewest):
        return Verdict(None, None, False, impossible=True, needed_part=needed_part)
    if tally.cast >= needed_part and approval.met(agreed, total):
        return Verdict(True, True, True, certain=True, needed_part=needed_part)
    return Verdict(None, None, None, needed_part=needed_part)


def _newcomers(tally: Counted, approval: Threshold, needed_part: Fraction | None) -> Fraction | None:
    """How many who have not voted must take part and agree; None when even all of them do not suffice.

    For an area and "more than half" the figure itself is not enough: it must be exceeded.
    """
    total, part, agreed = tally.total, tally.took_part, tally.agreed
    if total is None or part is None or agreed is None or needed_part is None:
        return None
    for_part = max(needed_part - part, Fraction(0))
    for_agreed = max((approval.share * part - agreed) / (1 - approval.share), Fraction(0))
    whole = tally.name == "heads" and not tally.in_shares
    if whole:
        for_part = Fraction(math.ceil(for_part))
        for_agreed = whole_at_least(for_agreed, approval.strict and not approval.met(agreed, part))
    needed = max(for_part, for_agreed)
    room = total - part
    open_end = approval.strict and not whole and for_agreed >= for_part and not approval.met(agreed, part)
    return needed if needed < room or (needed == room and not open_end) else None


def whole_at_least(bound: Fraction, strict: bool) -> Fraction:
    """The smallest whole number that is at least (strict: more than) the bound."""
    return Fraction(math.floor(bound) + 1 if strict else math.ceil(bound))
