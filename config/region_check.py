"""What must hold between the region files: parents exist, categories are known, every matter has somebody who answers for it."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from config.categories import categories
from config.region_file import Fault, ReadFile, RegionFile, RouteEntry

FORMS = ("market", "quasi", "basic", "community", "self")


def check_regions(files: list[ReadFile]) -> list[Fault]:
    """All faults of all files, those of form first found by each file's reader; empty when everything holds."""
    faults = [fault for file in files for fault in file.faults]
    read = [(file, file.region) for file in files if file.region]
    by_id = {region.id: region for _, region in read}
    unread = {file.path.stem for file in files if file.region is None}  # their own faults are told; nobody else is blamed for them
    if not files:
        faults.append(Fault("config/regions", 1, "没有一个地区文件"))
    for file, region in read:
        faults.extend(_names(file, region, by_id))
        faults.extend(_parents(file, region, by_id, unread))
        faults.extend(_communities(file, region))
        faults.extend(_categories(file, region))
        line = _line(region, by_id)
        if line is not None:
            faults.extend(_plans(file, region, line))
            if region.selectable:
                faults.extend(_unanswered(file, line))
                faults.extend(_desks(file, line))
    return sorted(faults)


def _names(file: ReadFile, region: RegionFile, by_id: dict[str, RegionFile]) -> Iterator[Fault]:
    if file.path.stem != region.id:
        yield file.fault(("id",), f"文件名应是 {region.id}.yaml")
    twin = next((r for r in by_id.values() if r.code == region.code and r.id != region.id), None)
    if twin:
        yield file.fault(("code",), f"区划代码 {region.code} 与 {twin.id} 相同")
    if region.timezone is not None:
        try:
            ZoneInfo(region.timezone)
        except (KeyError, ValueError, OSError):
            yield file.fault(("timezone",), f"没有时区 {region.timezone}")


def _parents(file: ReadFile, region: RegionFile, by_id: dict[str, RegionFile], unread: set[str]) -> Iterator[Fault]:
    seen, parent = {region.id}, region.parent
    while parent is not None and parent in by_id and parent not in seen:
        seen.add(parent)
        parent = by_id[parent].parent
    if parent in seen:
        yield file.fault(("parent",), f"上级地区绕成了圈：{parent}")
    elif region.parent is not None and region.parent not in by_id and region.parent not in unread:
        yield file.fault(("parent",), f"上级地区 {region.parent} 没有文件")


def _communities(file: ReadFile, region: RegionFile) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for place, community in enumerate(region.communities):
        for name in (community.id, community.name, *community.aliases):
            if name in seen:
                yield file.fault(("communities", place), f"{community.name} 的名称 {name} 已用于 {seen[name]}")
            seen[name] = community.name


def _categories(file: ReadFile, region: RegionFile) -> Iterator[Fault]:
    known = categories()
    for place, route in enumerate(region.routes):
        for name in route.categories:
            if name != "*" and name not in known:
                yield file.fault(("routes", place, "categories"), f"没有类别 {name}")
    for place, clock in enumerate(region.clocks):
        for name in clock.categories:
            if name not in known:
                yield file.fault(("clocks", place, "categories"), f"没有类别 {name}")


def _line(region: RegionFile, by_id: dict[str, RegionFile]) -> list[RegionFile] | None:
    """The region and its parents; None when one is missing or they run in a circle."""
    line = [region]
    while line[-1].parent is not None:
        parent = by_id.get(line[-1].parent)
        if parent is None or parent in line:
            return None
        line.append(parent)
    return line


def _plans(file: ReadFile, region: RegionFile, line: list[RegionFile]) -> Iterator[Fault]:
    """A rule may only stand on a plan that binds here (a selectable region lists them all)."""
    binding = {plan for one in line for plan in one.plans}
    where: list[tuple[tuple[str | int, ...], str]] = [(("routes", i, "source"), r.source.plan) for i, r in enumerate(region.routes)]
    where += [(("clocks", i, "source"), c.source.plan) for i, c in enumerate(region.clocks)]
    where += [(("targets", i, "source"), t.source.plan) for i, t in enumerate(region.targets)]
    if region.ladder:
        where.append((("ladder", "source"), region.ladder.source.plan))
    for place, plan in where:
        if plan not in binding:
            yield file.fault(place, f"文件 {plan} 对 {region.name} 没有约束力（不在 plans 里）")


def _unanswered(file: ReadFile, line: list[RegionFile]) -> Iterator[Fault]:
    """Every category, kind and form must meet a route, or the residents' reports would have nobody."""
    routes = [route for one in line for route in one.routes]
    for kind, category in [*((c.kind, c.id) for c in categories().values()), ("handoff", "other_complaint")]:
        missing = [form for form in (None, *FORMS) if not _answered(routes, kind, category, form)]
        if missing:
            forms = "、".join(form or "未知形态" for form in missing)
            yield file.fault(("routes",), f"{kind}/{category} 没有人负责（{forms}）")


def _answered(routes: Iterable[RouteEntry], kind: str, category: str, form: str | None) -> bool:
    return any(
        (category in r.categories or "*" in r.categories) and (not r.kinds or kind in r.kinds) and (not r.forms or form in r.forms)
        for r in routes
    )


def _desks(file: ReadFile, line: list[RegionFile]) -> Iterator[Fault]:
    """Each level a ticket can climb to, and each it can begin at, has somebody sitting there."""
    desks = {level for one in line for level in one.desks}
    ladder = next((one.ladder for one in line if one.ladder), None)
    needed = {"company"} | {route.level for one in line for route in one.routes}
    needed |= {rung.climbs_to for rung in ladder.rungs} if ladder else set()
    for level in sorted(needed - desks):
        yield file.fault(("desks",), f"级别 {level} 没有写是谁（desks）")
