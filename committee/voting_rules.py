"""The voting rules (knowledge/procedures/voting.yaml): the nine matters of 民法典 278 and their exact thresholds."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from committee.instruments import FOLDER
from config.yaml_text import read_yaml

# Matters that a bare name may ask about; the others (换届, 换物业) are wishes to be led through their steps.
NAMED = {"V5", "V6", "V7", "V8"}
LONGEST_NAME, NAMED_SHARE = 16, 0.4
_BEFORE_NAME = r"我们?|咱们?|小区|业委会|业主|关于|表决|需要|得|就|是|能不能|可以|一下|把|的事?|[，, ]"
_AFTER_NAME = r"的事情?|这件事|吧|呢|啊|了|行不行|可以吗|吗|[，,。？?!！ ]"
_ASKS_ELSE = re.compile(r"怎么|哪|谁|多少|什么|啥|几|余额|查|归|交给|公示|公布|为什么")
_AROUND_NAME = re.compile(f"^({_BEFORE_NAME})+|({_AFTER_NAME})+$")


@dataclass(frozen=True)
class Threshold:
    """A share that must be reached; `strict`: more than it (过半数), otherwise at least it (以上)."""

    share: Fraction
    strict: bool

    def met(self, part: Fraction, whole: Fraction) -> bool:
        """Whether `part` of `whole` reaches it (exact)."""
        return part > self.share * whole if self.strict else part >= self.share * whole


@dataclass(frozen=True)
class Matter:
    """One of the nine matters owners decide together: id V1..V9, the item （一）..（九） of the article, its title."""

    id: str
    item: str
    title: str
    special: bool


@dataclass(frozen=True)
class Superseded:
    """An older rule that people still quote: which instrument's, why it is not followed, and when that is to be said."""

    instrument: str
    text: str
    matters: tuple[str, ...]
    words: re.Pattern[str]

    def to_be_said(self, text: str, matter: Matter | None) -> bool:
        """Whether the matter or the words of a question call for the explanation."""
        return (matter is not None and matter.id in self.matters) or bool(self.words.search(text))


@dataclass(frozen=True)
class VotingRules:
    """Thresholds of 民法典 278: taking part (of all owners), agreeing (of those taking part)."""

    participation: Threshold
    ordinary: Threshold
    special: Threshold
    matters: tuple[Matter, ...]
    patterns: tuple[tuple[Matter, re.Pattern[str]], ...]
    superseded: tuple[Superseded, ...]
    of_procedures: dict[str, str]  # procedure → the matter its vote is about

    def approval(self, special: bool) -> Threshold:
        """What must agree for an ordinary or a special matter."""
        return self.special if special else self.ordinary


@cache
def voting_rules(folder: Path = FOLDER) -> VotingRules:
    """The rules of a folder of procedures."""
    data = read_yaml((folder / "voting.yaml").read_text(encoding="utf-8"))
    matters = []
    patterns = []
    for entry in data["matters"]:
        matter = Matter(entry["id"], entry["item"], entry["title"], entry["special"])
        matters.append(matter)
        patterns.append((matter, re.compile("|".join(entry["words"]))))
    part, ordinary, special = (_threshold(data[name]) for name in ("participation", "ordinary", "special"))
    older = tuple(
        Superseded(e["instrument"], e["text"], tuple(e.get("matters", ())), re.compile("|".join(e["words"]))) for e in data["superseded"]
    )
    return VotingRules(
        part, ordinary, special, tuple(sorted(matters, key=lambda m: m.id)), tuple(patterns), older, dict(data["procedures"])
    )


def matter_named(text: str) -> Matter | None:
    """The matter when a message is little more than its name (动用维修资金, 改变共有部分用途); None for anything else."""
    name = _AROUND_NAME.sub("", text)
    if not name or len(name) > LONGEST_NAME or _ASKS_ELSE.search(name):
        return None
    for matter, pattern in voting_rules().patterns:
        found = pattern.search(name)
        if found and len(found[0]) >= NAMED_SHARE * len(name):
            return matter if matter.id in NAMED else None
    return None


def _threshold(entry: dict[str, Any]) -> Threshold:
    return Threshold(Fraction(entry["num"], entry["den"]), entry["op"] == ">")


def matter_of(text: str) -> Matter | None:
    """Which of the nine matters a sentence speaks of, or None."""
    return next((matter for matter, pattern in voting_rules().patterns if pattern.search(text)), None)
