"""How near two reports are in meaning by the sentence encoder, as they are and apart from what all reports of a category have in common."""

from functools import lru_cache
from typing import Any

import numpy as np

from config.categories import categories
from tickets.matters import clauses
from understanding.features import Encoder


def meaning(first: tuple[str, str], second: tuple[str, str], encoder: Encoder | None) -> dict[str, float]:
    """`cosine` of two (words, category), `meaning` without the category's background, `clause` of the likest parts, `every_clause` of the
    worst matched part; all 0 without an encoder."""
    nothing = {"cosine": 0.0, "meaning": 0.0, "clause": 0.0, "every_clause": 0.0}
    (words, category), (others, _) = first, second
    if encoder is None:
        return nothing
    a, b = encoder.encode(words), encoder.encode(others)
    if a is None or b is None:
        return nothing
    known: Any = encoder  # mypy: a Protocol is not hashable
    shared = _background(category, known)
    table = np.array([[float(encoder.encode(x) @ encoder.encode(y)) for y in clauses(others)] for x in clauses(words)])
    every = 0.5 * float(table.max(axis=1).mean() + table.max(axis=0).mean())
    return {"cosine": float(a @ b), "meaning": _cosine(a - shared, b - shared), "clause": float(table.max()), "every_clause": every}


def _cosine(first: Any, second: Any) -> float:
    return float(first @ second / max(float(np.linalg.norm(first)) * float(np.linalg.norm(second)), 1e-9))


@lru_cache(maxsize=256)
def _background(category: str, encoder: Any) -> Any:
    """What reports of this category sound like in general: half the category's own words, half all categories'."""
    own = categories().get(category)
    said = [own.title, *own.examples] if own else [category]
    return 0.5 * _mean(said, encoder) + 0.5 * _everything(encoder)


@lru_cache(maxsize=4)
def _everything(encoder: Any) -> Any:
    return _mean([s for c in categories().values() for s in (c.title, *c.examples)], encoder)


def _mean(sentences: list[str], encoder: Encoder) -> Any:
    return np.mean([v for s in sentences if (v := encoder.encode(s)) is not None], axis=0)
