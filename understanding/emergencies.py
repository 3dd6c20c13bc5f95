"""Emergencies heard in a message, looked for first in every state.

Two witnesses: the ways of telling of emergency_words.yml, and the classifiers of emergencies and of intents. Told surely and not taken
back, the words are enough; where a guard speaks (over, asked about, supposed, rehearsed) the classifier must be very sure.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.yaml_text import read_yaml
from understanding.reading import EmergencyFinding
from understanding.spelling import mended

_WORDS = Path(__file__).resolve().parent / "emergency_words.yml"
_READ = 400  # characters looked at
# Least probability of the classifier, by what the words say.
SURE, SURE_GUARDED, UNHINTED, UNHINTED_GUARDED, REHEARSED = 0.045, 0.6, 0.55, 0.75, 0.97

# Somebody lying there is said in many emergencies: its cause names the category when it is said, too.
WEIGHT = {"medical": 0.2}

# Guards that take back what is told plainly. A wish to die is not taken back by what is around it; a crack must be growing.
_ANY = frozenset({"over", "supposed", "asked", "rehearsed", "ended", "device"})
SILENCING = {"self_harm": frozenset({"rehearsed", "ended"}), "falling_object": _ANY | {"earlier", "habit"}}
_STILL = frozenset({"rehearsed", "ended", "device"})
_STRETCHES = re.compile(r"[,。!?;]")


@dataclass(frozen=True)
class Told:
    """What the words alone say: the categories told surely with their words, the guards that speak, and what needs no classifier."""

    sure: tuple[tuple[str, str], ...]
    guards: tuple[str, ...]
    plain: tuple[tuple[str, str], ...] = ()

    @property
    def rehearsed(self) -> bool:
        """Whether it is openly fiction, a drill or a dream."""
        return "rehearsed" in self.guards


@cache
def _words() -> dict[str, dict[str, re.Pattern[str]]]:
    data = read_yaml(_WORDS.read_text(encoding="utf-8"))
    return {part: {name: re.compile(words.replace(" ", "")) for name, words in entries.items()} for part, entries in data.items()}


def tell(text: str) -> Told:
    """What the words of a cleaned message say about an emergency."""
    heard = mended(text)[:_READ]
    guards = tuple(name for name, pattern in _words()["guard"].items() if pattern.search(heard))
    heard = without_unsaid(heard)
    sure = _said("sure", heard)
    return Told(sure, guards, _plain(heard, guards) or _going_on(heard, guards))


def _said(part: str, text: str) -> tuple[tuple[str, str], ...]:
    matches = ((category, pattern.search(text)) for category, pattern in _words()[part].items())
    return tuple((category, match[0]) for category, match in matches if match)


def _plain(heard: str, guards: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((category, words) for category, words in _said("plain", heard) if SILENCING.get(category, _ANY).isdisjoint(guards))


def _going_on(heard: str, guards: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What is told surely, of right now, in a stretch of its own: a complaint around it does not take it back."""
    if not _STILL.isdisjoint(guards):
        return ()
    for stretch in _STRETCHES.split(heard):
        if _words()["now"]["going_on"].search(stretch) and not any(guard.search(stretch) for guard in _words()["guard"].values()):
            told = _said("sure", stretch)
            if told:
                return told
    return ()


def without_unsaid(text: str) -> str:
    """The text with what is denied or meant as a figure blanked by a comma; the classifier hears it so, too."""
    for pattern in _words()["unsaid"].values():
        text = pattern.sub(",", text)
    return text


def decide(told: Told, danger: float, ranking: list[tuple[str, float]]) -> EmergencyFinding | None:
    """The finding, or None.

    `danger`: the probability that this is an emergency at all (mean of the classifiers of emergencies and of intents);
    `ranking`: the emergency categories, best first.
    """
    if not ranking or (not told.plain and danger < _least(told)):
        return None
    chances, said = dict(ranking), dict(told.sure + told.plain)
    best = max(said, key=lambda name: chances.get(name, 0.0) * WEIGHT.get(name, 1.0)) if said else ranking[0][0]
    return EmergencyFinding(best, round(max(danger, 0.5), 3), said.get(best, ""))


def _least(told: Told) -> float:
    if told.rehearsed:
        return REHEARSED
    if told.sure:
        return SURE_GUARDED if told.guards else SURE
    return UNHINTED_GUARDED if told.guards else UNHINTED
