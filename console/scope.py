"""The rows an operator may see, as conditions of every query."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from config.regions import Region
from console.access import Viewer
from storage.models import IncidentRow, TicketRow, UnansweredRow
from tickets.firewall import NOT_FOR_COMPANY

_OF_COMPANY = ("repair", "emergency", "complaint")


def with_all_below(wanted: Sequence[str], regions: Mapping[str, Region]) -> frozenset[str]:
    """The regions of `wanted` and every region below them; unknown ids are dropped (they give no access)."""
    found = {one for one in wanted if one in regions}
    while True:
        more = {r.id for r in regions.values() if r.parent in found} - found
        if not more:
            return frozenset(found)
        found |= more


def community_names(wanted: Sequence[str], within: frozenset[str], regions: Mapping[str, Region]) -> frozenset[str]:
    """All spellings (id, name, aliases) of the estates an operator was given, so that a ticket is found however it names them."""
    names = set(wanted)
    for region_id in within:
        for one in wanted:
            known = regions[region_id].community(one)
            if known is not None:
                names |= {known.id, known.name, *known.aliases}
    return frozenset(names)


def _regions(viewer: Viewer, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    if viewer.all_regions:
        return true()
    return column.in_(sorted(viewer.regions)) if viewer.regions else false()


def tickets_of(viewer: Viewer) -> ColumnElement[bool]:
    """The tickets this operator may see at all.

    The company side never sees hand-overs (they quote what was said to Linda) nor the emergencies it must not learn of.
    """
    conditions = [_regions(viewer, TicketRow.region)]
    if viewer.communities:
        conditions.append(TicketRow.community.in_(sorted(viewer.communities)))
    if viewer.side == "company":
        conditions.append(TicketRow.kind.in_(_OF_COMPANY))
        conditions.append(TicketRow.category.not_in(sorted(NOT_FOR_COMPANY)))
    return and_(*conditions)


def unanswered_of(viewer: Viewer) -> ColumnElement[bool]:
    """The unanswered questions this operator may review: those of his regions; without a region only for those who see all."""
    if viewer.side == "company":
        return false()
    if viewer.all_regions:
        return true()
    return and_(UnansweredRow.region.is_not(None), _regions(viewer, UnansweredRow.region))


def incidents_of(viewer: Viewer) -> ColumnElement[bool]:
    """The incidents this operator may see: those of his regions and estates."""
    conditions = [_regions(viewer, IncidentRow.region)]
    if viewer.communities:
        conditions.append(IncidentRow.community.in_(sorted(viewer.communities)))
    return and_(*conditions)


def searchable_text(viewer: Viewer) -> ColumnElement[bool]:
    """Tickets whose description may be searched; a search would otherwise tell what the firewall hides."""
    return or_(TicketRow.kind != "complaint", true() if viewer.side != "company" else false())


def sees(viewer: Viewer, region: str, community: str | None, kind: str, category: str = "") -> bool:
    """`tickets_of` for one ticket already at hand; a test holds the two together."""
    if not viewer.all_regions and region not in viewer.regions:
        return False
    if viewer.communities and community not in viewer.communities:
        return False
    return viewer.side != "company" or (kind in _OF_COMPANY and category not in NOT_FOR_COMPANY)
