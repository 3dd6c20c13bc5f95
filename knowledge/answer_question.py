"""From a question to a finding: read it, look in the plans that bind the asker, judge, put the answer together, prove it, or decline.

The way is a list that can be read aloud (`Answerer.answer`); each step may end it, and each ending is a value of knowledge.finding.
"""

from dataclasses import replace
from datetime import date
from math import exp

from knowledge.about_plan import PlanDesk
from knowledge.candidates import Field, Finder, forms_wanted
from knowledge.cite import quote_alone, state
from knowledge.compose import Composer
from knowledge.encoder import Encoder
from knowledge.finding import Answered, Finding, NotCovered, Question, Statement
from knowledge.index import Index
from knowledge.judge import SIGNS, signs
from knowledge.library import Library
from knowledge.read_question import Asked, asking_sentence, read_question
from knowledge.reviewed_shelf import ReviewedShelf
from knowledge.search import cosines_of_sentences
from knowledge.weights import Weights, load_weights

_ELSEWHERE_MORE, _SENTENCE_LEAST, _NEAREST, _COMPARED = 0.35, 0.74, 2, 40


class Answerer:
    """Answers questions from a library. Thread-safe; building it builds or loads the index (`cache` keeps what is slow to make)."""

    def __init__(self, library: Library, encoder: Encoder | None, *, index: Index | None = None, weights: Weights | None = None) -> None:
        self.library = library
        self.weights = weights or load_weights()
        self.index = index or Index(library, encoder)
        self.finder = Finder(self.index, encoder, self.weights)
        self.composer = Composer(library)
        self._covers = self.weights.covers if encoder else self.weights.covers_grams
        self._threshold = self.weights.threshold if encoder else self.weights.threshold_grams
        self.about = PlanDesk(library)
        self.reviewed: ReviewedShelf | None = None  # what operators answered (knowledge.live)

    def answer(self, question: Question, day: date | None = None) -> Finding:
        """The finding for one question; `day` dates the plans' standing (None: as declared in plans.yaml)."""
        asked = read_question(question.text, question.earlier)
        if not asked.text:
            return NotCovered("nothing", 1.0)
        if self.reviewed and (said := self.reviewed.answer(asked, question, day)):
            return said
        if about := self.about.answer(question, day):
            return about
        found = self._finding(asked, question, day)
        asking = asking_sentence(asked.text)
        if asking and isinstance(found, NotCovered):
            # A long story around the question drowns it; the story alone is never answered.
            again = self._finding(replace(asked, text=asking), question, day)
            return again if isinstance(again, Answered) else found
        return found

    def _finding(self, asked: Asked, question: Question, day: date | None) -> Answered | NotCovered:
        own = tuple(p for p in self.library.binding.plans_for(question.region) if p in self.library.plans)
        region, named = self._plans_named(asked, question.region)
        if region and (said_there := self._elsewhere(self._there(asked), question, named, day, at_least=self._threshold)):
            return said_there
        if region and not self.library.binding.covers(region, question.region or ""):
            return NotCovered("other_region", 0.5)
        found = self._find(asked, question, own, day)
        sure = self._sure(found)
        if sure >= self._threshold and (stated := self._say(found, question, day)):
            return replace(stated, confidence=sure)
        if quoted := self._quote(found, own, day):
            return quoted
        others = self.library.elsewhere(question.region, own)
        away = self._elsewhere(asked, question, others, day, at_least=self._threshold + (_ELSEWHERE_MORE if own else 0.0))
        return away or self._declined(found, sure, question, day)

    def _find(self, asked: Asked, question: Question, plans: tuple[str, ...], day: date | None) -> Field:
        others = tuple(p for p in self.library.plans if p not in plans) if len(self.library.plans) <= _COMPARED else ()
        found = self.finder.find(asked, plans, forms_wanted(asked, question), day, others)
        return self.composer.follow(found, question.earlier_provision)

    def _plans_named(self, asked: Asked, region: str | None) -> tuple[str, tuple[str, ...]]:
        """The region a question names that is neither the asker's own nor above it, and its plans that do not bind the asker."""
        binding = self.library.binding
        for named in reversed(binding.named_in(asked.text)):
            if region is not None and not binding.covers(region, named):
                return named, tuple(p for p in binding.plans_within(named) if p in self.library.plans and not binding.binds(p, region))
        return "", ()

    def _there(self, asked: Asked) -> Asked:
        """The question without the names of regions: the plans of the region named do not say them."""
        return replace(asked, text=self.library.binding.without_names(asked.text) or asked.text)

    def _sure(self, found: Field) -> float:
        """The probability that the best candidate answers the question."""
        if not found.candidates:
            return 0.0
        first = found.candidates[0].provision
        if first.twin is None and (imported := self.index.imported.get(first.plan)):
            odds = float(imported.judgement.covers.scores(SIGNS, signs(found))[0])
            return imported.judgement.sure(odds, self._threshold)
        return 1 / (1 + exp(-float(self._covers.scores(SIGNS, signs(found))[0])))

    def _say(self, found: Field, question: Question, day: date | None) -> Answered | None:
        """The answer put together from the candidates, each statement proved; None when nothing is left to say."""
        provisions, by_form, notes = self.composer.compose(found, question, day, lambda field: self._sure(field) >= self._threshold)
        binds = self.library.binding.binds
        said = [state(self.library.plans[p.plan], p, binding=binds(p.plan, question.region), day=day) for p in provisions]
        statements = tuple(s for s in said if s is not None)
        return Answered(statements, 0.0, by_form and len(statements) > 0, notes) if statements else None

    def _quote(self, found: Field, plans: tuple[str, ...], day: date | None) -> Answered | None:
        """A sentence of a plan that matches strongly although no provision was made of it."""
        best: tuple[float, str, int] = (0.0, "", -1)
        for plan in (p for p in plans if p in self.index.shelves and not self.library.identity(p).is_replaced_on(day)):
            scores = cosines_of_sentences(found.query, self.index.shelves[plan])
            if len(scores) and float(scores.max()) > best[0]:
                best = (float(scores.max()), plan, int(scores.argmax()))
        if best[0] < _SENTENCE_LEAST or found.gap[0] > best[0]:
            return None
        sentence = self.index.shelves[best[1]].sentences[best[2]]
        statement = quote_alone(self.library.plans[best[1]], sentence.clause, sentence.text, binding=True, day=day)
        return Answered((statement,), best[0]) if statement else None

    def _elsewhere(self, asked: Asked, question: Question, plans: tuple[str, ...], day: date | None, *, at_least: float) -> Answered | None:
        """What plans that do not bind the asker say, when the match is strong."""
        found = self._find(asked, question, plans, day)
        sure = self._sure(found)
        known_gap = bool(found.candidates) and found.gap[0] > float(found.candidates[0].row[0])
        said = self._say(found, question, day) if sure >= at_least and not known_gap else None
        return replace(said, confidence=sure) if said else None

    def _declined(self, found: Field, sure: float, question: Question, day: date | None) -> NotCovered:
        """Why nothing is said, and what the resident may have meant."""
        binds = self.library.binding.binds
        near = [c.provision for c in found.candidates[:_NEAREST]]
        stated = [state(self.library.plans[p.plan], p, binding=binds(p.plan, question.region), day=day) for p in near]
        statements: tuple[Statement, ...] = tuple(s for s in stated if s is not None)
        gap = found.gap[2]
        if gap >= 0 and found.candidates and found.gap[0] > float(found.candidates[0].row[0]):
            return NotCovered(self.library.gaps[gap].reason, 1 - sure, statements)
        return NotCovered("unsure" if sure >= self._threshold / 2 else "nothing", 1 - sure, statements)
