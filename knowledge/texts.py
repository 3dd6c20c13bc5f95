"""The texts of a library by which its provisions are found, in a fixed order."""

import hashlib
import re
from dataclasses import dataclass

import numpy as np

from knowledge.library import Library
from knowledge.plan import Plan
from knowledge.provisions import Provision

ROLES = ("question", "answer", "asks", "quote")
SENTENCE = re.compile(r"[^。；;]+[。；;]?")
UNSAID = ("文头", "文尾", "附件目录")
_SHORTEST, _QUOTE_END = 12, 120


@dataclass(frozen=True)
class Sentence:
    """One sentence of a clause, as it may be quoted when no provision answers."""

    clause: str
    text: str


def sentences_of(plan: Plan) -> tuple[Sentence, ...]:
    """The sentences of a plan's clauses, short headings left out."""
    found: list[Sentence] = []
    for clause in plan.clauses.values():
        if clause.id not in UNSAID:
            for paragraph in clause.text.split("\n"):
                found += [Sentence(clause.id, s.strip()) for s in SENTENCE.findall(paragraph) if len(s.strip()) >= _SHORTEST]
    return tuple(found)


def answer_text(p: Provision) -> str:
    """What a provision is compared by when its answer is meant."""
    return f"{'、'.join(p.asks)}：{p.answer}"


def quote_text(plan: Plan, p: Provision) -> str:
    """The end of a provision's quotation (where its own rule stands) under its heading."""
    return f"{plan.heading(p.clause)}：{p.quote[-_QUOTE_END:]}"


def passage_text(plan: Plan, p: Provision) -> str:
    """All the words a provision may be found by."""
    return " ".join((*p.asks, p.subject, p.answer, *plan.heading_path(p.clause), p.quote))


def sentence_text(plan: Plan, s: Sentence) -> str:
    """A sentence under its heading."""
    return f"{plan.heading(s.clause)}：{s.text}"


class Texts:
    """Every text of a library by role; questions come by entry (provisions in order, then gaps), `owner` says by which."""

    def __init__(self, library: Library) -> None:
        asked = [p.questions for p in library.provisions] + [g.questions for g in library.gaps]
        self.library = library
        self.questions = [q for questions in asked for q in questions]
        self.owner = np.array([i for i, questions in enumerate(asked) for _ in questions], dtype=np.int64)
        self.answers = [answer_text(p) for p in library.provisions]
        self.asks = ["、".join(p.asks) for p in library.provisions]
        self.quotes = [quote_text(library.plans[p.plan], p) for p in library.provisions]
        self.passages = [passage_text(library.plans[p.plan], p) for p in library.provisions]
        self.sentences = [sentence_text(plan, s) for plan in library.plans.values() for s in sentences_of(plan)]
        self.plan_of = np.array([list(library.plans).index(p.plan) for p in library.provisions], dtype=np.int64)

    def by_role(self) -> dict[str, list[str]]:
        """The texts of each role of the lens."""
        return dict(zip(ROLES, (self.questions, self.answers, self.asks, self.quotes), strict=True))

    def digest(self, made_by: str) -> str:
        """A name for these texts and what they are seen with, for the cache."""
        parts = [made_by, *map(str, self.owner), *self.passages, *self.sentences, *(t for said in self.by_role().values() for t in said)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
