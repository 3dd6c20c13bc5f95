"""Which plan binds whom: regions, their order of plans (special before general), and regions a sentence names."""

import re
from dataclasses import dataclass
from functools import cached_property

_NO_NAMES = {"全区"}  # says how far, too: “全区要加装多少部”


@dataclass(frozen=True)
class Region:
    """An administrative region of the library. `says`: words by which residents name it."""

    id: str
    name: str
    level: str
    parent: str | None
    says: tuple[str, ...]


@dataclass(frozen=True)
class Binding:
    """The regions and the plans that bind each, special before general."""

    regions: dict[str, Region]
    order: dict[str, tuple[str, ...]]

    def plans_for(self, region: str | None) -> tuple[str, ...]:
        """The ids of the plans that bind a resident of the region; a region without its own list takes its parent's."""
        here = region
        while here is not None:
            if here in self.order:
                return self.order[here]
            known = self.regions.get(here)
            here = known.parent if known else None
        return ()

    def plans_within(self, region: str) -> tuple[str, ...]:
        """The plans that bind all residents of the region, then those that bind some (“包头那边” may mean one of its districts)."""
        below = [p for other in self.regions if self.covers(other, region) for p in self.plans_for(other)]
        return tuple(dict.fromkeys((*self.plans_for(region), *below)))

    def binds(self, plan: str, region: str | None) -> bool:
        """Whether a plan binds a resident of the region."""
        return plan in self.plans_for(region)

    def named_in(self, text: str) -> list[str]:
        """The regions a sentence names, in the order of plans.yaml."""
        lengths, by_word = self._words
        runs = {text[i : i + n] for n in lengths for i in range(len(text) - n + 1)}
        named = {place: region for run in runs & by_word.keys() for place, region in by_word[run]}
        return [named[place] for place in sorted(named)]

    def without_names(self, text: str) -> str:
        """The sentence without the names of regions."""
        return self._names.sub("", text)

    @cached_property
    def _names(self) -> re.Pattern[str]:
        words = {word for region in self.regions.values() for word in (region.name, *region.says) if word not in _NO_NAMES}
        return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))

    @cached_property
    def _words(self) -> tuple[frozenset[int], dict[str, list[tuple[int, str]]]]:
        """The lengths of the words by which regions are named, and by word the regions with their place in the order."""
        by_word: dict[str, list[tuple[int, str]]] = {}
        for place, region in enumerate(self.regions.values()):
            for word in region.says:
                by_word.setdefault(word, []).append((place, region.id))
        return frozenset(map(len, by_word)), by_word

    def covers(self, region: str | None, named: str) -> bool:
        """Whether `named` is the asker's region or stands above it."""
        here = region
        while here is not None:
            if here == named:
                return True
            known = self.regions.get(here)
            here = known.parent if known else None
        return False
