"""Which provisions may answer a question: every provision of the plans allowed, scored, with those of another form or year left out."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np

from knowledge.encoder import Encoder
from knowledge.finding import Question
from knowledge.index import Index
from knowledge.provisions import Provision
from knowledge.read_question import Asked
from knowledge.search import FEATURES, Query, Table, features, prepare
from knowledge.weights import Weights

_OF_OLD = re.compile(r"当年|以前|那时|(?<!得)过去|早先|旧文件|老文件|提升年|之前那|上一轮|三年前|原来那")
_ENDED_PENALTY, _GENERAL_PENALTY, _FORMER = 0.4, 0.1, 6.0
_WORDS = FEATURES.index("g_passage")
_KEPT, _OLD_BEFORE = 24, 2022


@dataclass(frozen=True)
class Candidate:
    """A provision with its score (log-odds of the ranking) and the features it came from."""

    provision: Provision
    score: float
    row: Table


@dataclass(frozen=True)
class Field:
    """All that was found for a question in some plans: candidates best first, and how close the nearest known gap is."""

    asked: Asked
    query: Query
    candidates: tuple[Candidate, ...]
    gap: tuple[float, float, int]  # best similarity, mean of three, which gap (-1: none)
    away: tuple[float, float] = (-9.0, 0.0)  # score and shared words of the best in plans only compared with (of other regions)


def forms_wanted(asked: Asked, question: Question) -> tuple[str, ...]:
    """The property forms the answer must be of: those the question names, otherwise the asker's own; empty when unknown."""
    if asked.forms:
        return asked.forms
    return (question.property_form,) if question.property_form else ()


def means_old(asked: Asked) -> bool:
    """Whether a question is about what used to be the rule."""
    return bool(_OF_OLD.search(asked.text)) or any(y < _OLD_BEFORE for y in asked.years)


def _fits(p: Provision, asked: Asked, forms: tuple[str, ...]) -> bool:
    wrong_form = bool(forms) and p.property_form is not None and p.property_form not in forms
    wrong_year = bool(asked.years) and p.year is not None and p.year not in asked.years
    return not wrong_form and not wrong_year


class Finder:
    """Scores provisions for questions over one index."""

    def __init__(self, index: Index, encoder: Encoder | None, weights: Weights) -> None:
        self.index, self.encoder, self.weights = index, encoder, weights
        self.rank = weights.rank if encoder else weights.rank_grams

    def find(
        self, asked: Asked, plans: tuple[str, ...], forms: tuple[str, ...] = (), day: date | None = None, others: tuple[str, ...] = ()
    ) -> Field:  # fmt: skip
        """The candidates of some plans (special before general), best first; `others` are plans only compared with."""
        query = prepare(asked, self.index, self.encoder)
        table = features(query, self.weights)
        found: list[Candidate] = []
        for place, plan in enumerate(p for p in plans if not self._is_past(asked, p, day)):
            found += self.of_plan(query, plan, table, forms, self._penalty(asked, plan, place, day))
        found.sort(key=lambda c: -c.score)
        best = [c for plan in others for c in self.of_plan(query, plan, table, most=1)]
        away = max(((c.score, float(c.row[_WORDS])) for c in best), default=(-9.0, 0.0))
        return Field(asked, query, tuple(found[:_KEPT]), self.gap_without(query), away)

    def of_plan(  # noqa: PLR0913 - which plan, what is known of it, what must fit, how many
        self, query: Query, plan: str, table: Table, forms: tuple[str, ...] = (), penalty: float = 0.0, most: int = _KEPT
    ) -> list[Candidate]:  # fmt: skip
        """The candidates of one plan, best first. `table`: the features of the folder's provisions."""
        imported = self.index.imported.get(plan)
        shelf = imported or self.index.shelves[plan]
        if not len(shelf.provisions):
            return []
        mine = imported.features(query, self.weights, table) if imported else table[self.index.shelves[plan].rows]
        scores = (imported.scores(mine, self.rank) if imported else self.rank.scores(FEATURES, mine)) - penalty
        fitting = list(islice((i for i in np.argsort(-scores) if _fits(shelf.provisions[i], query.asked, forms)), most))
        return [Candidate(shelf.provisions[i], float(scores[i]), mine[i]) for i in fitting]

    def _is_past(self, asked: Asked, plan: str, day: date | None) -> bool:
        """Whether another plan has taken a plan's place and the question does not mean the time before."""
        identity = self.index.library.identity(plan)
        replaced = identity.is_replaced_on(day) and identity.ends is not None
        return replaced and not asked.former and not any(y < identity.ends.year for y in asked.years if identity.ends)

    def _penalty(self, asked: Asked, plan: str, place: int, day: date | None) -> float:
        """What an ended plan, and a more general one, must be better by; nothing when the question means that plan's time."""
        identity = self.index.library.identity(plan)
        penalty = _GENERAL_PENALTY * place - (_FORMER if identity.is_replaced_on(day) else 0.0)
        if identity.standing_on(day) == "ended" and not means_old(asked):
            spans = identity.starts.year if identity.starts else 0, identity.ends.year if identity.ends else 0
            penalty += 0.0 if any(spans[0] <= y <= spans[1] for y in asked.years) else _ENDED_PENALTY
        return penalty

    def gap_without(self, query: Query, left_out: int = -1) -> tuple[float, float, int]:
        """The nearest known gap, but for the one `left_out`: what a question no gap was written for would find (for fitting)."""
        count = len(self.index.folder.provisions)
        best, three = (part[count:] for part in query.judged[:2])
        if not len(best):
            return 0.0, 0.0, -1
        if left_out >= 0:
            best, three = best.copy(), three.copy()
            best[left_out] = three[left_out] = -1.0
        at = int(np.argmax(best + three))
        return float(best[at]), float(three[at]), at
