"""Incidents: one cause of many reports (停水, 停电, 停暖, 电梯). One notice to all affected, new reporters told at once."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import regions
from config.words import Words
from config.yaml_text import read_yaml
from storage.models import (
    ConversationRow,
    FollowerRow,
    IncidentHearerRow,
    IncidentRow,
    IncidentTicketRow,
    OperatorRow,
    TicketRow,
)
from tickets.change_ticket import LINDA, Change, change_ticket
from tickets.notice import say_into
from tickets.ticket import OPEN_STATES

FILE = Path(__file__).resolve().parent / "incidents.yaml"
LOOK_BACK = timedelta(days=3)  # reports older than this belong to something else
LIVES_HERE = timedelta(days=60)  # a conversation last heard of within this time is told, if it is of that place


@dataclass(frozen=True)
class IncidentKind:
    """What kind of incident: its title and which reports belong to it."""

    id: str
    title: str
    categories: frozenset[str]
    words: re.Pattern[str] | None
    needs_building: bool

    def covers(self, row: TicketRow) -> bool:
        """Whether such an incident explains this report."""
        return row.category in self.categories and (self.words is None or bool(self.words.search(row.description)))


@dataclass(frozen=True)
class Opening:
    """What an operator says to open an incident; `buildings` empty: the whole community. Times are aware UTC."""

    kind: str
    region: str
    community: str
    buildings: tuple[str, ...]
    text: str
    expected_at: datetime | None = None


@dataclass(frozen=True)
class Suggestion:
    """Many open reports of one kind in one estate that no incident explains yet."""

    kind: str
    region: str
    community: str
    buildings: tuple[str, ...]
    numbers: tuple[str, ...]
    voices: int


@cache
def incident_kinds() -> dict[str, IncidentKind]:
    """The kinds by id, in file order."""
    raw = read_yaml(FILE.read_text(encoding="utf-8"))
    return {
        name: IncidentKind(
            name,
            entry["title"],
            frozenset(entry["categories"]),
            re.compile(entry["words"]) if "words" in entry else None,
            bool(entry.get("needs_building")),
        )
        for name, entry in raw.items()
        if isinstance(entry, dict)
    }


@cache
def suggest_from() -> int:
    """How many voices within a day make an incident worth suggesting."""
    return int(read_yaml(FILE.read_text(encoding="utf-8"))["suggest_from"])


def open_incident(session: Session, opening: Opening, operator: OperatorRow, now: datetime) -> IncidentRow:
    """Open an incident, link the open reports it explains and tell everybody affected once.

    Refused: without words, of an unknown kind, for a lift without its building, or when one of the kind is open there already.
    """
    kind = _checked(session, opening)
    row = IncidentRow(
        number=_number(session, opening, now),
        kind=kind.id,
        region=opening.region,
        community=opening.community,
        buildings=list(opening.buildings),
        text=opening.text.strip(),
        opened_by=operator.id,
        opened_at=now,
        expected_at=opening.expected_at,
    )
    session.add(row)
    session.flush()
    for ticket in _explained(session, row, now):
        link_ticket(session, row, ticket, operator.name, now)
    _tell_begun(session, row, _affected(session, row, now), now)
    return row


def _checked(session: Session, opening: Opening) -> IncidentKind:
    kind = incident_kinds().get(opening.kind)
    if kind is None or opening.region not in regions() or not opening.community.strip():
        raise Refused("事件的种类、地区和小区要写全", "从列表里选", status=422, code="incident")
    if not opening.text.strip():
        raise Refused("要写明发生了什么", "写一句居民看得懂的话，例如“主管爆裂，正在抢修”", status=422, code="reason_missing")
    if kind.needs_building and not opening.buildings:
        raise Refused(f"{kind.title}要写明楼号", "写出受影响的楼号", status=422, code="incident")
    for other in open_incidents(session, opening.region, opening.community):
        both = not other.buildings or not opening.buildings or set(other.buildings) & set(opening.buildings)
        if other.kind == kind.id and both:
            raise Refused(f"这里已有同样的事件 {other.number}", "在那个事件里更新", status=409, code="incident_open")
    return kind


def _number(session: Session, opening: Opening, now: datetime) -> str:
    day = f"SJ{now.astimezone(ZoneInfo(regions()[opening.region].timezone)):%y%m%d}"
    while True:
        number = f"{day}{secrets.randbelow(10_000):04d}"
        if session.scalar(select(IncidentRow.id).where(IncidentRow.number == number)) is None:
            return number


def open_incidents(session: Session, region: str, community: str | None) -> list[IncidentRow]:
    """The incidents going on in an estate, newest first."""
    query = select(IncidentRow).where(IncidentRow.region == region, IncidentRow.community == community, IncidentRow.state == "open")
    return list(session.scalars(query.order_by(IncidentRow.id.desc())))


def incident_for(session: Session, ticket: TicketRow) -> IncidentRow | None:
    """The open incident that explains this report, newest first."""
    if ticket.kind != "repair":
        return None
    for row in open_incidents(session, ticket.region, ticket.community):
        if _is_here(row, ticket.building) and incident_kinds()[row.kind].covers(ticket):
            return row
    return None


def _is_here(row: IncidentRow, building: str | None) -> bool:
    kind = incident_kinds()[row.kind]
    return not row.buildings or building in row.buildings or (building is None and not kind.needs_building)


def join_incident(session: Session, ticket: TicketRow, now: datetime) -> IncidentRow | None:
    """For a ticket just opened: link it to the incident that explains it and tell its author at once; None when there is none."""
    row = incident_for(session, ticket)
    if row is None:
        return None
    link_ticket(session, row, ticket, LINDA, now)
    if ticket.conversation_id:
        _tell_begun(session, row, [ticket.conversation_id], now)
    return row


def link_ticket(session: Session, row: IncidentRow, ticket: TicketRow, by: str, now: datetime) -> None:
    """Hang a ticket on an incident; a ticket that already hangs on one stays there."""
    if session.get(IncidentTicketRow, ticket.id) is not None:
        return
    session.add(IncidentTicketRow(ticket_id=ticket.id, incident_id=row.id, linked_at=now))
    session.flush()
    data = {"incident": row.number, "title": incident_kinds()[row.kind].title}
    change_ticket(session, ticket, Change("incident_linked", by, data=data, notice=False), now)


def linked_tickets(session: Session, row: IncidentRow) -> list[TicketRow]:
    """The tickets of an incident, oldest first."""
    query = select(TicketRow).join(IncidentTicketRow, IncidentTicketRow.ticket_id == TicketRow.id)
    return list(session.scalars(query.where(IncidentTicketRow.incident_id == row.id).order_by(TicketRow.id)))


def count_hearers(session: Session, row: IncidentRow) -> int:
    """How many conversations were told."""
    return session.scalar(select(func.count()).where(IncidentHearerRow.incident_id == row.id)) or 0


def end_incident(session: Session, row: IncidentRow, text: str, operator: OperatorRow, now: datetime) -> IncidentRow:
    """It is over: the linked tickets still open are resolved with what was done, and everybody told hears of it once."""
    session.flush()
    session.refresh(row, with_for_update=True)
    if row.state != "open":
        raise Refused(f"事件 {row.number} 已经结束", "不用再结束一次", status=409, code="over")
    if not text.strip():
        raise Refused("要写明做了什么", "例如“换了主管阀门，供水已恢复”", status=422, code="reason_missing")
    row.state, row.over_at, row.over_text = "over", now, text.strip()
    for ticket in linked_tickets(session, row):
        if ticket.state in OPEN_STATES:
            data = {"incident": row.number}
            change_ticket(session, ticket, Change("resolved", operator.name, text.strip(), state="resolved", data=data, notice=False), now)
    _tell_over(session, row, now)
    return row


def _explained(session: Session, row: IncidentRow, now: datetime) -> list[TicketRow]:
    query = select(TicketRow).where(
        TicketRow.region == row.region,
        TicketRow.community == row.community,
        TicketRow.kind == "repair",
        TicketRow.state.in_(OPEN_STATES),
        TicketRow.opened_at > now - LOOK_BACK,
    )
    kind = incident_kinds()[row.kind]
    return [one for one in session.scalars(query.order_by(TicketRow.id)) if _is_here(row, one.building) and kind.covers(one)]


def _affected(session: Session, row: IncidentRow, now: datetime) -> list[str]:
    """The conversations of linked tickets, of those who joined them, and of residents known to live there."""
    ids = [ticket.id for ticket in linked_tickets(session, row)]
    told = [c for c in session.scalars(select(TicketRow.conversation_id).where(TicketRow.id.in_(ids)).order_by(TicketRow.id)) if c]
    told += session.scalars(select(FollowerRow.conversation_id).where(FollowerRow.ticket_id.in_(ids)).order_by(FollowerRow.id))
    here = select(ConversationRow).where(
        ConversationRow.region == row.region, ConversationRow.seen_at > now - LIVES_HERE, ConversationRow.erased_at.is_(None)
    )
    told += [one.id for one in session.scalars(here.order_by(ConversationRow.id)) if _lives_here(row, one)]
    return list(dict.fromkeys(told))


def _lives_here(row: IncidentRow, conversation: ConversationRow) -> bool:
    place = conversation.place or {}
    if place.get("community") != row.community:
        return False
    return not row.buildings or place.get("building") in row.buildings


def _tell_begun(session: Session, row: IncidentRow, conversations: Iterable[str], now: datetime) -> None:
    for conversation_id in conversations:
        conversation = session.get(ConversationRow, conversation_id)
        if conversation is None or conversation.erased_at is not None:
            continue
        if session.get(IncidentHearerRow, (row.id, conversation_id)) is not None:
            continue
        session.add(IncidentHearerRow(incident_id=row.id, conversation_id=conversation_id, told_at=now))
        say_into(session, conversation, incident_words(row, Words(conversation.locale)), now)
    session.flush()


def _tell_over(session: Session, row: IncidentRow, now: datetime) -> None:
    for hearer in session.scalars(select(IncidentHearerRow).where(IncidentHearerRow.incident_id == row.id).order_by("conversation_id")):
        conversation = session.get(ConversationRow, hearer.conversation_id)
        if hearer.over_told_at is not None or conversation is None or conversation.erased_at is not None:
            continue
        hearer.over_told_at = now
        words = Words(conversation.locale)
        say_into(session, conversation, words("incident_over", **_values(row, words)), now)
    session.flush()


def incident_words(row: IncidentRow, words: Words) -> str:
    """What residents hear when an incident begins: what, where, why, until when."""
    values = _values(row, words)
    said = words("incident_begun", **values)
    return f"{said}\n{words('incident_expected', **values)}" if row.expected_at else said


def _values(row: IncidentRow, words: Words) -> dict[str, str]:
    zone = ZoneInfo(regions()[row.region].timezone)
    where = "、".join(words("incident_building", building=b) for b in row.buildings) or words("incident_whole")
    return {
        "title": incident_kinds()[row.kind].title,
        "community": row.community,
        "where": where,
        "text": row.text,
        "over_text": row.over_text or "",
        "expected": f"{row.expected_at.astimezone(zone):%m月%d日 %H:%M}" if row.expected_at else "",
    }


def suggest_incidents(session: Session, now: datetime) -> list[Suggestion]:
    """Where many people report the same outage within a day and nobody has opened an incident yet, most voices first."""
    linked = select(IncidentTicketRow.ticket_id)
    query = select(TicketRow).where(
        TicketRow.kind == "repair",
        TicketRow.state.in_(OPEN_STATES),
        TicketRow.opened_at > now - timedelta(days=1),
        TicketRow.community.is_not(None),
        TicketRow.id.not_in(linked),
    )
    groups: dict[tuple[str, str, str, str], list[TicketRow]] = {}
    for row in session.scalars(query.order_by(TicketRow.id)):
        for kind in incident_kinds().values():
            if kind.covers(row):
                within = (row.building or "") if kind.needs_building else ""
                groups.setdefault((kind.id, row.region, str(row.community), within), []).append(row)
    met = _met(session, [row.id for rows in groups.values() for row in rows])
    found = [
        Suggestion(kind, region, community, tuple(sorted({r.building for r in rows if r.building})), tuple(r.number for r in rows), voices)
        for (kind, region, community, _), rows in groups.items()
        if (voices := len(rows) + sum(met.get(r.id, 0) for r in rows)) >= suggest_from()
    ]
    return sorted(found, key=lambda one: -one.voices)


def _met(session: Session, ids: list[int]) -> dict[int, int]:
    query = select(FollowerRow.ticket_id, func.count()).where(FollowerRow.ticket_id.in_(ids)).group_by(FollowerRow.ticket_id)
    return {ticket: int(count) for ticket, count in session.execute(query)} if ids else {}
