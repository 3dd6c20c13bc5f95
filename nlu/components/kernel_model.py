"""The intent model: regularised least squares in a kernel of two parts, characters (linear) and encoder (Gaussian).

k(a, b) = characters(a)·characters(b) + encoder_weight · exp(-narrowness · |vector(a) - vector(b)|²). Solved in closed form (no random
start, no iterations), rare intents weighted up by the root of their rarity. On sentences of an unheard author it is 1.8 points better than
a linear support vector machine on the same features (docs/nlu.md). Stored as plain numbers.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from components.calibration import best_temperature, softmax

ENOUGH_TO_JUDGE = 4000  # rows at most of the model the temperature is read from: solving costs the cube of them
HEARD_APART = 0.15  # share of the rows, of whole voices, kept apart to set the temperature
DOUBT = 0.3  # factor on all confidences of an unfamiliar sentence: below what the application believes


@dataclass(frozen=True)
class Shape:
    """See the module's formula; `ridge` is the regularisation.

    A sentence whose likeness (cosine) to the likest sentence known is below `familiar` is spoken of with DOUBT: it may be about anything.
    """

    ridge: float = 0.3
    encoder_weight: float = 3.0
    narrowness: float = 1.0
    familiar: float = 0.6


@dataclass(frozen=True)
class Features:
    """`characters` (rows, vocabulary) sparse; `vectors` (rows, 512), None without an encoder. All rows of length 1."""

    characters: csr_matrix
    vectors: np.ndarray | None = None


class KernelModel:
    """`weights` (vocabulary, classes) for the characters; `duals` (anchors, classes) for the `anchors`, the training sentences' vectors."""

    def __init__(self, classes: Sequence[str], temperature: float, shape: Shape, arrays: dict[str, np.ndarray]) -> None:
        self.classes, self.temperature, self.shape = list(classes), temperature, shape
        self.weights = arrays["weights"].astype(np.float32)
        self.duals = arrays["duals"].astype(np.float32) if "duals" in arrays else None
        self.anchors = arrays["anchors"].astype(np.float32) if "anchors" in arrays else None

    @classmethod
    def fit(cls, features: Features, labels: Sequence[str], voices: Sequence[str], shape: Shape) -> "KernelModel":
        """Fits on all rows; the temperature comes from rows of some voices by a model of the others (1 when there is one voice)."""
        classes = sorted(set(labels))
        column = {name: i for i, name in enumerate(classes)}
        right = np.array([column[label] for label in labels])
        kernel = _kernel(features, features, shape)
        temperature = _temperature_out_of_fold(kernel, right, len(classes), np.asarray(voices), shape.ridge)
        duals = _solve(kernel, right, len(classes), shape.ridge)
        arrays = {"weights": features.characters.T @ duals}
        if features.vectors is not None:
            arrays.update(duals=duals * shape.encoder_weight, anchors=features.vectors)
        return cls(classes, temperature, shape, arrays)

    @property
    def needs_vectors(self) -> bool:
        """Whether it was fitted with an encoder."""
        return self.anchors is not None

    def scores(self, features: Features) -> np.ndarray:
        """Raw scores, shape (rows, classes); raises ValueError when vectors it needs are missing."""
        return self._scores(features, self._likeness(features))

    def _scores(self, features: Features, likeness: np.ndarray | None) -> np.ndarray:
        scores = np.asarray(features.characters @ self.weights)
        return scores if likeness is None else np.asarray(scores + _gaussian(likeness, self.shape.narrowness) @ self.duals)

    def _likeness(self, features: Features) -> np.ndarray | None:
        """Cosines with every anchor, shape (rows, anchors)."""
        if self.anchors is None:
            return None
        if features.vectors is None:
            raise ValueError("this model needs the encoder's vectors")
        return np.asarray(features.vectors @ self.anchors.T)

    def probabilities(self, features: Features) -> np.ndarray:
        """Calibrated confidences, shape (rows, classes); a row sums to 1, or to DOUBT when its sentence is unfamiliar."""
        likeness = self._likeness(features)
        probabilities = softmax(self._scores(features, likeness), self.temperature)
        if likeness is not None:
            probabilities[likeness.max(axis=1) < self.shape.familiar] *= DOUBT
        return probabilities

    def save(self, folder: Path, name: str) -> None:
        """Writes <name>.json and <name>.npz (halves of precision: three digits are plenty)."""
        document = {"classes": self.classes, "temperature": self.temperature, "shape": vars(self.shape)}
        (folder / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        arrays = {"weights": self.weights, "duals": self.duals, "anchors": self.anchors}
        np.savez(folder / f"{name}.npz", **{key: a.astype(np.float16) for key, a in arrays.items() if a is not None})

    @classmethod
    def load(cls, folder: Path, name: str) -> "KernelModel":
        """Reads what `save` wrote; raises OSError, KeyError or ValueError when it is missing or damaged."""
        document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if arrays["weights"].shape[1] != len(document["classes"]):
            raise ValueError(f"{name}.json and {name}.npz do not belong together")
        return cls(document["classes"], document["temperature"], Shape(**document["shape"]), arrays)


def _gaussian(likeness: np.ndarray, narrowness: float) -> np.ndarray:
    """Of vectors of length 1: |a - b|² = 2 - 2 a·b."""
    return np.exp(narrowness * (2 * likeness - 2))


def _kernel(rows: Features, columns: Features, shape: Shape) -> np.ndarray:
    kernel = (rows.characters @ columns.characters.T).toarray().astype(np.float32)
    if rows.vectors is not None and columns.vectors is not None:
        kernel += np.float32(shape.encoder_weight) * _gaussian(rows.vectors @ columns.vectors.T, shape.narrowness).astype(np.float32)
    return kernel


def _solve(kernel: np.ndarray, right: np.ndarray, classes: int, ridge: float) -> np.ndarray:
    """Dual weights, shape (rows, classes), of targets +1 for the right class and -1 for the others."""
    counts = np.bincount(right, minlength=classes)
    weight = np.sqrt(len(right) / max(1, (counts > 0).sum()) / counts[right])
    targets = np.full((len(right), classes), -1.0, dtype=np.float32)
    targets[np.arange(len(right)), right] = 1.0
    regular = kernel + np.diag((ridge / weight).astype(np.float32))
    return np.asarray(cho_solve(cho_factor(regular, overwrite_a=True, check_finite=False), targets, check_finite=False))


def _temperature_out_of_fold(kernel: np.ndarray, right: np.ndarray, classes: int, voices: np.ndarray, ridge: float) -> float:
    """From the rows of some voices, by a smaller model of the others: one number needs no second solution of the whole."""
    names, sizes = np.unique(voices, return_counts=True)
    if len(names) < 2:
        return 1.0
    smallest_first = np.argsort(sizes, kind="stable")
    enough = int(np.searchsorted(np.cumsum(sizes[smallest_first]), HEARD_APART * len(voices))) + 1
    apart = np.isin(voices, names[smallest_first[: min(enough, len(names) - 1)]])
    inside, outside = np.flatnonzero(apart), np.flatnonzero(~apart)
    outside = outside[:: len(outside) // ENOUGH_TO_JUDGE + 1]
    duals = _solve(kernel[np.ix_(outside, outside)], right[outside], classes, ridge)
    return best_temperature(kernel[np.ix_(inside, outside)] @ duals, right[inside])
