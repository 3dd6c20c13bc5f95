"""A vote told bit by bit: 1200户 … 参加850户 … 不对是860户 … 选业委会. What was told before is kept, what is told anew replaces it."""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from committee.reading_votes import Tally, VoteFacts, all_agreed, counts_silence, figures_said
from committee.vote_roles import ROLES, Said
from committee.voting_rules import matter_of, voting_rules

COUNTS = ("total", "took_part", "agreed", "against", "abstained", "silent")
SHARES = {"took_part": "took_part_share", "agreed": "agreed_share"}
ASKED = ("total", "took_part", "agreed")  # in this order
_ROLE = re.compile("|".join(ROLES.values()))
_CORRECTS = re.compile(r"不对|错了|弄错|说错|写错|记错|应该是|更正|改成|改为|改一下|不是.{1,12}是")
_WRONG_ONE = re.compile(r"不是\s*[^，,。是]{1,12}(?=[，,]?\s*(而)?是)")
_BOTH_WORDS = re.compile(r"面积|平|㎡|户|人|票")
_ABOUT_RULES = re.compile(r"怎么|流程|步骤|如何|材料|程序|哪里|哪儿|为什么|吗|多少|几")
NOTHING_TOLD = VoteFacts()
LONGEST_MATTER = 20  # a longer sentence about a matter is a question, no bare answer to “表决的是什么事”


@dataclass(frozen=True)
class VoteTalk:
    """What is known of a vote so far; `last` is (dimension, what) of each figure told last, `asking` what was asked for."""

    facts: VoteFacts = NOTHING_TOLD
    last: tuple[tuple[str, str], ...] = ()
    asking: str | None = None  # total | took_part | agreed | matter

    def as_record(self) -> dict[str, Any]:
        """The same as plain values, to be kept between turns."""
        tallies = {name: _tally_record(self.facts.tally(name)) for name in ("heads", "area")}
        matter = self.facts.matter.id if self.facts.matter else None
        return {
            **tallies,
            "matter": matter,
            "about": self.facts.approximate,
            "last": [list(one) for one in self.last],
            "asking": self.asking,
        }


def talk_of(record: dict[str, Any]) -> VoteTalk:
    """The talk of an earlier turn's record ({} for none)."""
    matter = next((m for m in voting_rules().matters if m.id == record.get("matter")), None)
    heads, area = (_tally(record.get(name) or {}) for name in ("heads", "area"))
    facts = VoteFacts(matter=matter, heads=heads, area=area, approximate=bool(record.get("about")))
    return VoteTalk(facts, tuple((str(d), str(r)) for d, r in record.get("last", [])), record.get("asking"))


def hear(talk: VoteTalk, text: str) -> VoteTalk | None:
    """The talk with what this sentence tells; None when it tells nothing of the vote.

    A figure without a telling word (参加, 同意…) is what was asked for, or, in a correction, stands for the figure told last.
    """
    corrects = bool(_CORRECTS.search(text))
    plain = _WRONG_ONE.sub("", text)
    said = [_placed(talk, one, plain, corrects) for one in figures_said(plain)]
    known = [one for one in said if one is not None]
    matter = matter_of(text) if known or (len(text) <= LONGEST_MATTER and not _ABOUT_RULES.search(text)) else None
    silence, everybody = counts_silence(text), all_agreed(text) and not any(role == "agreed" for role, _ in known)
    if not known and matter is None and not silence and not everybody:
        return None
    facts = replace(talk.facts, silence_counted=silence, spoiled=any(role == "spoiled" for role, _ in known), unclear=False, text=text)
    facts = replace(
        facts, loose_shares=(), matter=matter or facts.matter, approximate=facts.approximate or any(s.amount.about for _, s in known)
    )
    told: dict[tuple[str, str], Fraction] = {}
    for role, one in known:
        facts = _with(facts, role, one, told)
    if everybody:
        facts = replace(facts, heads=_all(facts.heads), area=_all(facts.area))
    return VoteTalk(facts, tuple(told) or talk.last)


def first_missing(facts: VoteFacts) -> str | None:
    """What to ask for next: total, took_part, agreed, in households or square metres, then the matter; None when all is told."""
    for what in ASKED:
        for tally in (facts.heads, facts.area):
            if getattr(tally, what) is None and not (what in SHARES and getattr(tally, SHARES[what]) is not None):
                return what
    return "matter" if facts.matter is None else None


def _placed(talk: VoteTalk, one: Said, text: str, corrects: bool) -> tuple[str, Said] | None:
    """The figure with its role; None when nobody can tell what it counts."""
    if _ROLE.search(text):
        return one.role, one
    if corrects:
        same = [what for dimension, what in talk.last if dimension == (one.dimension or "heads")]
        what = same[-1] if same else talk.last[-1][1] if talk.last else talk.asking
    else:
        what = talk.asking
    if what is None and not corrects and one.dimension and talk.facts.tally(one.dimension).total is None and _BOTH_WORDS.search(text):
        what = "total"
    if what not in COUNTS:
        return None
    return what, _in_the_gap(talk, one, what, text)


def _in_the_gap(talk: VoteTalk, one: Said, what: str, text: str) -> Said:
    """A bare number goes where the answer is still missing: after the households the square metres."""
    if one.amount.is_share or _BOTH_WORDS.search(text):
        return one
    heads, area = (getattr(talk.facts.tally(name), what) for name in ("heads", "area"))
    if heads is not None and area is None and talk.asking == what:
        return replace(one, amount=replace(one.amount, dimension="area"))
    return one


def _with(facts: VoteFacts, role: str, one: Said, told: dict[tuple[str, str], Fraction]) -> VoteFacts:
    if role == "spoiled":
        return facts
    if one.amount.is_share and one.dimension is None:
        return replace(facts, loose_shares=(*facts.loose_shares, role))
    name = one.dimension or "heads"
    key = (name, role)
    if key in told and told[key] != one.amount.value:
        return replace(facts, unclear=True)
    told[key] = one.amount.value
    tally = _put(facts.tally(name), role, one)
    return replace(facts, heads=tally) if name == "heads" else replace(facts, area=tally)


def _put(tally: Tally, role: str, one: Said) -> Tally:
    """A count replaces the share told before, and a share the count."""
    changed: dict[str, Any] = {}
    if one.amount.is_share:
        if role not in SHARES:
            return tally
        changed = {role: None, SHARES[role]: one.amount.value}
        if role == "agreed":
            changed["agreed_share_of_all"] = one.of_all
    else:
        changed = {role: one.amount.value}
        if role in SHARES:
            changed[SHARES[role]] = None
    return replace(tally, **changed)


def _all(tally: Tally) -> Tally:
    return replace(tally, agreed=tally.took_part) if tally.took_part is not None else tally


def _tally_record(tally: Tally) -> dict[str, Any]:
    names = (*COUNTS, *SHARES.values())
    record: dict[str, Any] = {name: str(value) for name in names if (value := getattr(tally, name)) is not None}
    return record | ({"of_all": True} if tally.agreed_share_of_all else {})


def _tally(record: dict[str, Any]) -> Tally:
    values: dict[str, Any] = {name: Fraction(value) for name, value in record.items() if name != "of_all"}
    return Tally(**values, agreed_share_of_all=bool(record.get("of_all")))
