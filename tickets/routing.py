"""Who is responsible for a matter, by which clause (rules: config/regions/*.yaml)."""

from dataclasses import dataclass

from config.refusal import Refused
from config.regions import Community, Region, Source

COMPANY = "物业服务企业"  # the role as the plans name it; an estate's own company stands in for it when known


@dataclass(frozen=True)
class Route:
    """Where a ticket goes: lead unit, helpers, first level; `deadline` is the plan's date for its campaign, not the ticket's."""

    lead_unit: str
    support_units: tuple[str, ...]
    level: str
    deadline: str | None
    source: Source
    status: str  # in_force | ended | draft: standing of the plan the route stands in


def route(region: Region, category: str, kind: str, property_form: str | None, community: Community | None = None) -> Route:
    """The first rule that covers the ticket, the region's own before its parents'. Refused when nobody answers for it there."""
    form = property_form or (community.property_form if community else None)
    for rule in region.routes:
        if rule.covers(kind, category, form):
            own = community.company if community and community.company and rule.lead == COMPANY else None
            return Route(own or rule.lead, rule.support, rule.level, rule.deadline, rule.source, rule.status)
    raise Refused(f"{region.name}没有负责{category}的单位", "请选择具体的旗县区", status=422, code="no_route")
