"""The fitted numbers of finding and refusing (knowledge/weights.yaml, written by `python -m knowledge.fit`)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

FILE = Path(__file__).resolve().parent / "weights.yaml"


@dataclass(frozen=True)
class Linear:
    """A logistic model: probability = 1 / (1 + exp(-(intercept + Σ coefficient·feature)))."""

    intercept: float
    coefficients: dict[str, float]

    def scores(self, names: tuple[str, ...], table: NDArray[np.float32]) -> NDArray[np.float32]:
        """The log-odds of each row of a table whose columns are `names`."""
        vector = np.array([self.coefficients.get(name, 0.0) for name in names], dtype=np.float32)
        return np.asarray(table @ vector + self.intercept, dtype=np.float32)


@dataclass(frozen=True)
class Weights:
    """`rank` orders provisions, `covers` decides whether the best one answers; `kinds[type][kind]` is their agreement (log-odds)."""

    rank: Linear
    covers: Linear
    rank_grams: Linear
    covers_grams: Linear
    kinds: dict[str, dict[str, float]] = field(default_factory=dict)
    threshold: float = 0.5
    threshold_grams: float = 0.5

    def agreement(self, types: tuple[str, ...], kind: str) -> float:
        """How well a provision's kind fits the kinds of fact asked for."""
        return max((self.kinds.get(t, {}).get(kind, 0.0) for t in types), default=0.0)


def load_weights(file: Path = FILE) -> Weights:
    """The weights of a file written by knowledge.fit."""
    data: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    models = ("rank", "covers", "rank_grams", "covers_grams")
    linear = {name: Linear(data[name]["intercept"], data[name]["coefficients"]) for name in models}
    return Weights(**linear, kinds=data["kinds"], threshold=data["threshold"], threshold_grams=data["threshold_grams"])
