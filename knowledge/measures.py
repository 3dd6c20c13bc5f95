"""Which measure a question asks for (so many days, how often, how much money, which eight items), and whether a text gives one.

A rule that a thing must be done is no answer to how often it must be done. The patterns are data (measures.yaml).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

_NUMBER = "[0-9一二两三四五六七八九十半百千]"


@dataclass(frozen=True)
class Measure:
    """How one measure is asked for and given; `exact`: only a number or a name will do."""

    name: str
    asks: re.Pattern[str]
    gives: re.Pattern[str]
    exact: bool


def _load() -> tuple[Measure, ...]:
    data = yaml.safe_load((Path(__file__).resolve().parent / "measures.yaml").read_text(encoding="utf-8"))

    def pattern(parts: Sequence[str]) -> re.Pattern[str]:
        return re.compile("|".join(parts).replace("{N}", _NUMBER))

    return tuple(Measure(name, pattern(m["asks"]), pattern(m["gives"]), bool(m.get("exact"))) for name, m in data.items())


MEASURES = _load()
MEASURE_SIGNS = ("exact_yes", "exact_no", "exact_none", "soft_yes", "soft_no")


def measures_asked(question: str) -> tuple[Measure, ...]:
    """The measures a question asks for; empty for most questions."""
    return tuple(m for m in MEASURES if m.asks.search(question))


def measure_signs(question: str, first: str, close: Sequence[str]) -> dict[str, float]:
    """Whether the best text, and any of the texts close behind it, gives what is asked (names in MEASURE_SIGNS, values 0 or 1)."""
    asked = measures_asked(question)
    exact, soft = [m for m in asked if m.exact], [m for m in asked if not m.exact]
    return {
        "exact_yes": float(any(m.gives.search(first) for m in exact)),
        "exact_no": float(any(not m.gives.search(first) for m in exact)),
        "exact_none": float(any(not any(m.gives.search(text) for text in (first, *close)) for m in exact)),
        "soft_yes": float(any(m.gives.search(first) for m in soft)),
        "soft_no": float(any(not m.gives.search(first) for m in soft)),
    }
