"""Character n-grams as TF-IDF: the features that work without any model file."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

START, END = "\u0002", "\u0003"
DIGITS = re.compile(r"\d+")


def ngrams(text: str, longest: int) -> list[str]:
    """All runs of 1…`longest` characters of the lower-cased text, its edges marked, each number written as one 0 per digit (at most 4)."""
    marked = START + DIGITS.sub(lambda m: "0" * min(len(m[0]), 4), text.lower()) + END
    return [marked[i : i + n] for n in range(1, longest + 1) for i in range(len(marked) - n + 1)]


class CharacterNgrams:
    """A fitted vocabulary with its inverse document frequencies. Rows are of length 1 (L2), sublinear in the count."""

    def __init__(self, vocabulary: dict[str, int], idf: np.ndarray, longest: int) -> None:
        self.vocabulary, self.idf, self.longest = vocabulary, idf.astype(np.float32), longest

    @classmethod
    def fit(cls, texts: Sequence[str], longest: int = 3, at_least: int = 2) -> "CharacterNgrams":
        """Keeps n-grams that stand in `at_least` of the texts (at least 1)."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(ngrams(text, longest)))
        kept = sorted(gram for gram, count in counts.items() if count >= at_least)
        idf = np.log((1 + len(texts)) / (1 + np.array([counts[gram] for gram in kept], dtype=np.float64))) + 1
        return cls({gram: i for i, gram in enumerate(kept)}, idf, longest)

    def row(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Indices and weights of one text, both of the same length, perhaps empty."""
        counts = Counter(i for i in map(self.vocabulary.get, ngrams(text, self.longest)) if i is not None)
        indices = np.fromiter(counts.keys(), dtype=np.int32, count=len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[indices]
        length = float(np.sqrt((weights**2).sum()))
        return indices, weights / length if length else weights

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """One row per text, shape (texts, vocabulary)."""
        found = [self.row(text) for text in texts]
        pointers = np.cumsum([0, *(len(indices) for indices, _ in found)])
        indices = np.concatenate([i for i, _ in found]) if found else np.zeros(0, np.int32)
        weights = np.concatenate([w for _, w in found]) if found else np.zeros(0, np.float32)
        return csr_matrix((weights, indices, pointers), shape=(len(texts), len(self.vocabulary)), dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Writes characters.json and characters.npz."""
        document = {"longest": self.longest, "vocabulary": list(self.vocabulary)}
        (folder / "characters.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        np.savez(folder / "characters.npz", idf=self.idf)

    @classmethod
    def load(cls, folder: Path) -> "CharacterNgrams":
        """Reads what `save` wrote; raises OSError, KeyError or ValueError when it is missing or damaged."""
        document = json.loads((folder / "characters.json").read_text(encoding="utf-8"))
        with np.load(folder / "characters.npz", allow_pickle=False) as arrays:
            idf = arrays["idf"]
        if len(idf) != len(document["vocabulary"]):
            raise ValueError("characters.json and characters.npz do not belong together")
        return cls({gram: i for i, gram in enumerate(document["vocabulary"])}, idf, document["longest"])
