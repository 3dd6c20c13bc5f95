"""Which reviewed answer a resident's question gets: the one whose question means the same, in his region, by a cautious measure.

Near is near by the lens (as lay questions are) and by the encoder itself, since reviewed questions are about matters the lens never
learned. What is near by meaning may still ask something else: the same kinds of fact, years, forms, numbers and the same yes or no are
needed as well.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.cite import cite, state
from knowledge.compose import Composer
from knowledge.encoder import Encoder
from knowledge.finding import Answered, Question, Reviewed
from knowledge.import_identity import COUNTRY
from knowledge.lens import Lens
from knowledge.library import Library
from knowledge.ngrams import grams
from knowledge.numbers import numbers_said, unsupported_numbers
from knowledge.plan import Plan
from knowledge.read_question import Asked, read_question
from knowledge.reviewed import ReviewedAnswer

NEAR, NEAR_BY_GRAMS = 0.8, 0.62  # measured: of 425 development questions 58 come this near a lay question, 54 to the right one
_EITHER = re.compile(
    "能不能|可不可以|是不是|要不要|有没有|该不该|行不行|用不用|算不算|会不会|让不让|管不管|给不给|对不对|好不好"
    "|不(?=[吗呢?？]*$)|没有?(?=[吗呢?？]*$)"
)
_NOT = re.compile("[不没别无未]")


def _denies(text: str) -> bool:
    return bool(_NOT.search(_EITHER.sub("", text)))


def _signature(asked: Asked) -> tuple[object, ...]:
    """What must be the same in two questions for one answer to serve both."""
    return frozenset(asked.years), frozenset(asked.forms), frozenset(numbers_said(asked.text)), _denies(asked.text)


class ReviewedShelf:
    """The reviewed answers in use, ready for questions; made anew when the library's version changes."""

    def __init__(
        self, answers: Sequence[ReviewedAnswer], library: Library, composer: Composer, lens: Lens, encoder: Encoder | None
    ) -> None:  # fmt: skip
        self._library, self._composer, self._lens, self._encoder = library, composer, lens, encoder
        self._pairs = [(read_question(q), a) for a in answers for q in a.questions]
        texts = [asked.text for asked, _ in self._pairs]
        self._grams = [frozenset(grams(t)) for t in texts]
        self._vectors = np.stack([encoder.encode(t) for t in texts]) if encoder and texts else None
        self._seen = lens.see(texts, self._vectors, "question")

    def answer(self, asked: Asked, question: Question, day: date | None) -> Answered | Reviewed | None:
        """The answer of the nearest reviewed question in force for the asker; None when none is near enough."""
        if self._names_elsewhere(asked, question.region):
            return None
        near = self._likeness(asked.text)
        depth = {r: n for n, r in enumerate((*self._line(question.region), COUNTRY))}
        fitting = [i for i in np.flatnonzero(near >= 0) if self._pairs[i][1].region in depth and self._same(asked, self._pairs[i][0])]
        for i in sorted(fitting, key=lambda i: (-round(float(near[i]), 3), depth[self._pairs[i][1].region])):
            if said := self._say(self._pairs[i][1], asked, question, day):
                return replace(said, confidence=float(near[i]))
        return None

    def _likeness(self, text: str) -> NDArray[np.float32]:
        """How near each reviewed question is, -1 where not near enough; 1 for the same words."""
        vector = self._encoder.encode(text)[None, :] if self._encoder else None
        mine = frozenset(grams(text))
        near = self._seen @ self._lens.see([text], vector, "question")[0]
        if vector is not None and self._vectors is not None:
            near, least = np.minimum(near, self._vectors @ vector[0]), NEAR
        else:
            least = NEAR_BY_GRAMS
            near = np.array([len(mine & g) / max(len(mine | g), 1) for g in self._grams], dtype=np.float32)
        same = np.array([bool(mine) and g == mine for g in self._grams], dtype=np.bool_)
        return np.asarray(np.where(same, 1.0, np.where(near >= least, near, -1.0)), dtype=np.float32)

    @staticmethod
    def _same(one: Asked, other: Asked) -> bool:
        return _signature(one) == _signature(other) and bool(set(one.types) & set(other.types))

    def _line(self, region: str | None) -> list[str]:
        """The region and those above it."""
        line: list[str] = []
        while region is not None and region not in line:
            line.append(region)
            known = self._library.binding.regions.get(region)
            region = known.parent if known else None
        return line

    def _names_elsewhere(self, asked: Asked, region: str | None) -> bool:
        return any(not self._library.binding.covers(region, named) for named in self._library.binding.named_in(asked.text))

    def _say(self, answer: ReviewedAnswer, asked: Asked, question: Question, day: date | None) -> Answered | Reviewed | None:
        """The answer as it may be said today; None when its plan was replaced or is gone, or no longer bears it."""
        if answer.kind == "attached":
            return self._attached(answer, asked, question, day)
        source, citation = answer.source, None
        if source.plan is not None:
            plan = self._plan(source.plan, day)
            clause, quote, text = source.clause or "", source.quote or "", answer.text or ""
            if plan is None or not plan.holds(quote, clause) or unsupported_numbers(text, quote):
                return None
            citation = cite(plan, clause, quote, binding=self._library.binding.binds(plan.id, question.region), day=day)
        return Reviewed(answer.text or "", citation, source.office, source.office_day, answer.made_on, 0.0)

    def _attached(self, answer: ReviewedAnswer, asked: Asked, question: Question, day: date | None) -> Answered | None:
        first = self._library.by_key.get(answer.provision or "")
        if first is None or self._plan(first.plan, day) is None:
            return None
        provisions, by_form, notes = self._composer.around(first, asked, question)
        binds = self._library.binding.binds
        said = [state(self._library.plans[p.plan], p, binding=binds(p.plan, question.region), day=day) for p in provisions]
        statements = tuple(s for s in said if s is not None)
        return Answered(statements, 0.0, by_form, notes) if statements else None

    def _plan(self, plan_id: str, day: date | None) -> Plan | None:
        """The plan, unless another has taken its place."""
        plan = self._library.plans.get(plan_id)
        return None if plan is None or plan.identity.is_replaced_on(day) else plan
