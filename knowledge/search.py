"""Searching a shelf: for each provision the features from which its score is made. Nothing here decides whether an answer is given."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder import Encoder, Vectors
from knowledge.index import Asking, Folder, Index, Shelf
from knowledge.ngrams import Scores
from knowledge.read_question import Asked
from knowledge.weights import Weights

FEATURES = ("q_best", "q_three", "answer", "asks", "quote", "g_question", "g_answer", "g_passage", "agree", "year", "unit", "covered")
Table = NDArray[np.float32]


@dataclass(frozen=True)
class Query:
    """A question ready for searching: its row seen through the lens, its known grams and the weight of all its grams."""

    asked: Asked
    seen: Vectors
    columns: NDArray[np.int64]
    total: float
    folder: Folder = field(repr=False)

    @cached_property
    def judged(self) -> tuple[Scores, Scores, Scores]:
        """How close the questions of each provision, and behind them of each gap, are: best, mean of three, best by grams."""
        asking = self.folder.asking
        best, three = best_and_three(asking.seen @ self.seen, asking)
        gram = asking.grams.scores(self.columns, self.total)
        return best, three, np.append(gram, np.float32(0.0))[asking.places].max(axis=1)


def prepare(asked: Asked, index: Index, encoder: Encoder | None) -> Query:
    """Encode a question once for all shelves."""
    columns, total = index.vocabulary.weigh(asked.text)
    vector = encoder.encode(asked.text)[None, :] if encoder else None
    return Query(asked, index.lens.see([asked.text], vector, "question")[0], columns, total, index.folder)


def best_and_three(values: Scores, asking: Asking) -> tuple[Scores, Scores]:
    """The best value among each entry's questions, and the mean of its three best."""
    table = np.append(values, np.float32(-1.0))[asking.places]
    top = np.partition(table, -3, axis=1)[:, -3:] if table.shape[1] > 3 else table
    return top.max(axis=1), np.asarray(np.maximum(top, 0).sum(axis=1) / 3, dtype=np.float32)


def _year_agreement(asked: Asked, folder: Folder) -> Scores:
    """1 where a provision is of the year asked, 0.5 where its quotation names it, -1 where it is of another, 0 otherwise."""
    out = np.zeros(len(folder.provisions), dtype=np.float32)
    for i, p in enumerate(folder.provisions if asked.years else ()):
        if p.year is not None:
            out[i] = 1.0 if p.year in asked.years else -1.0
        elif any(f"{y}年" in p.quote for y in asked.years):
            out[i] = 0.5
    return out


def _unit_agreement(asked: Asked, folder: Folder) -> Scores:
    """1 where a provision gives what is asked for by its unit (money, days, a share), -1 where not, 0 when nothing is asked so."""
    if not asked.units:
        return np.zeros(len(folder.provisions), dtype=np.float32)
    wanted = frozenset(asked.units)
    return np.array([1.0 if wanted <= given else -1.0 for given in folder.units], dtype=np.float32)


def features(query: Query, weights: Weights) -> Table:
    """The features of every provision of the folder, shape (provisions, len(FEATURES)); a shelf's are the rows it names."""
    folder, count = query.folder, len(query.folder.provisions)
    best, three, gram = (part[:count] for part in query.judged)
    fits = np.array([weights.agreement(query.asked.types, kind) for kind in folder.kinds], dtype=np.float32)
    columns = (
        best, three, folder.answers @ query.seen, folder.asks @ query.seen, folder.quotes @ query.seen, gram,
        folder.answer_grams.scores(query.columns, query.total), folder.passage_grams.scores(query.columns, query.total),
        fits[folder.kind_of], _year_agreement(query.asked, folder), _unit_agreement(query.asked, folder),
        folder.word_grams.scores(query.columns, query.total),
    )  # fmt: skip
    return np.column_stack(columns).astype(np.float32)


def cosines_of_sentences(query: Query, shelf: Shelf) -> Scores:
    """How close each sentence of a plan is to the question: the lens' cosine and the grams' share, half and half."""
    seen = np.asarray(shelf.sentence_rows @ query.seen, dtype=np.float32)
    return 0.5 * seen + 0.5 * shelf.sentence_grams.scores(query.columns, query.total)
