"""Which procedure a person means: hand-written phrases compared by character n-grams, and words that decide."""

import math
import re
from collections import Counter

from committee.procedure_file import ProcedureFile

ENOUGH = 0.30  # from here on the best one is meant
LIKELY, CLEARLY = 0.18, 0.08  # also a weaker one that stands so far before the next
WORD_GAIN = 0.22
WORD_GAIN_MOST = 0.44
NOT_WORD_LOSS = 0.25
# Every procedure speaks of these, so alone they say nothing about which one is meant.
_NOISE = re.compile(r"[\s，。？！、；：“”（）?!,.]+|请问|我们|小区|怎么办|怎么|什么|一下|你好|需要|想")


def grams(text: str) -> Counter[str]:
    """Characters, pairs and triples of the telling part of a sentence."""
    told = _NOISE.sub("", text.lower())
    return Counter(told[i : i + n] for n in (1, 2, 3) for i in range(len(told) - n + 1))


class Matcher:
    """Built once from the procedures' phrases; `score` gives every procedure's likeness to a sentence, 0..1 and a little more."""

    def __init__(self, procedures: list[ProcedureFile]) -> None:
        said = [(p.id, grams(text)) for p in procedures for text in (p.title, *p.phrases)]
        seen = Counter(gram for _, found in said for gram in found)
        self._rarity = {gram: math.log(1 + len(said) / count) for gram, count in seen.items()}
        self._unseen = math.log(1 + len(said))
        self._owners = [procedure for procedure, _ in said]
        self._holding: dict[str, list[tuple[int, float]]] = {}  # by gram: the phrases that hold it, with its weight there
        for number, (_, found) in enumerate(said):
            for gram, weight in self._weigh(found).items():
                self._holding.setdefault(gram, []).append((number, weight))
        self._words = {p.id: [re.compile(word) for word in p.words] for p in procedures}
        self._not_words = {p.id: [re.compile(word) for word in p.not_words] for p in procedures}

    def _weigh(self, found: Counter[str]) -> dict[str, float]:
        weights = {gram: (1 + math.log(count)) * self._rarity.get(gram, self._unseen) for gram, count in found.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {gram: weight / length for gram, weight in weights.items()}

    def score(self, text: str) -> dict[str, float]:
        """The score of each procedure for this sentence."""
        asked = self._weigh(grams(text))
        best: dict[str, float] = dict.fromkeys(self._words, 0.0)
        likeness = [0.0] * len(self._owners)
        for gram, weight in asked.items():
            for number, held in self._holding.get(gram, ()):
                likeness[number] += weight * held
        for procedure, alike in zip(self._owners, likeness, strict=True):
            best[procedure] = max(best[procedure], alike)
        for procedure in best:
            hits = sum(bool(word.search(text)) for word in self._words[procedure])
            misses = sum(bool(word.search(text)) for word in self._not_words[procedure])
            best[procedure] += min(WORD_GAIN * hits, WORD_GAIN_MOST) - NOT_WORD_LOSS * misses
        return best


def is_meant(best: float, second: float) -> bool:
    """Whether the best score, seen beside the next one, says which procedure is meant."""
    return best >= ENOUGH or (best >= LIKELY and best - second >= CLEARLY)
