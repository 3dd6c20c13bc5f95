"""The plan library as an operator sees it: what each document is, whether it is in force, whom it binds, and which drafts wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.access import Viewer
from knowledge.import_identity import COUNTRY
from knowledge.imported import read_shelf
from knowledge.library import Library, load_library
from knowledge.live import overlaid
from knowledge.plan import PlanIdentity
from storage.plan_rows import ImportedPlanRow

STANDING_NAMES = {"in_force": "有效", "soon": "尚未施行", "ended": "已到期", "draft": "征求意见稿"}
BEIJING = ZoneInfo("Asia/Shanghai")
MOST_SHOWN = 200


@dataclass(frozen=True)
class ShelvedPlan:
    """One plan with its standing today, the regions it binds, what it holds, and whether this operator may end it."""

    plan: PlanIdentity
    standing: str
    region: str
    binds: tuple[str, ...]
    holds: str
    followed_by: str
    may_end: bool

    @property
    def standing_name(self) -> str:
        """The standing in words."""
        return "已被代替" if self.plan.replaced and self.standing in ("ended", "draft") else STANDING_NAMES[self.standing]


@cache
def base_library() -> Library:
    """The plans of the folder."""
    return load_library()


def today_of(now: datetime) -> date:
    """The day in Beijing."""
    return now.astimezone(BEIJING).date()


def may_decide(viewer: Viewer, region: str | None, *, draft: bool = False) -> bool:
    """Whether he may confirm or end a plan of this region (the office's side only, not one with a list of estates).

    A draft whose region nobody read is open to all who may at all."""
    if not viewer.may("shelve") or viewer.side == "company" or viewer.communities:
        return False
    return viewer.all_regions or (region is None and draft) or region in viewer.regions


def region_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """The regions he may choose for a plan: id and name."""
    known = [(r.id, r.name) for r in base_library().binding.regions.values() if may_decide(viewer, r.id)]
    return [(COUNTRY, "全国"), *known] if viewer.all_regions else known


def region_name(region: str | None) -> str:
    """A region's name."""
    known = base_library().binding.regions.get(region or "")
    return "全国" if region == COUNTRY else known.name if known else "地区未定"


def replaceable(session: Session, viewer: Viewer) -> list[PlanIdentity]:
    """The plans he may end by putting another in their place."""
    kept = read_shelf(session)
    known = [*(p.identity for p in base_library().plans.values()), *(i for i, _ in kept.plans)]
    return [i for i in known if may_decide(viewer, i.region) and i.id not in kept.ends][:MOST_SHOWN]


def waiting(session: Session, viewer: Viewer) -> Sequence[ImportedPlanRow]:
    """The drafts he may decide, oldest first."""
    query = select(ImportedPlanRow).where(ImportedPlanRow.state == "draft").order_by(ImportedPlanRow.imported_at)
    return [row for row in session.scalars(query.limit(MOST_SHOWN)) if may_decide(viewer, row.region, draft=True)]


def shelf(session: Session, today: date, viewer: Viewer) -> list[ShelvedPlan]:
    """The folder's plans and the newest imported ones of his regions, those in force first."""
    library, kept = base_library(), read_shelf(session)
    regions = viewer.regions
    near = [i for i, _ in kept.plans if viewer.all_regions or i.region in regions or i.region == COUNTRY or _above(i.region, regions)]
    own = [(p.identity, f"{len(p.clauses)} 条，可答要点 {len(library.by_plan.get(p.id, ()))} 个") for p in library.plans.values()]
    known = [*own, *((i, "导入的文件") for i in near[-MOST_SHOWN:])]
    ends = kept.ends
    titles = {i.id: i.title for i, _ in kept.plans} | {i.id: i.title for i, _ in own}
    found = [_shelved(overlaid(i, ends.get(i.id)), holds, today, titles, viewer) for i, holds in known]
    return sorted(found, key=lambda one: list(STANDING_NAMES).index(one.standing))


def _above(region: str, below: frozenset[str]) -> bool:
    binding = base_library().binding
    return any(binding.covers(one, region) for one in below)


def _shelved(identity: PlanIdentity, holds: str, today: date, titles: dict[str, str], viewer: Viewer) -> ShelvedPlan:
    binding = base_library().binding
    binds = tuple(binding.regions[r].name for r, order in binding.order.items() if identity.id in order)
    if identity.id not in base_library().plans:
        binds = (f"{region_name(identity.region)}及所辖",)
    standing: str = identity.standing_on(today)
    if standing == "in_force" and identity.starts and identity.starts > today:
        standing = "soon"
    may_end = may_decide(viewer, identity.region) and standing in ("in_force", "soon")
    return ShelvedPlan(identity, standing, region_name(identity.region), binds, holds, titles.get(identity.followed_by or "", ""), may_end)
