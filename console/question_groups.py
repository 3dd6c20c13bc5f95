"""Unanswered questions that mean the same, put together: the newest leads, later ones join the first leader they are near to."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder import Encoder
from knowledge.ngrams import grams

MOST_COMPARED = 400  # distinct texts grouped by meaning, the newest; older ones stay groups of the same words
NEAR, NEAR_BY_GRAMS = 0.8, 0.6  # cosines; a group is only offered together, an operator looks at every question in it


@dataclass
class QuestionGroup:
    """One question asked by several people, perhaps in several wordings (`texts`, newest first); `ids` are its rows, newest first."""

    text: str
    texts: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    regions: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    last_asked: datetime | None = None

    @property
    def count(self) -> int:
        """How often it was asked."""
        return len(self.ids)

    def take_in(self, other: "QuestionGroup") -> None:
        """Count another group's questions as this one's."""
        self.texts += other.texts
        self.ids += other.ids
        for mine, theirs in ((self.regions, other.regions), (self.reasons, other.reasons)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        self.last_asked = max((one for one in (self.last_asked, other.last_asked) if one is not None), default=None)


def same_text(question: str) -> str:
    """The form in which two questions count as the same: width, case, blanks and punctuation aside."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", question).lower()) or question.strip()


def by_meaning(groups: Sequence[QuestionGroup], encoder: Encoder | None) -> list[QuestionGroup]:
    """Groups of the same words, newest first, put together by meaning (leader clustering); the first of each is its leader."""
    compared, older = groups[:MOST_COMPARED], groups[MOST_COMPARED:]
    if not compared:
        return list(older)
    texts = [g.text for g in compared]
    rows = np.stack([encoder.encode(t) for t in texts]) if encoder else _gram_rows(texts)
    near, leaders = NEAR if encoder else NEAR_BY_GRAMS, list[int]()
    for i, group in enumerate(compared):
        likeness = rows[leaders] @ rows[i] if leaders else np.zeros(0)
        if len(likeness) and likeness.max() >= near:
            compared[leaders[int(likeness.argmax())]].take_in(group)
        else:
            leaders.append(i)
    return [*(compared[i] for i in leaders), *older]


def _gram_rows(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit rows over the pairs of characters of the texts, shape (texts, distinct pairs)."""
    held = [{g for g in grams(t) if len(g) > 1} for t in texts]
    column = {g: i for i, g in enumerate(sorted(set().union(*held)))}
    rows = np.zeros((len(texts), max(len(column), 1)), dtype=np.float32)
    for row, own in zip(rows, held, strict=True):
        row[[column[g] for g in own]] = 1 / max(np.sqrt(len(own)), 1)
    return rows
