"""Provisions that say the same thing of another year or another property form (组建率 of 2025, 2026, 2027)."""

import re

from knowledge.library import Library
from knowledge.ngrams import grams
from knowledge.provisions import Provision
from knowledge.read_question import FORMS

_APART = re.compile("|".join([r"20\d\d年?", r"\d+(?:\.\d+)?%?", *sorted({w for ws in FORMS.values() for w in ws}, key=len, reverse=True)]))
_ALIKE = 0.34


def _stripped(p: Provision) -> frozenset[str]:
    """The grams of what a provision says, without years, numbers and forms."""
    said = _APART.sub("", "".join((*p.asks, p.answer, *(v.name for v in p.values))))
    return frozenset(g for g in grams(said) if len(g) > 1)


class Siblings:
    """Looks up a provision's siblings; built once for a library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._grams = {p.key: _stripped(p) for p in library.provisions if p.year or p.property_form}

    def _of(self, p: Provision) -> frozenset[str]:
        """The grams of a provision; of one imported since, made now."""
        return self._grams[p.key] if p.key in self._grams else _stripped(p)

    def _alike(self, one: Provision, other: Provision) -> float:
        a, b = self._of(one), self._of(other)
        return len(a & b) / max(len(a | b), 1)

    def by_form(self, p: Provision) -> list[Provision]:
        """One provision per other form that says the same thing; the provision itself first."""
        if p.property_form is None:
            return [p]
        return [p, *self._closest(p, lambda o: o.property_form, p.property_form)]

    def by_year(self, p: Provision) -> list[Provision]:
        """One provision per other year that says the same thing, in the order of years, this one included."""
        if p.year is None:
            return [p]
        return sorted([p, *self._closest(p, lambda o: o.year, p.year)], key=lambda o: o.year or 0)

    def _closest(self, p: Provision, trait, own: object) -> list[Provision]:  # type: ignore[no-untyped-def]
        best: dict[object, tuple[float, Provision]] = {}
        for other in self._library.by_plan[p.plan]:
            value = trait(other)
            if value is None or value == own or (other.kind == "list") != (p.kind == "list"):
                continue
            alike = self._alike(p, other)
            if alike >= _ALIKE and alike > best.get(value, (0.0, p))[0]:
                best[value] = (alike, other)
        return [found for _, found in best.values()]
