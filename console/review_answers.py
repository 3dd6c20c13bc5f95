"""What the pages for answering a group of questions show: provisions found by words, answers in use and how their source stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from console.access import Viewer
from console.desk import ConsoleDesk
from console.plan_shelf import STANDING_NAMES, may_decide, region_name, today_of
from knowledge.library import Library
from knowledge.ngrams import grams
from knowledge.provisions import Provision
from knowledge.reviewed import ReviewedAnswer, read_reviewed
from storage.models import UnansweredRow

MOST_FOUND, MOST_ANSWERS = 12, 100


@dataclass(frozen=True)
class Found:
    """A provision with its plan's title and standing."""

    provision: Provision
    title: str
    standing: str


@dataclass(frozen=True)
class InUse:
    """An answer in use: what it says, what it stands on, how that stands today, and whether this operator may revoke it."""

    answer: ReviewedAnswer
    says: str
    source: str
    standing: str  # in_force | ended | draft | retired (no longer said)
    region: str
    may_revoke: bool

    @property
    def standing_name(self) -> str:
        """The standing in words."""
        return "来源已被代替，不再使用" if self.standing == "retired" else STANDING_NAMES[self.standing]


def search(library: Library, region: str, words: str, day: date) -> list[Found]:
    """The provisions of plans that bind a region, those first that hold most of the words."""
    wanted = {g for g in grams(words) if len(g) > 1}
    scored: list[tuple[float, Provision]] = []
    for plan in library.binding.plans_for(region):
        if plan not in library.plans or library.identity(plan).is_replaced_on(day):
            continue
        for p in library.by_plan[plan]:
            own = set(grams("，".join((*p.asks, p.answer, p.quote, *p.questions))))
            scored.append((len(wanted & own) / max(len(wanted), 1), p))
    scored.sort(key=lambda one: -one[0])
    best = [p for score, p in scored[:MOST_FOUND] if score > 0]
    return [Found(p, library.identity(p.plan).title, STANDING_NAMES[library.identity(p.plan).standing_on(day)]) for p in best]


def usual_region(rows: Sequence[UnansweredRow]) -> str:
    """The region most of the questions come from; empty when none is known."""
    known = Counter(row.region for row in rows if row.region)
    return known.most_common(1)[0][0] if known else ""


def binding_plans(library: Library, region: str, day: date) -> list[tuple[str, str]]:
    """The plans a written answer of this region may stand on: id and title."""
    mine = (library.identity(p) for p in library.binding.plans_for(region) if p in library.plans)
    return [(i.id, i.title) for i in mine if not i.is_replaced_on(day)]


def in_use(session: Session, viewer: Viewer, desk: ConsoleDesk) -> list[InUse]:
    """The answers in use in the operator's regions, newest first."""
    answers = [a for a in read_reviewed(session) if viewer.all_regions or a.region in viewer.regions][:MOST_ANSWERS]
    if viewer.side == "company" or not answers:
        return []
    today = today_of(desk.clock())
    library = desk.library(today)
    return [_shown(a, library, today, viewer) for a in answers]


def _shown(answer: ReviewedAnswer, library: Library, today: date, viewer: Viewer) -> InUse:
    source, standing, said = _office(answer), "in_force", answer.text or ""
    if answer.source.plan is not None:
        plans: Mapping[str, object] = library.plans
        provision = library.by_key.get(answer.provision or "")
        clause, said = (provision.clause, provision.answer) if provision else (answer.source.clause or "", said)
        identity = library.identity(answer.source.plan) if answer.source.plan in plans else None
        source = f"《{identity.title}》{clause}" if identity else answer.source.plan
        gone = identity is None or identity.is_replaced_on(today) or (answer.kind == "attached" and provision is None)
        standing = "retired" if gone or identity is None else identity.standing_on(today)
    return InUse(answer, said, source, standing, region_name(answer.region), may_decide(viewer, answer.region))


def _office(answer: ReviewedAnswer) -> str:
    day = answer.source.office_day
    return f"{answer.source.office}，{day.year}年{day.month}月{day.day}日" if day else answer.source.office or ""
