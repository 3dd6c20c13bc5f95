"""Tickets as Open311 service requests: which ones a query means, and how one is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.api_keys import ApiCaller
from config.categories import categories
from config.refusal import Refused
from storage.models import TicketRow
from tickets.ticket import OPEN_STATES, rfc3339, ticket_record

SPAN = timedelta(days=90)  # the standard's default and longest span
MOST = 1000


@dataclass(frozen=True)
class Query:
    """What GET requests asks for; empty fields mean all. Times are aware."""

    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    status: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    region: str | None = None
    page: int = 1
    page_size: int = 100


def parse_time(value: str | None, name: str) -> datetime | None:
    """An RFC 3339 time; without offset it means UTC. Refused (400) when it is none."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value.strip().replace(" ", "+"))
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(f"{name} 不是时间", "写成 2026-11-20T09:30:00Z", code="bad_time") from None


def find_requests(session: Session, who: ApiCaller, query: Query, now: datetime) -> Sequence[TicketRow]:
    """The tickets within the key's regions, newest first; by number alone, or within a span of at most 90 days."""
    wanted = select(TicketRow).where(TicketRow.kind != "handoff").order_by(TicketRow.id.desc())
    if who.regions:
        wanted = wanted.where(TicketRow.region.in_(who.regions))
    if query.region:
        wanted = wanted.where(TicketRow.region == query.region)
    if query.numbers:
        return session.scalars(wanted.where(TicketRow.number.in_(query.numbers[:MOST]))).all()
    end = query.end or (query.start + SPAN if query.start else now)
    start = max(query.start or end - SPAN, end - SPAN)
    wanted = wanted.where(TicketRow.opened_at >= start, TicketRow.opened_at <= end)
    if query.codes:
        wanted = wanted.where(TicketRow.category.in_(query.codes))
    if query.status == "open":
        wanted = wanted.where(TicketRow.state.in_(OPEN_STATES))
    elif query.status == "closed":
        wanted = wanted.where(TicketRow.state.not_in(OPEN_STATES))
    return session.scalars(wanted.offset((query.page - 1) * query.page_size).limit(query.page_size)).all()


def request_record(session: Session, row: TicketRow) -> dict[str, Any]:
    """One service request, masked as for every other system: never who reported it."""
    record = ticket_record(session, row, audience="queue")
    place = record["place"]
    parts = (place["community"], place["building"] and f"{place['building']}号楼", place["unit"] and f"{place['unit']}单元", place["room"])
    resolve = next((clock["due_at"] for clock in record["clocks"] if clock["name"] == "resolve"), None)
    told = [line["text"] for line in record["history"] if line["text"]]
    category = categories().get(row.category)
    return {
        "service_request_id": row.number,
        "status": "open" if row.state in OPEN_STATES else "closed",
        "status_notes": told[-1] if told else None,
        "service_name": category.title if category else row.category,
        "service_code": row.category,
        "description": record["description"],
        "agency_responsible": record["lead_unit"],
        "service_notice": None,
        "requested_datetime": rfc3339(row.opened_at),
        "updated_datetime": rfc3339(row.changed_at),
        "expected_datetime": resolve,
        "address": "".join(filter(None, (*parts, place["spot"] and f" {place['spot']}"))).strip(),
        "address_id": None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }
