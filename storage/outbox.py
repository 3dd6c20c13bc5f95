"""The outbox: each ticket event is written in the ticket's own transaction and handed out at least once, in order per ticket."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from storage.models import OutboxRow, TicketRow

SOURCE = "/linda"
# The absolute URI naming the schema of every event's data: docs/schemas/ticket.v1.json carries it as `$id`.
DATA_SCHEMA = "urn:linda:schema:ticket.v1"
KINDS = ("opened", "updated", "escalated", "withdrawn", "closed")
TYPES = tuple(f"linda.ticket.{kind}.v1" for kind in KINDS)
MOST_ATTEMPTS = 5
# An event that failed twice among others is handed out alone, so that one poisoned event cannot bury its neighbours.
ALONE_FROM = 2
# Seconds before an event that was given back is handed out again, by attempts so far.
PAUSES = (0, 0, 5, 30, 120)


@dataclass(frozen=True)
class Lease:
    """Events handed out until `until`; without events `id` is None and nothing has to be given back."""

    id: str | None
    until: datetime
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Settled:
    """What an ack or nack found under its lease: events `now` settled, `already` settled before, `dead` given up for good.

    All zero: nobody holds that lease (never given, or its events were handed to somebody else after it ran out).
    """

    now: int = 0
    already: int = 0
    dead: int = 0

    @property
    def known(self) -> bool:
        """Whether any event still stands under the lease."""
        return bool(self.now or self.already or self.dead)


@dataclass(frozen=True)
class OutboxCounts:
    """Conservation: `issued` (counted by the events' own numbering) = waiting + leased + sent + dead, else `missing` is not 0."""

    issued: int
    waiting: int
    leased: int
    sent: int
    dead: int

    @property
    def missing(self) -> int:
        """Events that were issued and stand in no state any more; anything but 0 is a loss."""
        return self.issued - self.waiting - self.leased - self.sent - self.dead


def event_type(kind: str) -> str:
    """The full CloudEvents type of `opened` or of `linda.ticket.opened.v1`; anything else is a bug (ValueError)."""
    full = kind if kind in TYPES else f"linda.ticket.{kind}.v1"
    if full not in TYPES:
        raise ValueError(f"no event type {kind}")
    return full


def add_event(  # noqa: PLR0913 - the event's own fields
    session: Session, type_: str, ticket_number: str, region: str, payload: dict[str, Any], now: datetime
) -> OutboxRow:
    """Write one CloudEvents 1.0 event whose `data` is `payload` (a contract Ticket record) in the caller's transaction.

    The ticket's row is locked first, so that events of one ticket are numbered in the order in which they become visible.
    """
    full = event_type(type_)
    session.flush()
    session.execute(select(TicketRow.id).where(TicketRow.number == ticket_number).with_for_update())
    last = session.scalar(select(func.max(OutboxRow.sequence)).where(OutboxRow.subject == ticket_number))
    sequence = (last or 0) + 1
    event_id = uuid.uuid4().hex
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": full,
        "subject": ticket_number,
        "time": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
        "sequence": f"{sequence:010d}",
        "data": payload,
    }
    row = OutboxRow(
        event_id=event_id, type=full, subject=ticket_number, sequence=sequence, region=region, payload=event, made_at=now, state="waiting"
    )
    session.add(row)
    session.flush()
    return row


def _ready(now: datetime) -> ColumnElement[bool]:
    rested = or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until <= now)
    return and_(OutboxRow.state.in_(("waiting", "leased")), rested)


def _within(regions: Sequence[str]) -> ColumnElement[bool] | None:
    return OutboxRow.region.in_(tuple(regions)) if regions else None


def _candidates(session: Session, most: int, regions: Sequence[str], now: datetime) -> list[int]:
    """Ids of events that may be handed out together: the first open one of each ticket, oldest first."""
    earlier = aliased(OutboxRow)
    blocked = select(earlier.id).where(
        earlier.subject == OutboxRow.subject, earlier.id < OutboxRow.id, earlier.state.in_(("waiting", "leased"))
    )
    query = select(OutboxRow.id, OutboxRow.attempts).where(_ready(now), ~blocked.exists())
    scope = _within(regions)
    if scope is not None:
        query = query.where(scope)
    # SKIP LOCKED only spares PostgreSQL workers the wait (SQLite drops it); the claim below is what keeps events single.
    found = session.execute(query.order_by(OutboxRow.id).limit(most).with_for_update(skip_locked=True, of=OutboxRow)).all()
    if found and found[0].attempts >= ALONE_FROM:
        return [found[0].id]
    return [row.id for row in found if row.attempts < ALONE_FROM]


def _bury(session: Session, now: datetime) -> None:
    """Give up events whose last allowed hand-out ran out without a word."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.state == "leased", OutboxRow.leased_until <= now, OutboxRow.attempts >= MOST_ATTEMPTS)
        .values(state="dead", leased_until=None)
    )


def lease(session: Session, most: int, lease_s: float, regions: Sequence[str], now: datetime) -> Lease:
    """Claim up to `most` events for `lease_s` seconds, at most one per ticket, limited to `regions` (empty: all).

    Needs a writing transaction. What is neither acked nor nacked comes back when the lease runs out; an event handed out
    5 times in vain is dead (see `revive`) and no longer holds up its ticket's later events.
    """
    _bury(session, now)
    until = now + timedelta(seconds=lease_s)
    wanted = _candidates(session, most, regions, now)
    if not wanted:
        return Lease(None, until, ())
    lease_id = secrets.token_hex(16)
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_(wanted), _ready(now))
        .values(state="leased", lease_id=lease_id, leased_until=until, attempts=OutboxRow.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    claimed = session.scalars(select(OutboxRow.payload).where(OutboxRow.lease_id == lease_id).order_by(OutboxRow.id)).all()
    return Lease(lease_id if claimed else None, until, tuple(claimed))


def _under(session: Session, lease_id: str, state: str, regions: Sequence[str]) -> int:
    query = select(func.count()).select_from(OutboxRow).where(OutboxRow.lease_id == lease_id, OutboxRow.state == state)
    scope = _within(regions)
    return session.scalar(query if scope is None else query.where(scope)) or 0


def _settle(session: Session, lease_id: str, regions: Sequence[str], extra: Sequence[ColumnElement[bool]], values: dict[str, Any]) -> int:
    query = update(OutboxRow).where(OutboxRow.lease_id == lease_id, OutboxRow.state == "leased", *extra)
    scope = _within(regions)
    done = session.execute((query if scope is None else query.where(scope)).values(**values).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount


def ack(session: Session, lease_id: str, now: datetime, regions: Sequence[str] = ()) -> Settled:
    """The events of this lease have arrived for good. A repeat is harmless; a lease that ran out counts while nobody else took over."""
    done = _settle(session, lease_id, regions, (), {"state": "sent", "sent_at": now, "leased_until": None})
    return Settled(now=done, already=_under(session, lease_id, "sent", regions) - done)


def nack(session: Session, lease_id: str, now: datetime, regions: Sequence[str] = ()) -> Settled:
    """The events of this lease were not taken: back into the queue, from the second failure on after a pause; dead after 5."""
    dead = _settle(session, lease_id, regions, (OutboxRow.attempts >= MOST_ATTEMPTS,), {"state": "dead", "leased_until": None})
    back = 0
    for attempts in range(1, MOST_ATTEMPTS):
        values = {"state": "waiting", "lease_id": None, "leased_until": now + timedelta(seconds=PAUSES[attempts])}
        back += _settle(session, lease_id, regions, (OutboxRow.attempts == attempts,), values)
    return Settled(now=back, already=_under(session, lease_id, "sent", regions), dead=dead)


def revive(session: Session, event_id: str | None = None) -> int:
    """Put dead events (one, or all) back into the queue with five new attempts; gives back how many.

    A revived event may follow later ones of its ticket: its `sequence` tells the receiver.
    """
    query = update(OutboxRow).where(OutboxRow.state == "dead")
    if event_id is not None:
        query = query.where(OutboxRow.event_id == event_id)
    values = {"state": "waiting", "attempts": 0, "lease_id": None, "leased_until": None}
    done = session.execute(query.values(**values).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount


def counts(session: Session) -> OutboxCounts:
    """How many events stand where, and how many were ever issued (the sum of each ticket's highest event number)."""
    by_state = {state: number for state, number in session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))}
    highest = select(func.max(OutboxRow.sequence).label("highest")).group_by(OutboxRow.subject).subquery()
    issued = session.scalar(select(func.coalesce(func.sum(highest.c.highest), 0))) or 0
    return OutboxCounts(int(issued), *(by_state.get(state, 0) for state in ("waiting", "leased", "sent", "dead")))
