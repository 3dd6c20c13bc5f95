"""The shelf of one imported plan: the features of its provisions for a question, from what its segment keeps.

Nobody wrote lay questions for an imported plan. Where its wording is that of a provision of the folder's plans (plans copy one another,
and a new version copies the old), it is found by that provision's lay questions as well; the answer is always its own text.
"""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder import Encoder
from knowledge.imported_weights import ImportedWeights
from knowledge.index import Index
from knowledge.ngrams import Scores
from knowledge.plan import Plan
from knowledge.provisions import Provision
from knowledge.read_question import UNIT_NAMES, Asked, units_given
from knowledge.search import FEATURES, Query, Table
from knowledge.segment import Arrays, QueryGrams, Rarity, gram_keys, postings
from knowledge.texts import passage_text
from knowledge.weights import Linear, Weights

KINDS = (
    "number", "deadline", "frequency", "target", "list", "responsible", "procedure", "term", "duty", "right", "prohibition",
    "consequence", "support",
)  # fmt: skip
_ROWS_KEPT, _ALIKE, _DIGITS = 20_000, 0.55, re.compile(r"\d+(?:\.\d+)?")
_ASKED_KEPT = 64


@dataclass(frozen=True)
class _Judged:
    """What a question is worth against the folder's lay questions: best, mean of three and grams, for each of their provisions."""

    best: Scores
    three: Scores
    gram: Scores
    grams: QueryGrams


class Kin:
    """The folder's provisions as imported plans borrow from them: their lay questions, and whose wording is alike."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.rarity = Rarity(index.vocabulary)
        self.provisions = list(index.folder.provisions)
        self.place = {p.key: i for i, p in enumerate(self.provisions)}
        self._forms = np.array([hash(p.property_form) if p.property_form else 0 for p in self.provisions])
        self._quotes = _bags([_plain(p.quote) for p in self.provisions])
        self._answers = _bags([_plain("".join((*p.asks, p.answer))) for p in self.provisions])
        self._asked: OrderedDict[str, _Judged] = OrderedDict()

    def pairs(self, provisions: Sequence[Provision]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Which of some provisions (by place) say what which of the folder's say: each of the folder's goes to the one most alike."""
        if not provisions or not self.provisions:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        alike = _jaccard(_bags([_plain(p.quote) for p in provisions]), self._quotes)
        told = _jaccard(_bags([_plain("".join((*p.asks, p.answer))) for p in provisions]), self._answers)
        forms = np.array([hash(p.property_form) if p.property_form else 0 for p in provisions])[:, None]
        alike = np.where((forms == 0) | (forms == self._forms), alike, 0.0)
        mine = np.argmax(alike + told * (alike >= _ALIKE), axis=0)
        good = alike[mine, np.arange(len(mine))] >= _ALIKE
        return mine[good].astype(np.int32), np.flatnonzero(good).astype(np.int32)

    def judged(self, query: Query) -> _Judged:
        """The question against all lay questions, made once per question."""
        key = query.asked.text
        if (known := self._asked.get(key)) is None:
            best, three, gram = (part[: len(self.provisions)] for part in query.judged)
            known = self._asked[key] = _Judged(best, three, gram, QueryGrams(key, self.rarity))
            while len(self._asked) > _ASKED_KEPT:
                self._asked.popitem(last=False)
        return known


def _plain(text: str) -> str:
    return _DIGITS.sub("", text)


Bags = tuple[NDArray[np.int64], NDArray[np.int64], int]


def _bags(texts: Sequence[str]) -> Bags:
    """The distinct pairs of signs of some texts, as (gram, text) pairs."""
    keys, rows = gram_keys(texts)
    wide = keys >= 1 << 21
    both = np.unique(np.stack([keys[wide], rows[wide]]), axis=1) if wide.any() else np.zeros((2, 0), dtype=np.int64)
    return both[0], both[1], len(texts)


def _jaccard(one: Bags, other: Bags) -> NDArray[np.float32]:
    """How much of their grams texts share, shape (texts of one, texts of other)."""
    from scipy import sparse

    names = np.unique(np.concatenate([one[0], other[0]]))
    tables = [
        sparse.csr_matrix((np.ones(len(keys), np.float32), (rows, np.searchsorted(names, keys))), shape=(count, len(names)))
        for keys, rows, count in (one, other)
    ]
    shared = (tables[0] @ tables[1].T).toarray()
    sizes = [np.asarray(t.sum(axis=1)).ravel() for t in tables]
    return np.asarray(shared / np.maximum(sizes[0][:, None] + sizes[1][None, :] - shared, 1.0), dtype=np.float32)


class Rows:
    """Rows of texts seen through the lens, in whole bytes. Numbers and the plan's own places are left out of what is seen, so that the
    same wording of many counties is encoded once."""

    def __init__(self, index: Index, encoder: Encoder | None) -> None:
        self._index, self._encoder = index, encoder
        self._kept: OrderedDict[tuple[str, str], NDArray[np.int8]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str], role: str, places: Sequence[str]) -> NDArray[np.int8]:
        """One row per text, shape (n, width)."""
        with self._lock:
            return self._of(texts, role, places)

    def _of(self, texts: Sequence[str], role: str, places: Sequence[str]) -> NDArray[np.int8]:
        said = [seen_as(t, places) for t in texts]
        missing = list(dict.fromkeys(t for t in said if (role, t) not in self._kept))
        if missing:
            vectors = np.stack([self._encoder.encode(t) for t in missing]) if self._encoder else None
            seen = np.rint(self._index.lens.see(missing, vectors, role) * 127).astype(np.int8)
            self._kept |= {(role, t): row for t, row in zip(missing, seen, strict=True)}
        rows = np.stack([self._kept[role, t] for t in said]) if said else np.zeros((0, self._index.lens.matrix.shape[1]), np.int8)
        while len(self._kept) > _ROWS_KEPT:
            self._kept.popitem(last=False)
        return rows


def seen_as(text: str, places: Sequence[str]) -> str:
    """The text without the names of its places, and with 几 for each number."""
    for place in places:
        text = text.replace(place, "")
    return _DIGITS.sub("几", text)


def make_segment(plan: Plan, provisions: Sequence[Provision], kin: Kin, rows: Rows, places: Sequence[str]) -> Arrays:
    """What is kept of a plan for finding."""
    said = [json.dumps(p.model_dump(mode="json", exclude={"plan"}), ensure_ascii=False).encode() for p in provisions]
    mine, theirs = kin.pairs(provisions)
    headings = [f"{'、'.join(p.asks)}：{p.answer}" for p in provisions]
    quotes = [f"{plan.heading(p.clause)}：{seen_as(p.quote, places)[-120:]}" for p in provisions]
    units = np.array([[u in units_given(p.answer) for u in UNIT_NAMES] for p in provisions], dtype=np.bool_)
    return {
        "answers": rows.of(headings, "answer", places), "quotes": rows.of(quotes, "quote", places),
        **postings([passage_text(plan, p) for p in provisions], kin.rarity),
        "kinds": np.array([KINDS.index(p.kind) for p in provisions], dtype=np.uint8),
        "years": np.array([p.year or 0 for p in provisions], dtype=np.int16), "units": units,
        "kin_mine": mine, "kin_theirs": theirs, "twins": np.array([kin.place.get(p.twin or "", -1) for p in provisions], dtype=np.int32),
        "at": np.cumsum([0, *map(len, said)]).astype(np.int32), "said": np.frombuffer(b"".join(said), dtype=np.uint8),
    }  # fmt: skip


class KeptProvisions(Sequence[Provision]):
    """The provisions of a segment, each read when it is asked for."""

    def __init__(self, plan: str, arrays: Arrays) -> None:
        self._plan, self._at, self._said = plan, arrays["at"], arrays["said"]

    def __len__(self) -> int:
        return len(self._at) - 1

    @overload
    def __getitem__(self, place: int) -> Provision: ...
    @overload
    def __getitem__(self, place: slice) -> list[Provision]: ...
    def __getitem__(self, place: int | slice) -> Provision | list[Provision]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        return Provision(plan=self._plan, **json.loads(self._said[int(self._at[place]) : int(self._at[place + 1])].tobytes()))

    def __iter__(self) -> Iterator[Provision]:
        return (self[i] for i in range(len(self)))


class ImportedShelf:
    """One imported plan as the finder sees it."""

    def __init__(self, plan: str, arrays: Arrays, kin: Kin, weights: ImportedWeights, *, with_encoder: bool) -> None:
        self.plan = plan
        self.judgement = weights.encoder if with_encoder else weights.grams
        self.provisions = KeptProvisions(plan, arrays)
        self._arrays, self._kin = arrays, kin
        self.carried = np.flatnonzero(arrays["twins"].astype(np.int64) >= 0)

    def features(self, query: Query, weights: Weights, folder: Table) -> Table:
        """The features of every provision, shape (provisions, len(FEATURES)); of one carried over, those of its twin in `folder`."""
        held, count = self._arrays, len(self.provisions)
        judged = self._kin.judged(query)
        answers, quotes = (_cosines(held[name], query) for name in ("answers", "quotes"))
        best, three, gram = np.maximum(answers, quotes) * 0.8, (answers + quotes) * 0.4, np.zeros(count, np.float32)
        mine, theirs = held["kin_mine"].astype(np.int64), held["kin_theirs"].astype(np.int64)
        for own, borrowed in ((best, judged.best), (three, judged.three), (gram, judged.gram)):
            np.maximum.at(own, mine, borrowed[theirs])
        told, present = judged.grams.shares(held, count)
        agreement = np.array([weights.agreement(query.asked.types, kind) for kind in KINDS], dtype=np.float32)
        fits = agreement[held["kinds"].astype(np.int64)]
        years, units = self._years(query.asked), self._units(query.asked)
        columns = (best, three, answers, answers, quotes, gram, told, told, fits, years, units, present)
        assert len(columns) == len(FEATURES)
        table = np.column_stack(columns).astype(np.float32)
        table[self.carried] = folder[held["twins"][self.carried].astype(np.int64)]
        return table

    def scores(self, table: Table, folder: Linear) -> Scores:
        """How likely each provision is the one asked for (log-odds as in the folder); one carried over is weighed as the folder's are."""
        judged = self.judgement
        found = judged.scale * judged.rank.scores(FEATURES, table)
        found[self.carried] = folder.scores(FEATURES, table[self.carried])
        return np.asarray(found, dtype=np.float32)

    def _years(self, asked: Asked) -> Scores:
        """1 where a provision is of the year asked, -1 where it is of another, 0 otherwise."""
        years = self._arrays["years"].astype(np.int64)
        if not asked.years:
            return np.zeros(len(years), dtype=np.float32)
        return np.where(years == 0, 0.0, np.where(np.isin(years, asked.years), 1.0, -1.0)).astype(np.float32)

    def _units(self, asked: Asked) -> Scores:
        wanted = [i for i, name in enumerate(UNIT_NAMES) if name in asked.units]
        if not wanted:
            return np.zeros(len(self.provisions), dtype=np.float32)
        return np.where(self._arrays["units"][:, wanted].all(axis=1), 1.0, -1.0).astype(np.float32)


def _cosines(rows: NDArray[np.generic], query: Query) -> Scores:
    return np.asarray(rows.astype(np.float32) @ query.seen / 127, dtype=np.float32)
