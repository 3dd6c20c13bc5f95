"""The voting rules (knowledge/procedures/voting.yaml): the nine matters of 民法典 278 and their exact thresholds."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from committee.instruments import FOLDER
from config.yaml_text import read_yaml


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
class VotingRules:
    """Thresholds of 民法典 278: taking part (of all owners), agreeing (of those taking part)."""

    participation: Threshold
    ordinary: Threshold
    special: Threshold
    matters: tuple[Matter, ...]
    patterns: tuple[tuple[Matter, re.Pattern[str]], ...]

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
    return VotingRules(part, ordinary, special, tuple(sorted(matters, key=lambda m: m.id)), tuple(patterns))


def _threshold(entry: dict[str, Any]) -> Threshold:
    return Threshold(Fraction(entry["num"], entry["den"]), entry["op"] == ">")


def matter_of(text: str) -> Matter | None:
    """Which of the nine matters a sentence speaks of, or None."""
    return next((matter for matter, pattern in voting_rules().patterns if pattern.search(text)), None)
