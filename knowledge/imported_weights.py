"""The fitted numbers of finding and refusing in imported plans (imported_weights.yaml, written by `python -m knowledge.fit_imported`)."""

from dataclasses import dataclass
from functools import cache
from math import exp, log
from pathlib import Path

import yaml

from knowledge.weights import Linear

FILE = Path(__file__).resolve().parent / "imported_weights.yaml"


@dataclass(frozen=True)
class Judgement:
    """`rank` orders provisions (times `scale`, so that its scores stand beside the folder's); `covers` decides whether the best one
    answers, from `threshold` on."""

    rank: Linear
    scale: float
    covers: Linear
    threshold: float

    def sure(self, odds: float, threshold: float) -> float:
        """The chance that a provision answers, moved so that our threshold lies on the one of the folder's plans."""
        moved = odds - log(self.threshold / (1 - self.threshold)) + log(threshold / (1 - threshold))
        return 1 / (1 + exp(-max(min(moved, 30.0), -30.0)))


@dataclass(frozen=True)
class ImportedWeights:
    """With the sentence encoder, and with character grams alone."""

    encoder: Judgement
    grams: Judgement


@cache
def load_imported_weights(file: Path = FILE) -> ImportedWeights:
    """The weights of a file written by knowledge.fit_imported."""
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    read = {name: Judgement(Linear(**d["rank"]), d["scale"], Linear(**d["covers"]), d["threshold"]) for name, d in data.items()}
    return ImportedWeights(read["encoder"], read["grams"])
