"""Scores to confidences that mean something: 0.8 is right four times of five, for an author never heard before."""

import numpy as np
from scipy.optimize import minimize_scalar


def softmax(scores: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Rows of probabilities from rows of scores."""
    scaled = scores / temperature
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True))


def best_temperature(scores: np.ndarray, right: np.ndarray) -> float:
    """The temperature with the least log loss; `scores` (rows, classes) of rows the model never saw, `right` their columns."""

    def loss(logarithm: float) -> float:
        probabilities = softmax(scores, float(np.exp(logarithm)))[np.arange(len(right)), right]
        return float(-np.log(np.maximum(probabilities, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-6, 6), method="bounded").x))
