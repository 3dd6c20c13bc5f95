"""The pipelines experiment.py compares; the product runs `kernel`, the others are here to be beaten."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

from components.calibration import best_temperature, softmax
from components.character_ngrams import CharacterNgrams
from components.kernel_model import Features, KernelModel, Shape
from components.sentence_encoder import encoder_folder, shared_encoder

_vectors: dict[str, np.ndarray] = {}


def vectors(texts: Sequence[str]) -> np.ndarray:
    """The encoder's vectors, kept: the same sentences come in every fold."""
    encoder = shared_encoder(encoder_folder())
    if encoder is None:
        raise SystemExit(f"没有找到编码器：{encoder_folder()}（设 LINDA_ENCODER_DIR）")
    for text in texts:
        if text not in _vectors:
            _vectors[text] = encoder.encode(text)
    return np.stack([_vectors[text] for text in texts])


class WordNgrams:
    """jieba words and pairs of words in place of characters: each word becomes one private character."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._numbers: dict[str, str] = {}
        self._fitted = CharacterNgrams.fit([self._spelled(t) for t in texts], 2)

    def _spelled(self, text: str) -> str:
        import jieba

        return "".join(self._numbers.setdefault(w, chr(0x10000 + len(self._numbers))) for w in jieba.lcut(text))

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """One sparse row per text."""
        return self._fitted.rows([self._spelled(t) for t in texts])


class Contender:
    """fit, then probabilities (texts, classes) in the order of `classes`."""

    classes: list[str]

    def fit(self, texts: list[str], labels: list[str], voices: list[str]) -> None:
        """Trains."""
        raise NotImplementedError

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Confidences."""
        raise NotImplementedError

    def forget(self, text: str) -> None:
        """Drops what is kept about a text, before its time is taken."""
        _vectors.pop(text, None)


class Linear(Contender):
    """A linear model of scikit-learn over weighted blocks of features (weight 0 leaves a block out)."""

    def __init__(self, estimator: Callable[[], Any], characters: float, encoder: float, words: float = 0) -> None:
        self._estimator, self._weights = estimator, (characters, encoder, words)

    def _features(self, texts: Sequence[str]) -> csr_matrix:
        characters, encoder, words = self._weights
        blocks = [self._characters.rows(texts) * characters] if characters else []
        blocks += [self._words.rows(texts) * words] if words else []
        blocks += [csr_matrix(vectors(texts) * encoder)] if encoder else []
        return csr_matrix(hstack(blocks)) if len(blocks) > 1 else blocks[0]

    def fit(self, texts: list[str], labels: list[str], voices: list[str]) -> None:
        if self._weights[0]:
            self._characters = CharacterNgrams.fit(texts)
        if self._weights[2]:
            self._words = WordNgrams(texts)
        features, names, groups = self._features(texts), np.asarray(labels), np.asarray(voices)
        self.classes = sorted(set(labels))
        column = {name: i for i, name in enumerate(self.classes)}
        scores = np.full((len(labels), len(self.classes)), -30.0)
        for voice in sorted(set(voices)):
            part = self._estimator().fit(features[groups != voice], names[groups != voice])
            scores[np.ix_(groups == voice, [column[c] for c in part.classes_])] = part.decision_function(features[groups == voice])
        self._temperature = best_temperature(scores, np.array([column[name] for name in labels]))
        self._fitted = self._estimator().fit(features, names)

    def probabilities(self, texts: list[str]) -> np.ndarray:
        return softmax(self._fitted.decision_function(self._features(texts)), self._temperature)


class Neighbours(Contender):
    """The ten nearest sentences by the encoder, votes weighted by likeness."""

    def fit(self, texts: list[str], labels: list[str], voices: list[str]) -> None:
        self._vectors, self.classes = vectors(texts), sorted(set(labels))
        self._columns = np.array([self.classes.index(label) for label in labels])

    def probabilities(self, texts: list[str]) -> np.ndarray:
        result = np.zeros((len(texts), len(self.classes)))
        for row, likeness in enumerate(vectors(texts) @ self._vectors.T):
            near = np.argpartition(-likeness, 10)[:10]
            np.add.at(result[row], self._columns[near], np.exp(likeness[near] * 12))
        return result / result.sum(axis=1, keepdims=True)


class Kernel(Contender):
    """The product's model."""

    def __init__(self, encoder: bool = True) -> None:
        self._encoder = encoder

    def _features(self, texts: list[str]) -> Features:
        return Features(self._characters.rows(texts), vectors(texts) if self._encoder else None)

    def fit(self, texts: list[str], labels: list[str], voices: list[str]) -> None:
        self._characters = CharacterNgrams.fit(texts)
        self._model = KernelModel.fit(self._features(texts), labels, voices, Shape())
        self.classes = self._model.classes

    def probabilities(self, texts: list[str]) -> np.ndarray:
        return self._model.probabilities(self._features(texts))


def _logistic(strength: float) -> Callable[[], Any]:
    from sklearn.linear_model import LogisticRegression

    return partial(LogisticRegression, C=strength, max_iter=100, tol=5e-3, class_weight="balanced")


def _vector_machine(strength: float) -> Callable[[], Any]:
    from sklearn.svm import LinearSVC

    return partial(LinearSVC, C=strength, class_weight="balanced")


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "jieba words, LR": lambda: Linear(_logistic(30), 0, 0, 1),
    "characters, LR": lambda: Linear(_logistic(30), 1, 0),
    "characters, SVM": lambda: Linear(_vector_machine(2), 1, 0),
    "encoder, LR": lambda: Linear(_logistic(30), 0, 1),
    "encoder, kNN": Neighbours,
    "both, LR": lambda: Linear(_logistic(30), 1, 1.5),
    "both, SVM": lambda: Linear(_vector_machine(2), 1, 1.5),
    "both and jieba words, SVM": lambda: Linear(_vector_machine(2), 1, 1.5, 0.7),
    "characters, kernel (no encoder)": lambda: Kernel(encoder=False),
    "both, kernel (chosen)": Kernel,
}
