"""A ticket as everybody else sees it: its states, which may follow which, and the record each audience gets."""

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import LEVELS
from config.words import Words
from storage.masking import mask
from storage.models import ClockRow, TicketEventRow, TicketRow
from tickets.firewall import NOT_FOR_COMPANY, hide_author, names_said, shown_place, without_stars

Audience = Literal["resident", "company", "office", "queue"]

STATES = ("submitted", "accepted", "in_progress", "resolved", "closed", "reopened", "rejected", "merged", "withdrawn")
OPEN_STATES = ("submitted", "accepted", "in_progress", "reopened")
_ENDINGS = frozenset({"rejected", "merged", "withdrawn"})

# Steps may be skipped forwards: the backend's news can arrive late or out of order (contract 4). Backwards only by reopening.
# A merge is undone to the state before it, and only as `unmerged`.
NEXT_STATES: dict[str, frozenset[str]] = {
    "submitted": frozenset({"accepted", "in_progress", "resolved", "closed"}) | _ENDINGS,
    "accepted": frozenset({"in_progress", "resolved", "closed"}) | _ENDINGS,
    "in_progress": frozenset({"resolved", "closed"}) | _ENDINGS,
    "resolved": frozenset({"closed", "reopened"}),
    "closed": frozenset({"reopened"}),
    "reopened": frozenset({"accepted", "in_progress", "resolved", "closed"}) | _ENDINGS,
    "rejected": frozenset({"reopened"}),
    "merged": frozenset(OPEN_STATES),
    "withdrawn": frozenset(),
}


def level_rank(level: str) -> int:
    """How high a level stands: company 0 … region 3."""
    return LEVELS.index(level)


def rfc3339(moment: datetime) -> str:
    """A moment as the contract writes it (UTC, `Z`)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ticket_record(session: Session, row: TicketRow, *, audience: Audience) -> dict[str, Any]:
    """The contract's Ticket for one audience. Nobody gets the author's name or phone.

    `company` and `queue` get texts masked of phones and identity numbers, only public history, and of a complaint neither the
    author's door nor the words by which they show who they are; only `office` gets internal history. Of the emergencies the company's
    side must not learn of, `queue` gets neither words nor a place beyond the estate; `company` is refused them (403).
    """
    if audience == "company" and row.category in NOT_FOR_COMPANY:
        raise Refused("这类紧急事项不向物业企业公开", "由街道（镇）、社区和公安派出所处理", status=403, code="walled")
    session.flush()
    outside = audience in ("company", "queue")
    guarded = outside and row.kind == "complaint"
    names = names_said(row.description, *_said(session, row)) if guarded else None
    record = {
        "number": row.number,
        "kind": row.kind,
        "category": row.category,
        "state": row.state,
        "place": {
            "region": row.region,
            "community": row.community,
            "building": shown_place(row.category, row.building) if guarded else row.building,
            "unit": None if guarded else row.unit,
            "room": None if guarded else row.room,
            "spot": _shown(row.spot, outside, names),
        },
        "description": _shown(row.description, outside, names),
        "lead_unit": row.lead_unit,
        "support_units": list(row.support_units),
        "level": row.level,
        "clocks": clock_records(session, row),
        "opened_at": rfc3339(row.opened_at),
        "history": _history(session, row, audience, names),
    }
    return _without_matter(record) if audience == "queue" and row.category in NOT_FOR_COMPANY else record


def _without_matter(record: dict[str, Any]) -> dict[str, Any]:
    """A record of which only the estate, the state and the clocks may leave the office."""
    place = {name: value if name in ("region", "community") else None for name, value in record["place"].items()}
    history = [{**line, "text": ""} for line in record["history"]]
    return {**record, "place": place, "description": Words()("hidden_matter"), "history": history}


def _shown(text: str | None, outside: bool, names: tuple[str, ...] | None) -> str | None:
    """`text` for an audience; `names` is None when the firewall does not stand before it, else what it must not hold."""
    if text is None or not outside:
        return text
    return mask(text) if names is None else without_stars(mask(hide_author(text, names)))


def clock_records(session: Session, row: TicketRow) -> list[dict[str, Any]]:
    """The contract's clocks: of each promise its newest run; a run that was called off (withdrawn, merged) is not shown."""
    newest: dict[tuple[str, str, str], ClockRow] = {}
    for clock in session.scalars(select(ClockRow).where(ClockRow.ticket_id == row.id).order_by(ClockRow.id)):
        newest[clock.name, clock.source_plan, clock.source_clause] = clock
    return [
        {
            "name": clock.name,
            "due_at": rfc3339(clock.due_at) if clock.due_at else None,
            "source": {"plan": clock.source_plan, "clause": clock.source_clause},
            "state": clock.state,
        }
        for clock in newest.values()
        if clock.state != "stopped"
    ]


def _said(session: Session, row: TicketRow) -> list[str]:
    """What stands in the history of a ticket, for the names in it."""
    return list(session.scalars(select(TicketEventRow.text).where(TicketEventRow.ticket_id == row.id)))


def _history(session: Session, row: TicketRow, audience: Audience, names: tuple[str, ...] | None) -> list[dict[str, Any]]:
    query = select(TicketEventRow).where(TicketEventRow.ticket_id == row.id).order_by(TicketEventRow.seq)
    if audience != "office":
        query = query.where(TicketEventRow.public.is_(True))
    outside = audience in ("company", "queue")
    return [
        {"at": rfc3339(e.at), "event": e.event, "by": e.by, "text": _shown(event_text(e), outside, names)} for e in session.scalars(query)
    ]


def event_text(event: TicketEventRow) -> str:
    """What a line of history says: the words given, else the catalogue's words for the event with its data."""
    words, name = Words(), f"history_{said_as(event.event, event.data)}"
    if event.text or not words.has(name):
        return event.text
    try:
        return words(name, **event.data)
    except KeyError:  # an event of this name from outside, without our data: its name alone says enough
        return ""


def said_as(event: str, data: dict[str, Any]) -> str:
    """The name under which the catalogue speaks of an event: its own, with its `why` when it has one (escalated_handle)."""
    return f"{event}_{data['why']}" if "why" in data else event
