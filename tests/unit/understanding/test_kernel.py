"""The kernel by landmarks: what it approximates, and that it learns what no straight line can tell apart."""

import numpy as np
from scipy.sparse import csr_matrix

from understanding.kernel import WEIGHT, Landmarks, learn
from understanding.linear import gaussian


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_features_of_all_landmarks_multiply_to_the_kernel() -> None:
    vectors = unit(np.random.default_rng(3).standard_normal((40, 6)))
    rows = Landmarks.among(vectors, 40).features(vectors)
    assert np.allclose(rows @ rows.T, WEIGHT * gaussian(vectors, vectors), atol=1e-2)


def test_fewer_landmarks_come_near_and_are_the_same_each_time() -> None:
    vectors = unit(np.random.default_rng(3).standard_normal((200, 4)))
    one, two = Landmarks.among(vectors, 60), Landmarks.among(vectors, 60)
    assert np.array_equal(one.vectors, two.vectors)
    rows = one.features(vectors)
    assert np.abs(rows @ rows.T - WEIGHT * gaussian(vectors, vectors)).mean() < 0.05


def test_opposite_corners_are_told_apart() -> None:
    """Two labels as in exclusive or: no plane divides them."""
    rng = np.random.default_rng(5)
    corners = rng.integers(0, 2, (400, 2))
    vectors = unit(np.hstack([2.0 * corners - 1 + 0.1 * rng.standard_normal((400, 2)), np.full((400, 1), 0.2)]))
    right = corners.sum(axis=1) % 2
    rows = Landmarks.among(vectors, 100).features(vectors)
    nothing = csr_matrix((400, 1), dtype=np.float32)
    grams, near = learn(nothing, rows, right, 2)
    assert grams.shape == (1, 2)
    assert ((rows @ near).argmax(axis=1) == right).mean() > 0.98
