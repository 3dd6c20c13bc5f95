"""The inbox: which tickets an operator sees, filtered and counted, each as one line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from console.access import Viewer
from console.clock_view import ClockView, pressing, read_clocks
from console.scope import searchable_text, tickets_of
from storage.masking import mask
from storage.models import ClockRow, ConversationRow, MessageRow, OperatorRow, TicketRow
from tickets.ticket import OPEN_STATES, STATES, Audience, clock_records, ticket_record

PAGE = 40
SHORT = 72
VIEWS = ("open", "urgent", "overdue", "unclaimed", "mine", "all")


@dataclass(frozen=True)
class Filters:
    """What the operator asked to see; an empty field does not narrow. `view` is one of VIEWS, `page` counts from 1."""

    view: str = "open"
    state: str = ""
    region: str = ""
    community: str = ""
    kind: str = ""
    category: str = ""
    q: str = ""
    sort: str = "new"
    page: int = 1

    def query(self, **changed: Any) -> str:
        """These filters, with some changed, as a query string; what is at its default is left out."""
        default = asdict(Filters())
        return urlencode({k: v for k, v in {**asdict(self), **changed}.items() if v != default[k]})

    @property
    def narrowed(self) -> bool:
        """Whether anything beside the tab narrows the list."""
        return any((self.state, self.region, self.community, self.kind, self.category, self.q))


@dataclass(frozen=True)
class TicketLine:
    """One line of the inbox."""

    number: str
    kind: str
    category: str
    state: str
    place: str
    summary: str
    opened_at: datetime
    urgent: bool
    level: str
    lead_unit: str
    holder: str
    mine: bool
    chased: int
    waiting: bool  # the resident has said something since an operator last wrote
    clock: ClockView | None


@dataclass(frozen=True)
class Inbox:
    """A page of the inbox with the counts of its tabs."""

    lines: list[TicketLine]
    counts: dict[str, int]
    total: int
    filters: Filters

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


def audience_of(viewer: Viewer) -> Audience:
    """Which record of a ticket this operator gets: the company side its own, onlookers the masked one."""
    if viewer.side == "company":
        return "company"
    return "office" if viewer.may("converse") else "queue"


def _overdue(now: datetime) -> ColumnElement[bool]:
    late = or_(ClockRow.state == "breached", and_(ClockRow.state == "running", ClockRow.due_at <= now))
    return and_(TicketRow.state.in_(OPEN_STATES), exists().where(ClockRow.ticket_id == TicketRow.id, ClockRow.ended_at.is_(None), late))


def _views(viewer: Viewer, now: datetime) -> dict[str, ColumnElement[bool]]:
    still_open = TicketRow.state.in_(OPEN_STATES)
    return {
        "open": still_open,
        "urgent": and_(still_open, TicketRow.urgent.is_(True)),
        "overdue": _overdue(now),
        "unclaimed": and_(still_open, TicketRow.claimed_by.is_(None)),
        "mine": and_(TicketRow.claimed_by == viewer.operator_id, TicketRow.state.in_((*OPEN_STATES, "resolved"))),
        "all": TicketRow.id.is_not(None),
    }


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _narrowed(filters: Filters, viewer: Viewer) -> list[ColumnElement[bool]]:
    columns = {"region": TicketRow.region, "community": TicketRow.community, "kind": TicketRow.kind, "category": TicketRow.category}
    found: list[ColumnElement[bool]] = [column == getattr(filters, name) for name, column in columns.items() if getattr(filters, name)]
    if filters.state in STATES:
        found.append(TicketRow.state == filters.state)
    if filters.q:
        number = TicketRow.number.like(_like(filters.q.upper().replace(" ", "")), escape="\\")
        words = and_(searchable_text(viewer), or_(*(c.like(_like(filters.q), escape="\\") for c in _SEARCHED)))
        found.append(or_(number, words))
    return found


_SEARCHED = (TicketRow.description, TicketRow.community, TicketRow.spot)


def chosen(viewer: Viewer, filters: Filters, now: datetime) -> Select[TicketRow]:
    """The tickets in scope that the filters let through, in the order asked for."""
    view = _views(viewer, now).get(filters.view, TicketRow.state.in_(OPEN_STATES))
    if filters.state or (filters.q and filters.view == "open"):
        view = _views(viewer, now)["all"]  # a state or a number is looked for everywhere, not only among the open ones
    query = select(TicketRow).where(tickets_of(viewer), view, *_narrowed(filters, viewer))
    pressing_first = case((and_(TicketRow.urgent.is_(True), TicketRow.state.in_(OPEN_STATES)), 0), else_=1)
    if filters.sort == "due":
        due = select(func.min(ClockRow.due_at)).where(ClockRow.ticket_id == TicketRow.id, ClockRow.ended_at.is_(None))
        soonest = due.correlate(TicketRow).scalar_subquery()
        return query.order_by(pressing_first, soonest.is_(None), soonest, TicketRow.id.desc())
    return query.order_by(pressing_first, TicketRow.id.desc())


def counts(session: Session, viewer: Viewer, now: datetime) -> dict[str, int]:
    """How many tickets each tab holds."""
    views = {name: condition for name, condition in _views(viewer, now).items() if name != "all"}
    sums = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(name) for name, condition in views.items()]
    wanted = or_(TicketRow.state.in_(OPEN_STATES), TicketRow.state == "resolved")
    row = session.execute(select(*sums).where(tickets_of(viewer), wanted)).one()
    return {name: int(value) for name, value in zip(views, row, strict=True)}


def read_inbox(session: Session, viewer: Viewer, filters: Filters, now: datetime) -> Inbox:
    """One page of the inbox for this operator."""
    query = chosen(viewer, filters, now)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    last = max(1, -(-total // PAGE))
    page = min(max(1, filters.page), last)
    rows = list(session.scalars(query.limit(PAGE).offset((page - 1) * PAGE)))
    return Inbox(_lines(session, viewer, rows, now), counts(session, viewer, now), total, Filters(**{**asdict(filters), "page": page}))


def _lines(session: Session, viewer: Viewer, rows: Sequence[TicketRow], now: datetime) -> list[TicketLine]:
    holders = _names(session, {row.claimed_by for row in rows if row.claimed_by})
    waiting = _waiting(session, {row.conversation_id for row in rows if row.conversation_id})
    return [_line(session, viewer, row, holders, waiting, now) for row in rows]


def _line(  # noqa: PLR0913 - what one line is put together from
    session: Session, viewer: Viewer, row: TicketRow, holders: dict[int, str], waiting: set[str], now: datetime
) -> TicketLine:
    record = _shown(session, viewer, row)
    clocks = read_clocks(session, row, clock_records(session, row), now)
    summary = " ".join(str(record["description"] or "").split())
    return TicketLine(
        number=row.number,
        kind=row.kind,
        category=row.category,
        state=row.state,
        place=place_words(record["place"]),
        summary=summary if len(summary) <= SHORT else f"{summary[:SHORT]}…",
        opened_at=row.opened_at,
        urgent=row.urgent,
        level=row.level,
        lead_unit=row.lead_unit,
        holder=holders.get(row.claimed_by or 0, ""),
        mine=row.claimed_by == viewer.operator_id,
        chased=row.chased,
        waiting=row.conversation_id in waiting and row.state in OPEN_STATES and not viewer.walled(row.kind),
        clock=pressing(clocks) if row.state in OPEN_STATES else None,
    )


def _shown(session: Session, viewer: Viewer, row: TicketRow) -> dict[str, Any]:
    """Place and description as this operator may see them; numbers are masked in a list in any case."""
    audience = audience_of(viewer)
    if audience != "office":
        return ticket_record(session, row, audience=audience)
    place = {k: getattr(row, k) for k in ("community", "building", "unit", "room", "spot")}
    return {"place": place, "description": mask(row.description)}


def place_words(place: dict[str, Any]) -> str:
    """A place in one line: 幸福里 3号楼 2单元 502 厨房."""
    building, unit = place.get("building"), place.get("unit")
    parts = [place.get("community"), building and f"{building}号楼", unit and f"{unit}单元", place.get("room"), place.get("spot")]
    return " ".join(str(part) for part in parts if part)


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    found = session.execute(select(OperatorRow.id, OperatorRow.name).where(OperatorRow.id.in_(ids)))
    return {row.id: row.name for row in found}


def _waiting(session: Session, conversations: set[str]) -> set[str]:
    """The conversations an operator has taken over in which the resident spoke last."""
    if not conversations:
        return set()
    newest = {
        author: func.max(case((MessageRow.author == author, MessageRow.id), else_=0)).label(author) for author in ("resident", "operator")
    }
    taken = ConversationRow.operator_id.is_not(None)
    query = (
        select(MessageRow.conversation_id, newest["resident"], newest["operator"])
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .where(MessageRow.conversation_id.in_(conversations), taken)
        .group_by(MessageRow.conversation_id)
    )
    return {row.conversation_id for row in session.execute(query) if row.resident > row.operator}
