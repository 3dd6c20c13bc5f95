"""Which provisions make up an answer, by kind of question: one fact, a list, who, years, forms, two rules, several plans."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import yaml

from knowledge.candidates import Candidate, Field, forms_wanted, means_old
from knowledge.finding import Question
from knowledge.library import Library
from knowledge.plan import same_line
from knowledge.provisions import Provision
from knowledge.read_question import Asked
from knowledge.siblings import Siblings

_KINDS = (("who", "responsible"), ("list", "list"))
Judge = Callable[[Field], bool]
PAIRS = Path(__file__).resolve().parent / "pairs.yaml"
_CLOSE_CLAUSE, _CLOSE_PLAN, _MOST, _FOLLOW, _FAR, _CLOSE_ENDED = 2.2, 1.2, 3, 1.5, 3.0, 0.7


@dataclass(frozen=True)
class Pair:
    """Two rules that differ for the same resident and are always said together, with the note that tells them apart."""

    note: str
    one: str
    other: str


def load_pairs(library: Library, file: Path = PAIRS) -> tuple[Pair, ...]:
    """The pairs whose provisions the library holds."""
    data = yaml.safe_load(file.read_text(encoding="utf-8"))["pairs"]
    pairs = (Pair(p["note"], p["one"], p["other"]) for p in data)
    return tuple(p for p in pairs if p.one in library.by_key and p.other in library.by_key)


class Composer:
    """Puts answers together from the candidates of a field."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._siblings = Siblings(library)
        self._pairs = load_pairs(library)

    def follow(self, found: Field, earlier_provision: str | None) -> Field:
        """For a follow-up (那2027年呢) prefer what says the same as the earlier answer of the year or form now asked."""
        earlier = self._library.by_key.get(earlier_provision or "")
        if earlier is None or not found.asked.follows:
            return found
        kin = {p.key for p in (*self._siblings.by_year(earlier), *self._siblings.by_form(earlier))}
        raised = [replace(c, score=c.score + _FOLLOW) if c.provision.key in kin else c for c in found.candidates]
        return replace(found, candidates=tuple(sorted(raised, key=lambda c: -c.score)))

    def compose(self, found: Field, question: Question, day: date | None, judged: Judge) -> tuple[list[Provision], bool, tuple[str, ...]]:
        """The provisions to state, the one that answers first; whether they go by form; the notes to add.

        `judged` gives the chance that a field's best candidate answers, and whether that is enough."""
        first = found.candidates[0].provision
        by_form = first.property_form is not None and not found.asked.forms and question.property_form is None
        chosen = self._paired(first, forms_wanted(found.asked, question), question.region)
        notes = self._notes(first) if len(chosen) > 1 else ()
        if not notes:
            chosen = self._varied(found, first, by_form, day)
        if len(chosen) == 1:
            chosen += self._of_kind(found, first) or self._also(found, found.candidates[0], judged)
        return self._in_force_first(chosen, found, day), by_form, notes

    def around(self, first: Provision, asked: Asked, question: Question) -> tuple[list[Provision], bool, tuple[str, ...]]:
        """What must be said with a provision that a person chose: the other rule of its pair, or the same rule of the asker's form (of
        each form when his is unknown). Empty when it is of another form than his."""
        forms = forms_wanted(asked, question)
        chosen = self._paired(first, forms, question.region)
        if len(chosen) > 1:
            return chosen, False, self._notes(first)
        if first.property_form is None:
            return [first], False, ()
        return [p for p in self._siblings.by_form(first) if not forms or p.property_form in forms], not forms, ()

    def _notes(self, first: Provision) -> tuple[str, ...]:
        return tuple(pair.note for pair in self._pairs if {first.key, first.twin} & {pair.one, pair.other})

    def _in_force_first(self, chosen: list[Provision], found: Field, day: date | None) -> list[Provision]:
        """What is in force before what has ended, unless the question is about the time of the ended plan."""
        scores = {c.provision.key: c.score for c in found.candidates}
        behind = max((scores.get(chosen[0].key, 0.0) - scores.get(p.key, -9.0) for p in chosen), default=0.0)
        if means_old(found.asked) or behind > _CLOSE_ENDED:
            return chosen
        return sorted(chosen, key=lambda p: self._library.plans[p.plan].identity.standing_on(day) == "ended")

    def _paired(self, first: Provision, forms: tuple[str, ...], region: str | None) -> list[Provision]:
        """The two rules of a pair when both bind the asker, the special one first; the general one calls the other only for its form."""
        for pair in self._pairs:
            if first.key not in (pair.one, pair.other) and first.twin not in (pair.one, pair.other):
                continue
            one, other = (self._standing_for(key, first) for key in (pair.one, pair.other))
            meant = first == one or (first == other and one.property_form in forms)
            if meant and all(self._library.binding.binds(p.plan, region) for p in (one, other)):
                return [one, other]
        return [first]

    def _standing_for(self, key: str, first: Provision) -> Provision:
        """A provision of the folder, or what a plan imported since carried over of it when `first` is of that plan."""
        same = (p for p in self._library.by_plan[first.plan] if p.twin == key) if first.twin else ()
        return next(iter(same), self._library.by_key[key])

    def _varied(self, found: Field, first: Provision, by_form: bool, day: date | None) -> list[Provision]:
        """The same rule of several years or forms, when the question compares them or names none."""
        asked = found.asked
        wanted_forms, wanted_years = set(asked.forms), set(asked.years)
        if len(wanted_forms) > 1 and len(each := self._each_form(found, first)) > 1:
            return each
        if first.property_form is not None and (by_form or asked.compares or len(wanted_forms) > 1):
            kin = self._siblings.by_form(first)
            return [p for p in kin if len(wanted_forms) <= 1 or p.property_form in wanted_forms]
        if first.year is not None and (asked.compares or len(wanted_years) != 1):
            kin = [p for p in self._siblings.by_year(first) if len(wanted_years) <= 1 or p.year in wanted_years]
            if asked.compares or len(wanted_years) > 1:
                return kin
            now = day.year if day else first.year
            return sorted(kin, key=lambda p: (p.year != now, p.year or 0))
        return [first]

    def _each_form(self, found: Field, first: Provision) -> list[Provision]:
        """For each form a question names, what says the same as the first, otherwise the best candidate of that form."""
        kin: dict[str | None, Provision] = {p.property_form: p for p in self._siblings.by_form(first)}
        same_plan = [c.provision for c in reversed(found.candidates) if c.provision.plan == first.plan]
        best: dict[str | None, Provision] = {p.property_form: p for p in same_plan}
        return [p for form in found.asked.forms if (p := kin.get(form) or best.get(form))]

    def _of_kind(self, found: Field, first: Provision) -> list[Provision]:
        """Who is responsible for the matter, or the whole list it belongs to, when that is asked and the first provision is neither."""
        kind = next((kind for asked, kind in _KINDS if asked in found.asked.types and first.kind != kind), None)
        same = [p for p in self._library.by_plan[first.plan] if p.kind == kind and p.clause == first.clause]
        same = [p for p in same if p.property_form == first.property_form and (kind == "responsible" or first.quote in p.quote)]
        near = [c.provision for c in found.candidates[1:_MOST] if same_line(c.provision.clause, first.clause) and c.provision not in same]
        return [*near[:1], *same[:1]] if same else []

    def _also(self, found: Field, first: Candidate, judged: Judge) -> list[Provision]:
        """What is said beside the first: the same matter in another plan that binds, and near matches that state something else."""
        more = self._other_plans(found, first, judged)
        for other in found.candidates[1:]:
            if first.score - other.score <= self._near(first.provision, other.provision) and not self._repeats(
                other.provision, [first.provision, *more]
            ):
                more.append(other.provision)
            if len(more) + 1 >= _MOST:
                break
        return more

    def _other_plans(self, found: Field, first: Candidate, judged: Judge) -> list[Provision]:
        """The best of each other plan that binds, where that plan alone would have been answered from."""
        more: list[Provision] = []
        for plan in dict.fromkeys(c.provision.plan for c in found.candidates):
            alone = replace(found, candidates=tuple(c for c in found.candidates if c.provision.plan == plan))
            best = alone.candidates[0]
            if plan != first.provision.plan and first.score - best.score <= _FAR and judged(alone):
                more.append(best.provision)
        return [p for p in more if not self._repeats(p, [first.provision])][: _MOST - 1]

    @staticmethod
    def _near(first: Provision, other: Provision) -> float:
        """How far behind the first a candidate may be to be said beside it."""
        if other.plan != first.plan:
            return 0.0
        return _CLOSE_CLAUSE if same_line(other.clause, first.clause) else _CLOSE_PLAN

    @staticmethod
    def _repeats(p: Provision, said: list[Provision]) -> bool:
        """Whether a provision only says again what a stated one says: its answer's quotation is part of one already quoted."""
        within = [s for s in said if p.plan == s.plan and p.kind == s.kind and same_line(p.clause, s.clause)]
        return any(p.answer == s.answer for s in said) or any(p.quote in s.quote for s in within)
