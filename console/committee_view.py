"""What the street sees of the committees: members, where each case stands, what is overdue; and the self-check lists."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from committee.cases import CaseView, view_case
from committee.checklist import Checked, CheckList, answered, checklists
from committee.disclosure import DisclosureView, overdue
from committee.procedures import Procedures
from config.refusal import Refused
from config.regions import Region
from console.access import Viewer
from console.desk import ConsoleDesk
from storage.committee_rows import CommitteeCaseRow, CommitteeMemberRow


@dataclass(frozen=True)
class EstateView:
    """One estate with what its committee does."""

    region: str
    region_name: str
    community: str
    members: tuple[CommitteeMemberRow, ...]
    cases: tuple[CaseView, ...]
    overdue: tuple[DisclosureView, ...]

    @property
    def late(self) -> int:
        """How much is past its date."""
        return len(self.overdue) + sum(len(case.late) for case in self.cases)

    @property
    def key(self) -> str:
        """How forms name the estate."""
        return f"{self.region}/{self.community}"


@cache
def procedures() -> Procedures:
    """The procedures, read once in a process."""
    return Procedures.load()


def estates_in_scope(desk: ConsoleDesk, viewer: Viewer) -> list[tuple[Region, str]]:
    """Every estate (region, name) this operator may see."""
    found = []
    for region in desk.regions.values():
        if not viewer.all_regions and region.id not in viewer.regions:
            continue
        found += [(region, c.name) for c in region.communities if not viewer.communities or c.name in viewer.communities]
    return found


def check_estate(desk: ConsoleDesk, viewer: Viewer, estate: str) -> tuple[str, str]:
    """The estate a form names, as (region, community). Refused when it is outside the operator's scope or none at all."""
    region, _, community = estate.partition("/")
    if (region, community) not in {(r.id, name) for r, name in estates_in_scope(desk, viewer)}:
        raise Refused("没有这个小区，或者不在您的范围里", "从列表里选小区", status=404, code="no_estate")
    return region, community


def committee_estates(session: Session, desk: ConsoleDesk, viewer: Viewer, now: datetime) -> list[EstateView]:
    """The estates in scope that have members, cases or something overdue; those with something late first."""
    scope = estates_in_scope(desk, viewer)
    regions = sorted({region.id for region, _ in scope})
    in_regions = CommitteeMemberRow.region.in_(regions), CommitteeMemberRow.state != "ended"
    members = list(session.scalars(select(CommitteeMemberRow).where(*in_regions).order_by(CommitteeMemberRow.id)))
    rows = select(CommitteeCaseRow).where(CommitteeCaseRow.region.in_(regions), CommitteeCaseRow.state == "open")
    cases = [view_case(session, procedures(), row, now) for row in session.scalars(rows.order_by(CommitteeCaseRow.id))]
    late = overdue(session, [(region.id, name) for region, name in scope], now)
    found = []
    for region, name in scope:
        here = (region.id, name)
        mine = tuple(m for m in members if (m.region, m.community) == here)
        own = tuple(c for c in cases if (c.region, c.community) == here)
        missing = tuple(v for v in late if (v.region, v.community) == here)
        if mine or own or missing:
            found.append(EstateView(region.id, region.name, name, mine, own, missing))
    return sorted(found, key=lambda e: (-e.late, e.region_name, e.community))


def member_in_scope(session: Session, desk: ConsoleDesk, viewer: Viewer, member_id: int) -> CommitteeMemberRow:
    """A member whose estate the operator may see. Refused otherwise, as if there were none."""
    row = session.get(CommitteeMemberRow, member_id)
    if row is None or (row.region, row.community) not in {(r.id, name) for r, name in estates_in_scope(desk, viewer)}:
        raise Refused("没有这位成员", "刷新页面看看", status=404, code="no_member")
    return row


def lists_of(session: Session, estate: tuple[str, str], viewer: Viewer, now: datetime) -> list[tuple[CheckList, list[Checked]]]:
    """The self-check lists of an estate: the company's for everybody, the authorities' not for the company's side."""
    audiences = ["company"] if viewer.side == "company" else ["company", "government"]
    lists = [one for audience in audiences for one in checklists(estate[0], audience)]
    said = answered(session, estate, lists, now)
    return [(one, [said[item.id] for item in one.items]) for one in lists]


def day_of(text: str) -> date:
    """The day of a form's date field. Refused when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("日期不对", "在日期框里选一天", status=422, code="day") from error
