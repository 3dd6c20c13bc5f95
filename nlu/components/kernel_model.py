"""The intent model: regularised least squares in a kernel of two parts, characters (linear) and encoder (Gaussian).

k(a, b) = characters(a)·characters(b) + encoder_weight · exp(-narrowness · |vector(a) - vector(b)|²); the second part by Nyström's
approximation with LANDMARKS of the sentences, so that learning takes seconds and not the cube of their number, and reading a sentence
compares it with these alone. Conjugate gradients, one column an intent, rare intents weighted up by the root of their rarity. On sentences
of an unheard author the kernel is 1.8 points better than a linear support vector machine (docs/nlu.md). Stored as plain numbers.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import csr_matrix

from components.calibration import best_temperature, softmax

LANDMARKS = 4000
STEPS = 60  # of the conjugate gradients
JITTER = 1e-4  # keeps landmarks that are nearly one from dividing by nothing
ENOUGH_TO_JUDGE = 8000  # rows at most of the model the temperature is read from
OUTLINE = 128  # directions of the vectors in which all sentences are kept, to tell what is familiar
HEARD_APART = 0.15  # share of the rows, of whole voices, kept apart to set the temperature and what is familiar
DOUBT = 0.3  # factor on all confidences of an unfamiliar sentence: below what the application believes


@dataclass(frozen=True)
class Shape:
    """See the module's formula; `ridge` is the regularisation.

    A sentence whose likeness (cosine) to the likest sentence known would be below `familiar` is spoken of with DOUBT: it may be about
    anything. The model compares outlines, so it keeps a bound of its own that turns away as many sentences.
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
    """`weights` (vocabulary, classes) for the characters; `duals` (anchors, classes) for the `anchors`, vectors of some sentences. A
    sentence is taken as known from likeness `familiar` on to one of the `outlines` of all sentences, seen along `axes`."""

    def __init__(
        self, classes: Sequence[str], temperature: float, familiar: float, arrays: dict[str, np.ndarray], narrowness: float
    ) -> None:
        self.classes, self.temperature, self.familiar, self.narrowness = list(classes), temperature, familiar, narrowness
        self.weights = arrays["weights"].astype(np.float32)
        self.duals = arrays["duals"].astype(np.float32) if "duals" in arrays else None
        self.anchors = arrays["anchors"].astype(np.float32) if "anchors" in arrays else None
        self.axes = arrays["axes"].astype(np.float32) if "axes" in arrays else None
        self.outlines = arrays["outlines"].astype(np.float32) if "outlines" in arrays else None

    @classmethod
    def fit(cls, features: Features, labels: Sequence[str], voices: Sequence[str], shape: Shape) -> "KernelModel":
        """Fits on all rows; the temperature comes from rows of some voices by a model of the others (1 when there is one voice)."""
        classes = sorted(set(labels))
        column = {name: i for i, name in enumerate(classes)}
        right = np.array([column[label] for label in labels])
        anchors = _drawn(features.vectors)
        whitening = None if anchors is None else _whitening(anchors, shape)
        rows = _Rows(
            features.characters, None if anchors is None else _gaussian(features.vectors @ anchors.T, shape.narrowness) @ whitening
        )
        inside, outside = _apart(np.asarray(voices))
        temperature, familiar = 1.0, shape.familiar
        if len(inside):
            known = _learn(rows.some(outside), right[outside], len(classes), shape.ridge)
            temperature = best_temperature(rows.some(inside).times(known), right[inside])
            familiar = _bound(features.vectors, inside, outside, shape.familiar)
        found = _learn(rows, right, len(classes), shape.ridge)
        width = features.characters.shape[1]
        arrays = {"weights": found[:width]}
        if anchors is not None:
            axes = _axes(features.vectors)
            arrays.update(duals=whitening @ found[width:], anchors=anchors, axes=axes, outlines=features.vectors @ axes)
        return cls(classes, temperature, familiar, arrays, shape.narrowness)

    @property
    def needs_vectors(self) -> bool:
        """Whether it was fitted with an encoder."""
        return self.anchors is not None

    def scores(self, features: Features) -> np.ndarray:
        """Raw scores, shape (rows, classes); raises ValueError when vectors it needs are missing."""
        return self._scores(features, self._likeness(features))

    def _scores(self, features: Features, likeness: np.ndarray | None) -> np.ndarray:
        scores = np.asarray(features.characters @ self.weights)
        return scores if likeness is None else np.asarray(scores + _gaussian(likeness, self.narrowness) @ self.duals)

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
        if self.axes is not None and self.outlines is not None and features.vectors is not None:
            known = (features.vectors @ self.axes @ self.outlines.T).max(axis=1)
            probabilities[known < self.familiar] *= DOUBT
        return probabilities

    def save(self, folder: Path, name: str) -> None:
        """Writes <name>.json and <name>.npz (halves of precision: three digits are plenty)."""
        document = {"classes": self.classes, "temperature": self.temperature, "familiar": self.familiar, "narrowness": self.narrowness}
        (folder / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        arrays = {"weights": self.weights, "duals": self.duals, "anchors": self.anchors, "axes": self.axes, "outlines": self.outlines}
        np.savez(folder / f"{name}.npz", **{key: a.astype(np.float16) for key, a in arrays.items() if a is not None})

    @classmethod
    def load(cls, folder: Path, name: str) -> "KernelModel":
        """Reads what `save` wrote; raises OSError, KeyError or ValueError when it is missing or damaged."""
        document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if arrays["weights"].shape[1] != len(document["classes"]):
            raise ValueError(f"{name}.json and {name}.npz do not belong together")
        return cls(document["classes"], document["temperature"], document["familiar"], arrays, document["narrowness"])


def _gaussian(likeness: np.ndarray, narrowness: float) -> np.ndarray:
    """Of vectors of length 1: |a - b|² = 2 - 2 a·b."""
    return np.exp(narrowness * (2 * likeness - 2))


class _Rows:
    """Rows of characters (sparse) beside rows of likeness to landmarks (dense, may be missing), times weights from either side."""

    def __init__(self, characters: csr_matrix, near: np.ndarray | None) -> None:
        self.characters, self.near, self.count, self._turned = characters, near, characters.shape[0], characters.T.tocsr()

    def some(self, which: np.ndarray) -> "_Rows":
        """These rows alone."""
        return _Rows(self.characters[which], None if self.near is None else self.near[which])

    def times(self, weights: np.ndarray) -> np.ndarray:
        """rows · weights, shape (rows, classes)."""
        width = self.characters.shape[1]
        found = self.characters @ weights[:width]
        return found if self.near is None else found + self.near @ weights[width:]

    def gathered(self, errors: np.ndarray) -> np.ndarray:
        """rowsᵀ · errors, shape (columns, classes)."""
        found = self._turned @ errors
        return found if self.near is None else np.vstack([found, self.near.T @ errors])


def _drawn(vectors: np.ndarray | None) -> np.ndarray | None:
    """Some of the vectors, drawn at random and the same each time."""
    if vectors is None:
        return None
    chosen = np.random.default_rng(1).permutation(len(vectors))[:LANDMARKS]
    return np.asarray(vectors[np.sort(chosen)])


def _whitening(anchors: np.ndarray, shape: Shape) -> np.ndarray:
    """What makes the Gaussians to the anchors plain features whose products are encoder_weight times the Gaussians, nearly."""
    gram = _gaussian(anchors @ anchors.T, shape.narrowness).astype(np.float64) + JITTER * np.eye(len(anchors))
    inverse = solve_triangular(cholesky(gram, lower=True, overwrite_a=True), np.eye(len(anchors)), lower=True, overwrite_b=True)
    return np.asarray(np.sqrt(shape.encoder_weight) * inverse.T, dtype=np.float32)


def _apart(voices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows of some voices, some rows of the others): one number needs no model of everything; nothing when there is one voice."""
    names, sizes = np.unique(voices, return_counts=True)
    if len(names) < 2:
        return np.zeros(0, dtype=int), np.arange(len(voices))
    smallest_first = np.argsort(sizes, kind="stable")
    enough = int(np.searchsorted(np.cumsum(sizes[smallest_first]), HEARD_APART * len(voices))) + 1
    apart = np.isin(voices, names[smallest_first[: min(enough, len(names) - 1)]])
    outside = np.flatnonzero(~apart)
    return np.flatnonzero(apart), outside[:: len(outside) // ENOUGH_TO_JUDGE + 1]


def _axes(vectors: np.ndarray) -> np.ndarray:
    """The directions in which the vectors are long, shape (512, OUTLINE)."""
    return np.asarray(np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1][:, :OUTLINE], dtype=np.float32)


def _bound(vectors: np.ndarray | None, inside: np.ndarray, outside: np.ndarray, familiar: float) -> float:
    """The likeness of outlines below which as many sentences of unheard voices lie as lie below `familiar` in full."""
    if vectors is None:
        return familiar
    axes = _axes(vectors)
    strange = float(((vectors[inside] @ vectors[outside].T).max(axis=1) < familiar).mean())
    return float(np.quantile((vectors[inside] @ axes @ (vectors[outside] @ axes).T).max(axis=1), strange))


def _learn(rows: _Rows, right: np.ndarray, classes: int, ridge: float) -> np.ndarray:
    """Weights, shape (columns, classes), of targets +1 for the right class and -1 for the others."""
    counts = np.bincount(right, minlength=classes)
    weight = np.sqrt(len(right) / max(1, (counts > 0).sum()) / counts[right]).astype(np.float32)[:, None]
    targets = np.full((len(right), classes), -1.0, dtype=np.float32)
    targets[np.arange(len(right)), right] = 1.0

    def applied(weights: np.ndarray) -> np.ndarray:
        return np.asarray(rows.gathered(weight * rows.times(weights)) + np.float32(ridge) * weights, dtype=np.float32)

    return _conjugate_gradients(applied, rows.gathered(weight * targets).astype(np.float32))


def _conjugate_gradients(applied: Callable[[np.ndarray], np.ndarray], wanted: np.ndarray) -> np.ndarray:
    """x with applied(x) = wanted, all columns side by side."""
    found, rest, way = np.zeros_like(wanted), wanted.copy(), wanted.copy()
    size = (rest * rest).sum(axis=0)
    for _ in range(STEPS):
        image = applied(way)
        step = size / np.maximum((way * image).sum(axis=0), 1e-20)
        found += step * way
        rest -= step * image
        left = (rest * rest).sum(axis=0)
        way, size = rest + left / np.maximum(size, 1e-20) * way, left
    return found
