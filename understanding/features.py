"""A message as numbers: character 1–3-grams, syllable pairs (people dictate), cues, and the sentence encoder's vector beside them."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from config.yaml_text import read_yaml
from understanding.spelling import folded, mended

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
_CUES = Path(__file__).resolve().parent / "cues.yml"
READ = 240  # characters classified: the start of a long message tells its matter


class Encoder(Protocol):
    """A sentence encoder; None when it cannot encode now."""

    def encode(self, text: str) -> Any: ...


@cache
def cues() -> dict[str, re.Pattern[str]]:
    """The cues of cues.yml by name."""
    return {name: re.compile(words) for name, words in read_yaml(_CUES.read_text(encoding="utf-8")).items()}


def cue_hits(text: str) -> Floats:
    """Shape (number of cues,): 1 where the cue is heard."""
    heard = mended(text)[:READ]
    return np.array([1.0 if cue.search(heard) else 0.0 for cue in cues().values()], dtype=np.float32)


def grams(text: str) -> list[str]:
    """Character 1–3-grams of the folded text between edge marks, and syllable pairs (marked ~)."""
    line = f"^{folded(text)[:READ]}$"
    found = [line[i : i + n] for n in (1, 2, 3) for i in range(len(line) - n + 1)]
    return found + syllable_pairs(line)


@cache
def _syllable(character: str) -> str:
    from pypinyin import lazy_pinyin

    spoken = lazy_pinyin(character)
    return str(spoken[0]) if spoken else character


def syllable_pairs(line: str) -> list[str]:
    """Pairs of neighbouring syllables without tone."""
    spoken = [_syllable(c) for c in line]
    return [f"~{a} {b}" for a, b in pairwise(spoken)]


@dataclass(frozen=True)
class Vector:
    """One message: sparse n-gram part (indices, weights; unit length), cues, encoder's unit vector or None."""

    indices: Ints
    weights: Floats
    cues: Floats
    meaning: Floats | None


def meaning_of(text: str, encoder: Encoder | None) -> Floats | None:
    """The encoder's unit vector of a message, shape (512,); None without an encoder or when it cannot encode now."""
    vector = encoder.encode(mended(text)[:READ]) if encoder is not None and text else None
    return None if vector is None else np.asarray(vector, dtype=np.float32)


class Featurizer:
    """Vocabulary and rarity of the n-grams, learnt from the training sentences."""

    def __init__(self, vocabulary: list[str], rarity: Floats) -> None:
        self.vocabulary = vocabulary
        self.rarity = rarity
        self._place = {gram: at for at, gram in enumerate(vocabulary)}

    @classmethod
    def learn(cls, texts: list[str], least: int = 1) -> "Featurizer":
        """From the training texts; n-grams in fewer than `least` texts are left out."""
        counts: dict[str, int] = {}
        for text in texts:
            for gram in set(grams(text)):
                counts[gram] = counts.get(gram, 0) + 1
        kept = sorted(gram for gram, count in counts.items() if count >= least)
        rarity = np.log((1 + len(texts)) / (1 + np.array([counts[gram] for gram in kept], dtype=np.float64))) + 1
        return cls(kept, rarity.astype(np.float32))

    def vector(self, text: str, meaning: Floats | None = None) -> Vector:
        """The features of one cleaned message."""
        counts: dict[int, int] = {}
        for gram in grams(text):
            at = self._place.get(gram)
            if at is not None:
                counts[at] = counts.get(at, 0) + 1
        indices = np.fromiter(counts, dtype=np.int64, count=len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.rarity[indices]
        length = float(np.linalg.norm(weights)) or 1.0
        return Vector(indices, (weights / length).astype(np.float32), cue_hits(text), meaning)
