"""Makes tickets with events for the outbox tests, without the rest of the product."""

from datetime import datetime

from sqlalchemy.orm import Session

from storage.models import TicketRow
from storage.outbox import add_event


def number_of(index: int) -> str:
    """A well-formed ticket number."""
    return f"LD261120{index:05d}"


def add_ticket(session: Session, index: int, now: datetime, region: str = "donghe") -> str:
    """A bare ticket row; gives back its number."""
    row = TicketRow(
        number=number_of(index), kind="repair", category="plumbing", state="submitted", region=region,
        description="水管漏水", lead_unit="物业", opened_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.number


def add_events(session: Session, index: int, now: datetime, *kinds: str, region: str = "donghe") -> str:
    """A ticket with these events."""
    number = add_ticket(session, index, now, region)
    for kind in kinds:
        add_event(session, kind, number, region, {"number": number, "kind_of_event": kind}, now)
    return number
