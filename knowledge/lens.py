"""The lens: a linear map under which ways of asking for the same provision come close together.

A general encoder knows neighbouring topics, not which of 650 rules of one field is meant. So the vector of a text (encoder, and a latent
space of its character grams) is mapped by a matrix learned from the lay questions of the library: neighbourhood components analysis,
softmax over each plan's own texts, plain numpy, seconds, the same numbers each time. It is learned when the index is built, never shipped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from knowledge.encoder import Vectors
from knowledge.ngrams import Vocabulary, grams

LATENT, GRAM_SHARE = 300, 0.6
NARROW = 384  # columns kept of what is learned: cosines move by 0.007 at most on average, a question reads half the memory
_WIDTH, _TAU, _RATE, _EPOCHS, _CHUNK, _PULL = 512, 0.08, 2e-3, 6, 700, 3e-3
Progress = Callable[[str, float], None]


def unit(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1."""
    return np.asarray(table / np.maximum(np.linalg.norm(table, axis=-1, keepdims=True), 1e-9), dtype=np.float32)


class GramSpace:
    """The latent space of character grams: tf-idf rows mapped by the library's first singular directions."""

    def __init__(self, vocabulary: Vocabulary, directions: NDArray[np.float32]) -> None:
        self._vocabulary, self.directions = vocabulary, directions

    def table(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, shape (n, latent); zeros for a text with no known gram."""
        return unit(np.asarray(tfidf(self._vocabulary, texts) @ self.directions, dtype=np.float32))


def tfidf(vocabulary: Vocabulary, texts: Sequence[str]) -> sparse.csr_matrix:
    """Unit tf-idf rows over the grams that more than one text has, logarithmic in the gram's count."""
    starts, columns, weights = [0], list[int](), list[NDArray[np.float32]]()
    for text in texts:
        counts: dict[int, int] = {}
        for gram in grams(text):
            if (column := vocabulary.column.get(gram)) is not None and column < vocabulary.shared:
                counts[column] = counts.get(column, 0) + 1
        row = np.array([(1 + np.log(n)) * vocabulary.idf[c] for c, n in counts.items()], dtype=np.float32)
        weights.append(row / max(float(np.linalg.norm(row)), 1e-9))
        columns += counts
        starts.append(len(columns))
    data = np.concatenate(weights) if weights else np.zeros(0, dtype=np.float32)
    return sparse.csr_matrix((data, columns, starts), shape=(len(texts), vocabulary.shared), dtype=np.float32)


def singular_directions(matrix: sparse.csr_matrix, rank: int) -> NDArray[np.float32]:
    """The first right singular directions of a sparse matrix (randomised range finder, fixed seed), shape (columns, rank)."""
    rng = np.random.default_rng(7)
    wanted = min(rank + 20, *matrix.shape)
    basis = matrix @ rng.standard_normal((matrix.shape[1], wanted)).astype(np.float32)
    for _ in range(4):
        basis, _r = np.linalg.qr(basis)
        basis = matrix @ (matrix.T @ basis)
    basis, _r = np.linalg.qr(basis)
    _u, _s, right = np.linalg.svd(np.asarray((matrix.T @ basis).T), full_matrices=False)
    return np.ascontiguousarray(right[:rank].T, dtype=np.float32)


@dataclass(frozen=True)
class Lens:
    """`see` maps texts of one role (question, answer, asks, quote) to unit vectors of the same space, whatever their role."""

    space: GramSpace
    means: dict[str, Vectors]
    matrix: NDArray[np.float32]

    def raw(self, texts: Sequence[str], vectors: Vectors | None, role: str) -> NDArray[np.float32]:
        """The unmapped rows: encoder vectors less the role's mean, beside the gram space."""
        table = self.space.table(texts) * GRAM_SHARE
        if vectors is None:
            return table
        return np.hstack([vectors - self.means[role], table]).astype(np.float32)

    def see(self, texts: Sequence[str], vectors: Vectors | None, role: str) -> NDArray[np.float32]:
        """Unit rows of the texts in the learned space, shape (n, width)."""
        if not texts:
            return np.zeros((0, self.matrix.shape[1]), dtype=np.float32)
        return unit(self.raw(texts, vectors, role) @ self.matrix)


@dataclass(frozen=True)
class Lesson:
    """The texts of one plan to learn from: raw rows, and the entry each belongs to."""

    rows: NDArray[np.float32]
    owner: NDArray[np.int64]


def whitened(lessons: Sequence[Lesson]) -> NDArray[np.float32]:
    """Where learning starts: directions in which ways of asking the same thing differ are shrunk."""
    apart = []
    for lesson in lessons:
        members = np.bincount(lesson.owner, minlength=lesson.owner.max() + 1)
        sums = np.zeros((len(members), lesson.rows.shape[1]))
        np.add.at(sums, lesson.owner, lesson.rows)
        apart.append(lesson.rows - (sums / np.maximum(members, 1)[:, None])[lesson.owner])
    directions, spread, _ = np.linalg.svd(np.cov(np.vstack(apart).T))
    matrix = directions * (spread + 2e-4) ** -0.25
    return np.asarray(matrix / np.sqrt((matrix**2).sum() / _WIDTH), dtype=np.float32)


def narrowed(matrix: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The learned matrix with only the directions in which the rows seen through it differ most, shape (raw width, NARROW at most)."""
    seen = unit(rows @ matrix).astype(np.float64)
    _spread, directions = np.linalg.eigh(seen.T @ seen)
    return np.ascontiguousarray(matrix @ directions[:, ::-1][:, :NARROW], dtype=np.float32)


def _slope(
    rows: NDArray[np.float32], owner: NDArray[np.int64], chunk: NDArray[np.int64], matrix: NDArray[np.float32]
) -> NDArray[np.float32]:  # fmt: skip
    """The gradient of the neighbourhood loss of a chunk's rows among all rows of the plan."""
    mapped = rows @ matrix
    length = np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-9)
    seen = mapped / length
    near = seen[chunk] @ seen.T / _TAU
    near[np.arange(len(chunk)), chunk] = -1e9
    near = np.exp(near - near.max(axis=1, keepdims=True))
    near /= near.sum(axis=1, keepdims=True)
    kin = near * (owner[chunk][:, None] == owner[None, :])
    pull = (near - kin / (kin.sum(axis=1, keepdims=True) + 1e-12)) / (_TAU * len(chunk))
    change = pull.T @ seen[chunk]
    change[chunk] += pull @ seen
    change = (change - seen * (change * seen).sum(axis=1, keepdims=True)) / length
    return np.asarray(rows.T @ change, dtype=np.float32)


def learn(lessons: Sequence[Lesson], progress: Progress | None = None) -> NDArray[np.float32]:
    """The matrix learned from the lessons (Adam with a pull back to where it started), shape (raw width, raw width)."""
    start = whitened(lessons)
    matrix, first, second, step = start.copy(), np.zeros_like(start), np.zeros_like(start), 0
    rng = np.random.default_rng(1)
    for epoch in range(_EPOCHS):
        for lesson in lessons:
            for chunk in np.array_split(rng.permutation(len(lesson.rows)), max(1, len(lesson.rows) // _CHUNK)):
                slope = _slope(lesson.rows, lesson.owner, chunk, matrix) + _PULL * (matrix - start)
                step += 1
                first += 0.1 * (slope - first)
                second += 0.001 * (slope * slope - second)
                matrix -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        if progress:
            progress("lens", (epoch + 1) / _EPOCHS)
    return matrix
