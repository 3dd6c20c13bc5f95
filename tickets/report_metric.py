"""A measure of likeness for reports: the encoder's vectors seen along directions in which reports of one incident come together.

The directions (report_metric.npz, written by `python -m tickets.fit_likeness`) are learnt from incidents, each told by several residents:
first those that set incidents apart best against the spread within one (linear discriminants), then bent so that the likest reports of
different incidents of one estate move apart (contrastive, on cosines).
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).resolve().parent / "report_metric.npz"
DIRECTIONS = 96
_SHRINKAGE, _STEPS, _BATCH, _PACE, _HELD_BACK = 0.3, 12, 512, 1e-3, 1e-2
_SHARPNESS, _MIDDLE, _HARD = 16.0, 0.45, 3  # of the sigmoid over cosines; how many unlike pairs to a like one
Rows = NDArray[np.float32]
Told = Sequence[Sequence[Rows]]  # an estate: its incidents, each the vectors of its reports


class Metric:
    """`mean`, shape (512,), and `directions`, shape (512, DIRECTIONS)."""

    def __init__(self, mean: Rows, directions: Rows) -> None:
        self.mean, self.directions = mean, directions

    def seen(self, vectors: Rows) -> Rows:
        """Vectors of unit length to compare by their products, shape (n, DIRECTIONS)."""
        rows = (np.atleast_2d(vectors) - self.mean) @ self.directions
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def save(self, file: Path = FILE) -> None:
        """Write it in halves of precision."""
        np.savez_compressed(file, mean=self.mean.astype(np.float16), directions=self.directions.astype(np.float16))


@cache
def load_metric(file: Path = FILE) -> Metric:
    """What `save` wrote."""
    with np.load(file, allow_pickle=False) as held:
        return Metric(held["mean"].astype(np.float32), held["directions"].astype(np.float32))


def learn_metric(estates: Sequence[Told], phrases: Sequence[Rows]) -> Metric:
    """From estates, and from `phrases` (vectors of ways to say one matter), whose spread counts as spread within an incident."""
    groups = [np.stack(list(reports)) for estate in estates for reports in estate if len(reports) > 1] + [p for p in phrases if len(p) > 1]
    mean = np.concatenate(groups).mean(axis=0)
    return Metric(mean, _bent(_discriminants(groups), estates, mean))


def _discriminants(groups: Sequence[Rows]) -> Rows:
    within = np.concatenate([g - g.mean(axis=0) for g in groups])
    inner, outer = within.T @ within / len(within), np.cov(np.concatenate(groups).T)
    inner = inner + _SHRINKAGE * np.trace(inner) / len(inner) * np.eye(len(inner))
    root = np.linalg.cholesky(np.linalg.inv(inner))
    best = np.linalg.eigh(root.T @ outer @ root)[1][:, ::-1][:, :DIRECTIONS]
    return np.asarray(root @ best, dtype=np.float32)


def _pairs(estates: Sequence[Told]) -> Iterator[tuple[int, int, bool]]:
    first = 0
    for estate in estates:
        owners = [number for number, reports in enumerate(estate) for _ in reports]
        yield from ((first + i, first + j, owners[i] == owners[j]) for i, j in combinations(range(len(owners)), 2))
        first += len(owners)


def _bent(start: Rows, estates: Sequence[Told], mean: Rows) -> Rows:
    """The directions moved by gradient steps (Adam) on the logistic loss of cosines, against the likest unlike pairs."""
    rows = np.stack([row for estate in estates for reports in estate for row in reports]) - mean
    pairs = np.array(list(_pairs(estates)))
    like, unlike = np.flatnonzero(pairs[:, 2] == 1), np.flatnonzero(pairs[:, 2] == 0)
    origin = np.asarray(start / np.sqrt((start**2).sum(axis=0).mean()), dtype=np.float32)
    moved, rng = origin.copy(), np.random.default_rng(0)
    slope, size, count = np.zeros_like(moved), np.zeros_like(moved), 0
    for step in range(_STEPS):
        seen = _unit(rows @ moved)[0]
        near = (seen[pairs[unlike, 0]] * seen[pairs[unlike, 1]]).sum(axis=1)
        chosen = np.concatenate([like, unlike[np.argsort(-near)[: _HARD * len(like)]]])
        rng.shuffle(chosen)
        for at in range(0, len(chosen), _BATCH):
            part = pairs[chosen[at : at + _BATCH]]
            gradient = _gradient(rows[part[:, 0]], rows[part[:, 1]], part[:, 2], moved) + _HELD_BACK * (moved - origin)
            count += 1
            slope, size = 0.9 * slope + 0.1 * gradient, 0.99 * size + 0.01 * gradient**2
            rate = _PACE * (1 - step / _STEPS)
            moved -= rate * (slope / (1 - 0.9**count)) / (np.sqrt(size / (1 - 0.99**count)) + 1e-6)
    return moved


def _unit(rows: Rows) -> tuple[Rows, Rows]:
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return np.asarray(rows / lengths, dtype=np.float32), lengths


def _gradient(some: Rows, others: Rows, same: NDArray[np.int64], directions: Rows) -> Rows:
    (a, long_a), (b, long_b) = _unit(some @ directions), _unit(others @ directions)
    cosines = (a * b).sum(axis=1, keepdims=True)
    wrong = (1 / (1 + np.exp(-_SHARPNESS * (cosines - _MIDDLE))) - same[:, None]) * _SHARPNESS / len(same)
    return np.asarray(some.T @ (wrong * (b - cosines * a) / long_a) + others.T @ (wrong * (a - cosines * b) / long_b), dtype=np.float32)
