"""What is kept of one imported plan for finding: one file per plan, read by memory map, so that ten thousand plans cost no memory.

Rows are whole bytes (unit vectors × 127). Grams are numbers made of code points, not columns of the library's vocabulary, so that words
no earlier plan had are found too.
"""

import json
import mmap
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from knowledge.ngrams import Vocabulary, folded

Arrays = dict[str, NDArray[np.generic]]
_RUN = re.compile(r"\d+(?:\.\d+)?%?|[a-z]+")
_WORD = re.compile(r"[\w%]")
_PLANE, _SHIFT = 0xF0000, 21
_K1, _B = 1.2, 0.6


def _one_sign(text: str) -> str:
    """The text with each number and each Latin word as one sign."""
    return _RUN.sub(lambda run: chr(_PLANE + crc32(run[0].encode()) % 0xFFF0) if len(run[0]) > 1 else run[0], folded(text))


def gram_keys(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The grams of some texts (signs and pairs of signs) as numbers, and the place of the text each is in; with repetitions."""
    joined = "\n".join(_one_sign(t.replace("\n", " ")) for t in texts)
    codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    if not len(codes):
        return codes, codes
    known = np.unique(codes)
    word = known[[bool(c >= _PLANE or _WORD.match(chr(c))) for c in known]]
    is_word = np.isin(codes, word)
    row = np.cumsum(codes == ord("\n"))
    pairs = is_word[:-1] & is_word[1:]
    keys = np.concatenate([codes[is_word], (codes[:-1][pairs] << _SHIFT) | codes[1:][pairs]])
    return keys, np.concatenate([row[is_word], row[:-1][pairs]])


def _key(signs: str) -> int:
    """The number of a gram of one or two signs; -1 for anything else."""
    return (ord(signs[0]) << _SHIFT) | ord(signs[1]) if len(signs) == 2 else ord(signs) if len(signs) == 1 else -1


class Rarity:
    """The inverse document frequency of grams by their number; one the library's vocabulary lacks counts as unseen."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        signs = [_one_sign(gram) for gram in vocabulary.column]
        keys = np.array([_key(s) for s in signs], dtype=np.int64)
        order = np.argsort(keys, kind="stable")
        self._keys, self._idf = keys[order], vocabulary.idf[order]
        self.unseen = vocabulary.unseen

    def of(self, keys: NDArray[np.int64]) -> NDArray[np.float32]:
        """One value per gram."""
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._idf[at], np.float32(self.unseen)).astype(np.float32)


def postings(texts: Sequence[str], rarity: Rarity) -> Arrays:
    """The BM25 weights of some texts by gram: keys (sorted), starts, places, weights."""
    keys, rows = gram_keys(texts)
    lengths = np.bincount(rows, minlength=len(texts)).astype(np.float32)
    both = (keys.astype(np.uint64) << np.uint64(16)) | (rows.astype(np.uint64) & np.uint64(0xFFFF))
    met, counts = np.unique(both, return_counts=True)
    gram, place = (met >> np.uint64(16)).astype(np.int64), (met & np.uint64(0xFFFF)).astype(np.int64)
    norm = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()) if len(lengths) else 1.0, 1.0))
    weights = rarity.of(gram) * (counts * (_K1 + 1) / (counts + norm[place]))
    distinct, starts = np.unique(gram, return_index=True)
    return {
        "keys": distinct, "starts": np.append(starts, len(gram)).astype(np.int32), "places": place.astype(np.uint16),
        "weights": weights.astype(np.float16),
    }  # fmt: skip


class QueryGrams:
    """The grams of a question with their weights; made once per question."""

    def __init__(self, text: str, rarity: Rarity) -> None:
        self.keys = np.unique(gram_keys([text])[0])
        self.idf = rarity.of(self.keys)
        self._known = self.idf < rarity.unseen

    def shares(self, held: Mapping[str, NDArray[np.generic]], rows: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """For each text of the postings, the share of the question's weight found there: by BM25, and by mere presence."""
        mine, keys = np.asarray(held["keys"], dtype=np.int64), self.keys
        if not len(mine) or not len(keys):
            return np.zeros(rows, dtype=np.float32), np.zeros(rows, dtype=np.float32)
        at = np.minimum(np.searchsorted(mine, keys), len(mine) - 1)
        hit = mine[at] == keys
        total = float(self.idf[self._known | hit].sum()) + 0.5 * float(self.idf[~(self._known | hit)].sum())
        starts = held["starts"].astype(np.int64)
        first, counts = starts[at[hit]], starts[at[hit] + 1] - starts[at[hit]]
        ends = np.cumsum(counts)
        where = np.repeat(first - ends + counts, counts) + np.arange(int(ends[-1]) if len(ends) else 0)
        places = held["places"][where].astype(np.int64)
        told = np.bincount(places, weights=held["weights"][where].astype(np.float32), minlength=rows)
        present = np.bincount(places, weights=np.repeat(self.idf[hit], counts), minlength=rows)
        return (told / max(total, 1e-9)).astype(np.float32), (present / max(total, 1e-9)).astype(np.float32)


def write_segment(file: Path, arrays: Arrays) -> None:
    """Write arrays under a header of names, types and shapes; the file is moved into its place whole."""
    at, header, parts = 0, {}, []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        header[name] = [array.dtype.str, list(array.shape), at]
        at += -(-len(data) // 8) * 8
        parts.append(data + b"\0" * (-len(data) % 8))
    head = json.dumps(header).encode()
    head += b" " * (-(len(head) + 8) % 8)
    part = file.with_suffix(".part")
    part.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(parts))
    part.replace(file)


def read_segment(file: Path) -> Arrays | None:
    """The arrays of a file, mapped and not copied; None when it is not there or torn."""
    try:
        with file.open("rb") as opened:
            held = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
        head = int.from_bytes(held[:8], "little")
        header = json.loads(bytes(held[8 : 8 + head]))
        return {name: _array(held[8 + head :], *what) for name, what in header.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _array(held: memoryview, kind: str, shape: list[int], at: int) -> NDArray[np.generic]:
    count = int(np.prod(shape)) if shape else 1
    return np.frombuffer(held, dtype=np.dtype(kind), count=count, offset=at).reshape(shape)
