"""Learns a classifier in a kernel of two parts: n-grams and cues (linear), and the encoder's vectors (Gaussian) by landmarks.

k(a, b) = x(a)·x(b) + WEIGHT · exp(-|v(a) - v(b)|²); the second part by Nyström's approximation with LANDMARKS of the sentences, so that
learning takes seconds and not the cube of their number. Regularised least squares by conjugate gradients, one column a label, rare labels
weighted up by the root of their rarity. Against the linear machine on the same sentences it misses a third of the emergencies as often
(docs/nlu.md).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from understanding.features import Floats
from understanding.linear import gaussian

LANDMARKS, WEIGHT, RIDGE = 2000, 3.0, 0.3
_STEPS, _LEAST_SPREAD = 60, 1e-5


@dataclass(frozen=True)
class Landmarks:
    """Some sentences' vectors, shape (landmarks, 512), and the matrix that makes their Gaussians plain features."""

    vectors: Floats
    whitening: Floats

    @classmethod
    def among(cls, vectors: Floats, count: int = LANDMARKS) -> "Landmarks":
        """Drawn at random, the same each time."""
        chosen = np.random.default_rng(1).permutation(len(vectors))[:count]
        drawn = vectors[np.sort(chosen)]
        spread, directions = np.linalg.eigh(gaussian(drawn, drawn).astype(np.float64))
        kept = spread > _LEAST_SPREAD
        return cls(drawn, np.asarray(np.sqrt(WEIGHT) * directions[:, kept] / np.sqrt(spread[kept]), dtype=np.float32))

    def features(self, vectors: Floats) -> Floats:
        """Shape (rows, features): their products are WEIGHT times the Gaussians, nearly."""
        return np.asarray(gaussian(vectors, self.vectors) @ self.whitening, dtype=np.float32)


def learn(matrix: Any, rows: Floats, right: Any, labels: int) -> tuple[Floats, Floats]:
    """Weights of the sparse columns and of the landmark features, shape (columns, labels) each; `right`: label number of each row."""
    counts = np.maximum(np.bincount(right, minlength=labels), 1)
    weight = np.sqrt(len(right) / labels / counts)[right].astype(np.float32)[:, None]
    targets = np.full((len(right), labels), -1.0, dtype=np.float32)
    targets[np.arange(len(right)), right] = 1.0
    width = matrix.shape[1]

    def gathered(errors: Floats) -> Floats:
        return np.vstack([matrix.T @ errors, rows.T @ errors]).astype(np.float32)

    def applied(weights: Floats) -> Floats:
        return np.asarray(gathered(weight * (matrix @ weights[:width] + rows @ weights[width:])) + RIDGE * weights, dtype=np.float32)

    found = _conjugate_gradients(applied, gathered(weight * targets))
    return found[:width], found[width:]


def _conjugate_gradients(applied: Any, wanted: Floats) -> Floats:
    """x with applied(x) = wanted, all columns side by side."""
    found = np.zeros_like(wanted)
    rest, way = wanted.copy(), wanted.copy()
    size = (rest * rest).sum(axis=0)
    for _ in range(_STEPS):
        image = applied(way)
        step = size / np.maximum((way * image).sum(axis=0), 1e-20)
        found += step * way
        rest -= step * image
        left = (rest * rest).sum(axis=0)
        way = rest + left / np.maximum(size, 1e-20) * way
        size = left
    return found
