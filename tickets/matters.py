"""What a report is about, measured against the usual matters of its category (tickets/matters.yaml), each said in residents' words."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from config.categories import categories
from config.yaml_text import read_yaml
from understanding.features import Encoder

FILE = Path(__file__).resolve().parent / "matters.yaml"
_WARMTH = {True: 0.07, False: 0.12}  # how much a likelier matter outweighs the next, with and without the encoder
_OWN_CATEGORY = 0.05  # what a matter of the category the report was filed under is ahead of those of neighbouring ones
_SHORTEST_CLAUSE, _MOST_CLAUSES = 4, 5
_BY_WORDS = 0.4  # share of the words beside the meaning
Profile = dict[str, float]


@dataclass(frozen=True)
class Matter:
    """One matter: `id` is category.name; `private` when it is of one flat only; `phrases` as residents say it."""

    id: str
    category: str
    private: bool
    phrases: tuple[str, ...]


@cache
def matters() -> dict[str, tuple[Matter, ...]]:
    """The matters by category, in file order. ValueError for an unknown category or a matter without phrases, all faults together."""
    raw: dict[str, dict[str, list[str]]] = read_yaml(FILE.read_text(encoding="utf-8"))
    faults = [f"{FILE.name}: 没有类别 {category}" for category in raw if category not in categories()]
    faults += [f"{FILE.name}: {category}.{name} 没有说法" for category, names in raw.items() for name, said in names.items() if not said]
    if faults:
        raise ValueError("；".join(faults))
    return {
        category: tuple(Matter(f"{category}.{n.rstrip('~')}", category, n.endswith("~"), tuple(map(str, p))) for n, p in names.items())
        for category, names in raw.items()
    }


@lru_cache(maxsize=4096)
def _said(text: str) -> dict[str, float]:
    """Rarity-weighted character uni- and bigrams, unit length."""
    grams = Counter(text[i : i + n] for n in (1, 2) for i in range(len(text) - n + 1))
    weighted = {gram: count * _rarity().get(gram, _rarity()[""]) for gram, count in grams.items()}
    length = math.sqrt(sum(w * w for w in weighted.values())) or 1.0
    return {gram: weight / length for gram, weight in weighted.items()}


@cache
def _rarity() -> dict[str, float]:
    phrases = [p for ones in matters().values() for m in ones for p in m.phrases]
    counts = Counter(gram for p in phrases for gram in {p[i : i + n] for n in (1, 2) for i in range(len(p) - n + 1)})
    return {gram: math.log(len(phrases) / count) for gram, count in counts.items()} | {"": math.log(len(phrases))}


def by_words(one: str, other: str) -> float:
    """0..1: how much two texts share, rare words counting more."""
    a, b = _said(one), _said(other)
    return sum(weight * b[gram] for gram, weight in a.items() if gram in b)


def profile(words: str, category: str, among: Iterable[str], encoder: Encoder | None) -> Profile:
    """How likely each matter of the categories `among` is what these words mean: id → 0..1, together 1; empty without matters."""
    known: Any = encoder  # mypy: a Protocol is not hashable
    return _profile(words, category, tuple(sorted(among)), known)


@lru_cache(maxsize=2048)
def _profile(words: str, category: str, among: tuple[str, ...], encoder: Any) -> Profile:
    scores: dict[str, float] = {}
    said = [(part, encoder.encode(part) if encoder is not None else None) for part in clauses(words)]
    for matter in (m for one in among for m in matters().get(one, ())):
        likest = max(_alike(part, vector, phrase, encoder) for phrase in matter.phrases for part, vector in said)
        scores[matter.id] = likest + (_OWN_CATEGORY if matter.category == category else 0.0)
    if not scores:
        return {}
    top, warmth = max(scores.values()), _WARMTH[said[0][1] is not None]
    weights = {name: math.exp((score - top) / warmth) for name, score in scores.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


@lru_cache(maxsize=4096)
def clauses(words: str) -> tuple[str, ...]:
    """The words as a whole and each clause long enough to say something: what comes with a report (“孩子都迟到了”) stands apart."""
    parts = [part for part in re.split("[，。；！？,;!?\\s]+", words) if len(part) >= _SHORTEST_CLAUSE]
    return (words, *parts[:_MOST_CLAUSES]) if len(parts) > 1 else (words,)


def _alike(words: str, vector: Any, phrase: str, encoder: Any) -> float:
    spoken = by_words(words, phrase)
    meant = encoder.encode(phrase) if vector is not None else None
    if meant is None:
        return spoken
    return float(np.dot(vector, meant)) + _BY_WORDS * spoken


def overlap(one: Profile, other: Profile) -> float:
    """0..1: how far two profiles mean the same matter (Bhattacharyya)."""
    return sum(math.sqrt(share * other[name]) for name, share in one.items() if name in other)


def privacy(one: Profile) -> float:
    """0..1: how likely it is something of one flat only."""
    known = _private()
    return sum(share for name, share in one.items() if name in known)


@cache
def _private() -> frozenset[str]:
    return frozenset(m.id for ones in matters().values() for m in ones if m.private)
