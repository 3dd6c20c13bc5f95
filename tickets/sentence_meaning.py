"""How near two reports are in meaning by the sentence encoder, as they are and apart from what all reports of a category have in common."""

from functools import lru_cache
from typing import Any

import numpy as np

from config.categories import categories
from tickets.matters import clauses
from tickets.report_metric import Metric, load_metric
from understanding.features import Encoder

NAMES = ("cosine", "meaning", "clause", "every_clause", "near", "near_part", "near_parts")


def meaning(first: tuple[str, str], second: tuple[str, str], encoder: Encoder | None) -> dict[str, float]:
    """`cosine` of two (words, category), `meaning` without the category's background, `clause` of the likest parts, `every_clause` of all
    parts; `near`, `near_part`, `near_parts` are whole, likest and all parts by the measure learnt from incidents. All 0 without encoder."""
    nothing = dict.fromkeys(NAMES, 0.0)
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
    found = {"cosine": float(a @ b), "meaning": _cosine(a - shared, b - shared), "clause": float(table.max()), "every_clause": every}
    return found | nearness(words, others, encoder)


def nearness(words: str, others: str, encoder: Encoder, metric: Metric | None = None) -> dict[str, float]:
    """The three figures of the learnt measure (`metric`: another than the kept one, for fitting)."""
    measure = metric or load_metric()
    mine, yours = (measure.seen(np.stack([encoder.encode(part) for part in (text, *clauses(text))])) for text in (words, others))
    whole, parts = float(mine[0] @ yours[0]), mine[1:] @ yours[1:].T
    return {"near": whole, "near_part": float(parts.max()), "near_parts": 0.5 * float(parts.max(axis=0).mean() + parts.max(axis=1).mean())}


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
