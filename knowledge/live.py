"""The library as it grows while processes run: the folder's plans and the imported ones of the database, at the version of this moment.

Every process reads one number (`library_version`) before it answers; when it is another than the one it knows, it reads the list of plans
again. Nothing is trained: the words and the lens are those of the folder's plans, an imported plan only adds its own segment.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from knowledge.answer_question import Answerer
from knowledge.binding import Binding
from knowledge.encoder import Encoder
from knowledge.import_identity import COUNTRY
from knowledge.imported import Shelf, read_plan_of, read_provisions_of, read_shelf, read_texts, version_of
from knowledge.imported_shelf import ImportedShelf, Kin, Rows, make_segment
from knowledge.imported_weights import load_imported_weights
from knowledge.index import Index
from knowledge.library import Library
from knowledge.plan import Plan, PlanIdentity
from knowledge.provisions import Provision
from knowledge.reviewed import read_reviewed
from knowledge.reviewed_shelf import ReviewedShelf
from knowledge.segment import Arrays, read_segment, write_segment
from storage.database import Database

_SEGMENT = b"2"  # what a segment holds; another keeps old files from being read
_PLANS_KEPT, _SHELVES_KEPT, _SMALL, _NEIGHBOURS = 64, 128, 40, 6
Thing = TypeVar("Thing")


class Lazy(Mapping[str, Thing], Generic[Thing]):
    """A mapping whose own entries are at hand and whose others are made when asked for; the latest are kept."""

    def __init__(self, own: Mapping[str, Thing], others: Mapping[str, object], make: Callable[[str], Thing], kept: int) -> None:
        self._own, self._others, self._make, self._most = own, others, make, kept
        self._kept: OrderedDict[str, Thing] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, key: str) -> Thing:
        if key in self._own:
            return self._own[key]
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if key not in self._others:
            raise KeyError(key)
        made = self._make(key)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter((*self._own, *(key for key in self._others if key not in self._own)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return key in self._own or key in self._others


@dataclass(frozen=True)
class GrownBinding(Binding):
    """The folder's order of plans with the imported ones in their places: each before the folder's of the same or a wider region."""

    imported: Mapping[str, tuple[str, ...]]  # region → imported plans begun by the day, newest first
    homes: Mapping[str, str]  # plan of the folder → its region

    def plans_for(self, region: str | None) -> tuple[str, ...]:
        """The ids of the plans that bind a resident of the region, special before general."""
        line: list[str] = []
        here = region
        while here is not None and here not in line:
            line.append(here)
            known = self.regions.get(here)
            here = known.parent if known else None
        ordered = list(super().plans_for(region))
        for depth, one in enumerate((*line, COUNTRY) if region is not None else ()):
            wider = {*line[depth:], COUNTRY}
            at = next((i for i, p in enumerate(ordered) if self.homes.get(p, "") in wider), len(ordered))
            ordered[at:at] = self.imported.get(one, ())
        return tuple(ordered)


@dataclass(frozen=True)
class GrownLibrary(Library):
    """The folder's library with imported plans, whose texts and provisions are read when they are needed.

    `provisions` are the folder's alone; `by_plan` and `by_key` know the others too."""

    identities: Mapping[str, PlanIdentity] = field(default_factory=dict)
    shelved: Mapping[str, tuple[Provision, ...]] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()  # confirmed, but not yet begun

    @cached_property
    def by_plan(self) -> Mapping[str, tuple[Provision, ...]]:
        """The provisions of each plan, in the order of its text."""
        return self.shelved

    @cached_property
    def by_key(self) -> Mapping[str, Provision]:
        """The provisions by <plan>/<id>."""
        own = {p.key: p for p in self.provisions}
        return Found(own, self.shelved)

    def identity(self, plan: str) -> PlanIdentity:
        """Who a plan is, without reading its text."""
        return self.identities[plan]

    def elsewhere(self, region: str | None, own: tuple[str, ...]) -> tuple[str, ...]:
        """The plans of other regions that may still be named to a resident: all of a small library, of a large one the nearest."""
        if len(self.identities) <= _SMALL:
            return tuple(p for p in super().elsewhere(region, own) if p not in self.pending)
        known = self.binding.regions.get(region or "")
        near = [r.id for r in self.binding.regions.values() if known and r.parent == known.parent and r.id != region][:_NEIGHBOURS]
        others = dict.fromkeys(p for r in near for p in self.binding.plans_for(r) if p not in own)
        return tuple(others)[:_NEIGHBOURS]


class Found(Mapping[str, Provision]):
    """Provisions by key; those of imported plans are looked for in their plan."""

    def __init__(self, own: Mapping[str, Provision], by_plan: Mapping[str, tuple[Provision, ...]]) -> None:
        self._own, self._by_plan = own, by_plan

    def __getitem__(self, key: str) -> Provision:
        if key in self._own:
            return self._own[key]
        plan, _, name = key.rpartition("/")
        for p in self._by_plan.get(plan, ()):
            if p.id == name:
                return p
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)


def overlaid(identity: PlanIdentity, end: tuple[date, str | None] | None) -> PlanIdentity:
    """A plan's identity with the end somebody set."""
    if end is None:
        return identity
    last_day, by = end
    ends = min(last_day, identity.ends) if identity.ends else last_day
    return replace(identity, ends=ends, followed_by=by or identity.followed_by, replaced=by is not None)


def nobody(plan_id: str, region: str) -> PlanIdentity:
    """The identity of a text nobody has confirmed yet."""
    return PlanIdentity(plan_id, "", None, "", None, None, None, region, "draft")


class LiveLibrary:
    """Gives the answerer and the library of this moment. Thread-safe; one per process."""

    def __init__(  # noqa: PLR0913  (made once, at the entry point)
        self, database: Database, library: Library, encoder: Encoder | None, index: Index, folder: Path | None = None,
        *, look_every_s: float = 0.0,
    ) -> None:  # fmt: skip
        """`look_every_s`: how long a version once read is believed; other processes' changes are seen that much later at most."""
        self._database, self._library, self._encoder, self._index = database, library, encoder, index
        self._look_every_s, self._look_again = look_every_s, 0.0
        self._folder = folder / "imported" if folder else None
        self._kin, self._rows = Kin(index), Rows(index, encoder)
        self._weights = load_imported_weights()
        stamp = (
            _SEGMENT
            + index.lens.matrix.tobytes()
            + str(len(index.vocabulary.column)).encode()
            + (encoder.digest if encoder else "").encode()
        )
        self._stamp = hashlib.sha256(stamp).hexdigest()[:12]
        self._lock = threading.Lock()
        self._warmed: set[tuple[str, str, str]] = set()
        self._known: tuple[int, date] | None = None
        self._answerer = Answerer(library, encoder, index=index)

    def answerer(self, day: date) -> Answerer:
        """The answerer over the library as it stands now, on a day in Beijing."""
        if time.monotonic() < self._look_again and self._known and self._known[1] == day:
            return self._answerer
        with self._database.read() as session:
            version = version_of(session)
        self._look_again = time.monotonic() + self._look_every_s
        if self._known != (version, day):
            with self._lock:
                if self._known != (version, day):
                    with self._database.read() as session:
                        shelf, reviewed = read_shelf(session), read_reviewed(session)
                    grown = self._grown(shelf, day)
                    if reviewed:
                        grown.reviewed = ReviewedShelf(reviewed, grown.library, grown.composer, self._index.lens, self._encoder)
                    self._answerer = grown
                    self._known = (shelf.version, day)
        return self._answerer

    def library(self, day: date) -> Library:
        """The library as it stands now."""
        return self.answerer(day).library

    def warm(self, most: int = 20) -> int:
        """Make the segments of drafts and plans that have none yet, so that no resident waits for one; gives back how many were made."""
        if self._folder is None:
            return 0
        with self._database.read() as session:
            texts = read_texts(session)
        lacking = [t for t in texts if t not in self._warmed and not self._file(t[0], t[2]).is_file()][:most]  # type: ignore[union-attr]
        for plan_id, region, text in lacking:
            with self._database.read() as session:
                body, provisions = read_plan_of(session, nobody(plan_id, region)), read_provisions_of(session, plan_id)
            self._made(body, provisions, text)
        self._warmed |= set(texts) if len(lacking) < most else set()
        return len(lacking)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def version(self) -> tuple[int, date] | None:
        """The version and the day the answerer in use was made for."""
        return self._known

    def _grown(self, shelf: Shelf, day: date) -> Answerer:
        if not shelf.plans and not shelf.ends:
            return Answerer(self._library, self._encoder, index=self._index)
        own = {p.id: replace(p, identity=overlaid(p.identity, shelf.ends.get(p.id))) for p in self._library.plans.values()}
        imported = {i.id: overlaid(i, shelf.ends.get(i.id)) for i, _ in shelf.plans}
        texts = dict(zip(imported, (name for _, name in shelf.plans), strict=True))
        shelves = Lazy[ImportedShelf]({}, imported, lambda p: self._shelf(imported[p], texts[p]), _SHELVES_KEPT)
        provisions = Lazy(self._library.by_plan, imported, lambda p: tuple(shelves[p].provisions), _PLANS_KEPT)
        library = GrownLibrary(
            plans=Lazy(own, imported, lambda p: self._plan(imported[p]), _PLANS_KEPT), provisions=self._library.provisions,
            binding=self._binding(imported, day), gaps=self._library.gaps, faults=self._library.faults,
            identities={p.id: p.identity for p in own.values()} | imported, shelved=provisions,
            pending=frozenset(i.id for i in imported.values() if i.starts and i.starts > day),
        )  # fmt: skip
        index = copy(self._index)
        index.library, index.imported = library, shelves
        return Answerer(library, self._encoder, index=index)

    def _binding(self, imported: Mapping[str, PlanIdentity], day: date) -> GrownBinding:
        by_region: dict[str, tuple[str, ...]] = {}
        for one in imported.values():
            if one.starts is None or one.starts <= day:
                by_region[one.region] = (one.id, *by_region.get(one.region, ()))
        base = self._library.binding
        return GrownBinding(base.regions, base.order, by_region, {p.id: p.identity.region for p in self._library.plans.values()})

    def _plan(self, identity: PlanIdentity) -> Plan:
        with self._database.read() as session:
            return read_plan_of(session, identity)

    def _shelf(self, identity: PlanIdentity, text: str) -> ImportedShelf:
        file = self._file(identity.id, text)
        arrays = read_segment(file) if file else None
        if arrays is None:
            with self._database.read() as session:
                provisions = read_provisions_of(session, identity.id)
            arrays = self._made(self._plan(identity), provisions, text)
        return ImportedShelf(identity.id, arrays, self._kin, self._weights, with_encoder=self._encoder is not None)

    def _made(self, plan: Plan, provisions: Sequence[Provision], text: str) -> Arrays:
        arrays = make_segment(plan, provisions, self._kin, self._rows, self._places(plan.identity.region))
        if file := self._file(plan.id, text):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_segment(file, arrays)
        return arrays

    def _file(self, plan_id: str, text: str) -> Path | None:
        name = hashlib.sha256(f"{plan_id}|{text}".encode()).hexdigest()[:24]
        return self._folder / f"{self._stamp}-{name}.seg" if self._folder else None

    def _places(self, region: str) -> tuple[str, ...]:
        """The names of a plan's own region and those above it."""
        found: list[str] = []
        here = self._library.binding.regions.get(region)
        while here is not None:
            found += [here.name, *here.says]
            here = self._library.binding.regions.get(here.parent or "")
        return tuple(sorted(set(found), key=len, reverse=True))
