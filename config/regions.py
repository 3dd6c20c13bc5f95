"""The regions (config/regions/*.yaml): who answers, by when, and who takes it up when it is late; each rule names its clause."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from config.refusal import Refused
from config.region_check import check_regions
from config.region_file import ClockEntry, ReadFile, RegionFile, RouteEntry, TargetEntry, read_region_file

FOLDER = Path(__file__).resolve().parent / "regions"
LEVELS = ("company", "county", "league", "region")  # the rungs, lowest first
REOPEN_DAYS = 7


@dataclass(frozen=True)
class Source:
    """The clause of a plan that a rule comes from."""

    plan: str
    clause: str


@dataclass(frozen=True)
class Community:
    """An estate 小区; `demo` marks an invented one, `company` its property company when known."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    property_form: str | None = None
    company: str | None = None
    demo: bool = False


@dataclass(frozen=True)
class ClockRule:
    """A promise: `within` is ISO 8601 (PT30M, P15D) or working days (7WD), None where the plan gives no number.

    `kinds`, `forms`, `categories` empty mean all. `climbs_to` is the level that takes the ticket up when it is late.
    """

    name: str
    within: str | None
    source: Source
    kinds: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    climbs_to: str | None = None
    action: str | None = None  # urge | mark_red | supervise: what the desk of `climbs_to` does

    def covers(self, kind: str, category: str, form: str | None) -> bool:
        """Whether this promise is made for such a ticket; a form that is not known gets only the promises made to all forms."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.categories or category in self.categories)
            and (not self.forms or form in self.forms)
        )


@dataclass(frozen=True)
class Target:
    """A figure a plan promises; `why` says what is missing where tickets cannot tell it."""

    id: str
    title: str
    op: str  # >= | <= | =
    value: float | None
    unit: str
    source: Source
    forms: tuple[str, ...] = ()
    base_year: int | None = None
    by_year: int | None = None
    why: str = ""

    def covers(self, form: str | None) -> bool:
        """Whether it is promised for this property form."""
        return not self.forms or form in self.forms


@dataclass(frozen=True)
class RouteRule:
    """Who is responsible for some categories, by which clause; `deadline` is the plan's own date for setting the matter right."""

    lead: str
    support: tuple[str, ...]
    level: str
    source: Source
    status: str
    categories: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    deadline: str | None = None
    item: int | None = None
    title: str = ""

    def covers(self, kind: str, category: str, form: str | None) -> bool:
        """Whether this route is for such a ticket."""
        return (
            (category in self.categories or "*" in self.categories)
            and (not self.kinds or kind in self.kinds)
            and (not self.forms or form in self.forms)
        )


@dataclass(frozen=True)
class Region:
    """One region with all it inherits from its parents. `plans` are those that bind its residents, special before general."""

    id: str
    code: str
    name: str
    short_names: tuple[str, ...]
    level: str
    parent: str | None
    selectable: bool
    timezone: str
    plans: tuple[str, ...]
    communities: tuple[Community, ...]
    emergency_phones: dict[str, str]
    desks: dict[str, str]  # level -> who sits there
    routes: tuple[RouteRule, ...]
    clocks: tuple[ClockRule, ...]
    ladder: tuple[ClockRule, ...]  # the clocks that climb; empty where no ladder binds
    reopen_days: int = REOPEN_DAYS
    targets: tuple[Target, ...] = ()

    def desk(self, level: str) -> str:
        """Who sits at a level of this region (company|county|league|region)."""
        return self.desks.get(level, level)

    def community(self, name: str | None) -> Community | None:
        """The estate of this name, id or alias."""
        for known in self.communities:
            if name and name in (known.id, known.name, *known.aliases):
                return known
        return None


@cache
def regions() -> dict[str, Region]:
    """All regions by id, in file-name order of their level. Refused with every fault of every file when one is wrong."""
    return read_regions(FOLDER)


def read_regions(folder: Path) -> dict[str, Region]:
    """The regions of a folder of YAML files; Refused naming all faults, each with file and line."""
    files = [read_region_file(path) for path in sorted(folder.glob("*.yaml"))]
    faults = check_regions(files)
    if faults:
        raise Refused("\n".join(map(str, faults)), "改正后运行 python -m config.check 再看一遍", code="regions")
    by_id = {file.region.id: file.region for file in files if file.region}
    return {one.id: _inherit(_line(one, by_id)) for one in by_id.values()}


def _line(region: RegionFile, by_id: dict[str, RegionFile]) -> list[RegionFile]:
    """The region, its parent, its parent's parent…"""
    line = [region]
    while line[-1].parent is not None:
        line.append(by_id[line[-1].parent])
    return line


def _inherit(line: list[RegionFile]) -> Region:
    own = line[0]
    ladder = next((_rungs(one) for one in line if one.ladder), ())
    return Region(
        id=own.id,
        code=own.code,
        name=own.name,
        short_names=own.short_names,
        level=own.level,
        parent=own.parent,
        selectable=own.selectable,
        timezone=next((one.timezone for one in line if one.timezone), "Asia/Shanghai"),
        plans=own.plans,
        communities=tuple(Community(**c.model_dump()) for c in own.communities),
        emergency_phones={k: v for one in reversed(line) for k, v in one.emergency_phones.items()},
        desks={cast(str, k): v for one in reversed(line) for k, v in one.desks.items()},
        routes=tuple(_route(r) for one in line for r in one.routes),
        clocks=(*(_clock(c) for one in line for c in one.clocks), *ladder),
        ladder=ladder,
        reopen_days=next((one.reopen_days for one in line if one.reopen_days), REOPEN_DAYS),
        targets=tuple(_target(t) for one in line for t in one.targets),
    )


def _target(entry: TargetEntry) -> Target:
    return Target(**{**entry.model_dump(), "source": Source(entry.source.plan, entry.source.clause)})


def _clock(entry: ClockEntry) -> ClockRule:
    source = Source(entry.source.plan, entry.source.clause)
    return ClockRule(entry.name, entry.within, source, entry.kinds, entry.forms, entry.categories)


def _rungs(region: RegionFile) -> tuple[ClockRule, ...]:
    ladder = region.ladder
    if ladder is None:
        return ()
    source = Source(ladder.source.plan, ladder.source.clause)
    return tuple(ClockRule(r.clock, r.within, source, ladder.kinds, climbs_to=r.climbs_to, action=r.action) for r in ladder.rungs)


def _route(entry: RouteEntry) -> RouteRule:
    return RouteRule(
        lead=entry.lead,
        support=entry.support,
        level=entry.level,
        source=Source(entry.source.plan, entry.source.clause),
        status=entry.status,
        categories=entry.categories,
        kinds=entry.kinds,
        forms=entry.forms,
        deadline=entry.deadline,
        item=entry.item,
        title=entry.title,
    )


def faults_of(folder: Path = FOLDER) -> list[str]:
    """Every fault of every region file, as `file:line: what`."""
    files: list[ReadFile] = [read_region_file(path) for path in sorted(folder.glob("*.yaml"))]
    return [str(fault) for fault in check_regions(files)]
