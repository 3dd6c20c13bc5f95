"""A classifier that needs nothing but numpy to answer: linear, or with landmarks (understanding.kernel)."""

from dataclasses import dataclass

import numpy as np

from understanding.features import Floats, Vector

CUE_SCALE = 0.3  # beside n-gram and encoder vectors of unit length
MEANING_SCALE = 1.5


@dataclass(frozen=True)
class LinearModel:
    """Scores per label: grams (vocabulary, labels), cues (cues, labels), meaning (512, labels) or None, bias (labels,).

    `landmarks` (landmarks, 512) with `duals` (landmarks, labels): how much each landmark's nearness speaks for a label."""

    labels: tuple[str, ...]
    grams: Floats
    cues: Floats
    meaning: Floats | None
    bias: Floats
    temperature: float = 1.0
    landmarks: Floats | None = None
    duals: Floats | None = None

    def scores(self, vector: Vector) -> Floats:
        """Raw scores, shape (labels,)."""
        found = self.bias + vector.cues @ self.cues
        if len(vector.indices):
            found = found + vector.weights @ self.grams[vector.indices].astype(np.float32)
        if self.meaning is not None and vector.meaning is not None:
            found = found + vector.meaning @ self.meaning
        if self.landmarks is not None and self.duals is not None and vector.meaning is not None:
            found = found + gaussian(vector.meaning[None, :], self.landmarks)[0] @ self.duals
        return np.asarray(found, dtype=np.float32)

    def probabilities(self, vector: Vector) -> Floats:
        """Calibrated probabilities, shape (labels,), summing to 1."""
        return softmax(self.scores(vector) / self.temperature)

    def chance(self, label: str, vector: Vector) -> float:
        """The calibrated probability of one label; 0 for a label this model does not know."""
        return float(self.probabilities(vector)[self.labels.index(label)]) if label in self.labels else 0.0

    def ranking(self, vector: Vector) -> list[tuple[str, float]]:
        """Labels with their probability, best first."""
        found = self.probabilities(vector)
        return [(self.labels[at], float(found[at])) for at in np.argsort(-found)]


def gaussian(rows: Floats, columns: Floats) -> Floats:
    """exp(-|a - b|²) of every two vectors of length 1, shape (rows, columns)."""
    return np.exp(2 * (rows @ columns.T) - 2)


def softmax(scores: Floats) -> Floats:
    """Probabilities of scores along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float32)
