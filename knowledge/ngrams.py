"""BM25 over characters and pairs of characters (measured: better than words on these texts), as one sparse product."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
_K1, _B, _UNKNOWN_SHARE = 1.2, 0.6, 0.5
_KEPT = re.compile(r"[\w%]+")
_UNIT = re.compile(r"\d+(?:\.\d+)?%?|[a-z]+|.")


def folded(text: str) -> str:
    """Text as it is compared: full width and case folded."""
    return unicodedata.normalize("NFKC", text).lower()


def grams(text: str) -> list[str]:
    """Characters and pairs of neighbouring characters; numbers and Latin words stay whole, punctuation parts runs."""
    found: list[str] = []
    for run in _KEPT.findall(folded(text)):
        units = _UNIT.findall(run)
        found += units
        found += [a + b for a, b in pairwise(units)]
    return found


class Vocabulary:
    """The grams of the whole library with their inverse document frequency, shared by every part of the index.

    The first `shared` columns are the grams that more than one text has; `texts` is how many texts were counted."""

    def __init__(self, column: dict[str, int], idf: Scores, shared: int, texts: int) -> None:
        self.column, self.idf, self.shared, self.texts = column, idf, shared, texts
        self.unseen = float(np.log(1 + (texts + 0.5) / 0.5))

    @classmethod
    def of(cls, documents: Iterable[Iterable[str]]) -> "Vocabulary":
        """The vocabulary of some texts, given as their grams."""
        frequency: Counter[str] = Counter()
        count = 0
        for document in documents:
            frequency.update(set(document))
            count += 1
        ordered = sorted(frequency.items(), key=lambda item: (-item[1], item[0]))
        df = np.array([n for _, n in ordered], dtype=np.float64)
        idf = np.log(1 + (count - df + 0.5) / (df + 0.5)).astype(np.float32)
        return cls({gram: i for i, (gram, _) in enumerate(ordered)}, idf, int((df > 1).sum()), count)

    def weigh(self, text: str) -> tuple[NDArray[np.int64], float]:
        """The columns of a query's known grams, and the sum of weights of all its grams (for scores from 0 to about 1)."""
        wanted = set(grams(text))
        columns = np.array(sorted(self.column[g] for g in wanted if g in self.column), dtype=np.int64)
        unknown = len(wanted) - len(columns)
        return columns, float(self.idf[columns].sum()) + _UNKNOWN_SHARE * self.unseen * unknown


class GramMatrix:
    """The BM25 weights of some texts by gram (compressed columns); `scores` gives the share of a query's weight found in each text."""

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """`arrays`: starts (columns + 1), places and weights (one per gram in a text), rows (how many texts, one number)."""
        self._starts = arrays["starts"].astype(np.int64)
        self._places = arrays["places"].astype(np.int64)
        self._weights = arrays["weights"].astype(np.float32)
        self.rows = int(arrays["rows"].reshape(-1)[0])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What the constructor takes, compactly."""
        return {
            "starts": self._starts.astype(np.int32), "places": self._places.astype(np.int32),
            "weights": self._weights.astype(np.float16), "rows": np.array([self.rows]),
        }  # fmt: skip

    @classmethod
    def of(cls, vocabulary: Vocabulary, texts: Sequence[str], *, counted: bool = True) -> "GramMatrix":
        """The matrix of some texts; not `counted`, a gram weighs the same however often and in however long a text it stands."""
        bags = [Counter(grams(t)) for t in texts]
        lengths = np.array([bag.total() for bag in bags], dtype=np.float32)
        mean = max(float(lengths.mean()), 1.0) if len(texts) else 1.0
        rows: list[int] = []
        columns: list[int] = []
        weights: list[float] = []
        for row, bag in enumerate(bags):
            norm = _K1 * (1 - _B + _B * float(lengths[row]) / mean)
            for gram, n in bag.items():
                if (column := vocabulary.column.get(gram)) is not None:
                    rows.append(row)
                    columns.append(column)
                    weights.append(float(vocabulary.idf[column]) * (n * (_K1 + 1) / (n + norm) if counted else 1.0))
        order = np.argsort(np.array(columns, dtype=np.int64), kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(np.array(columns, dtype=np.int64), minlength=len(vocabulary.column)))])
        return cls({
            "starts": starts, "places": np.array(rows, dtype=np.int64)[order], "weights": np.array(weights, dtype=np.float32)[order],
            "rows": np.array([len(texts)]),
        })  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence["GramMatrix"]) -> "GramMatrix":
        """Some matrices over the same vocabulary one below the other: each text keeps the weights it had."""
        firsts = np.cumsum([0, *(part.rows for part in parts)])
        columns = np.concatenate([np.repeat(np.arange(len(part._starts) - 1), np.diff(part._starts)) for part in parts])
        places = np.concatenate([part._places + first for part, first in zip(parts, firsts[:-1], strict=True)])
        order = np.argsort(columns, kind="stable")
        return cls({
            "starts": np.sum([part._starts for part in parts], axis=0), "places": places[order],
            "weights": np.concatenate([part._weights for part in parts])[order], "rows": firsts[-1:],
        })  # fmt: skip

    def scores(self, columns: NDArray[np.int64], total: float) -> Scores:
        """One score per text, shape (rows,)."""
        if not self.rows or total <= 0 or not len(columns):
            return np.zeros(self.rows, dtype=np.float32)
        starts, lengths = self._starts[columns], self._starts[columns + 1] - self._starts[columns]
        ends = np.cumsum(lengths)
        places = np.repeat(starts - ends + lengths, lengths) + np.arange(int(ends[-1]))
        found = np.bincount(self._places[places], weights=self._weights[places], minlength=self.rows)
        return np.asarray(found / total, dtype=np.float32)
