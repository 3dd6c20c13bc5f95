"""Change a ticket: the one way in which its state, units and level move, with history, clocks, event and notice in one transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.words import Words
from storage.models import TicketEventRow, TicketRow
from storage.outbox import add_event
from tickets.clocks import move_clocks, resume_clocks
from tickets.notice import tell_all
from tickets.ticket import NEXT_STATES, STATES, said_as, ticket_record

RESIDENT = "resident"  # `by` of what the author did; who that is stands nowhere in the history
LINDA = "linda"  # `by` of what the rules did
_OWN_EVENT = {"withdrawn": "withdrawn", "closed": "closed"}


@dataclass(frozen=True)
class Change:
    """One change. `event` names it (accepted, replied, escalated…), `by` who did it, `text` what was said.

    `state`, `lead_unit`, `level`: the new values, None to leave them. `public` shows it to the resident; `notice` says it into
    the conversation as well (never for what the resident did). `data` fills the words of the event.
    """

    event: str
    by: str
    text: str = ""
    state: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    public: bool = True
    lead_unit: str | None = None
    level: str | None = None
    notice: bool = True


def lock_ticket(session: Session, row: TicketRow) -> None:
    """Hold the ticket until the transaction ends and see it as it is now (SQLite: the writing transaction already does)."""
    session.flush()
    session.refresh(row, with_for_update=True)


def change_ticket(session: Session, row: TicketRow, change: Change, now: datetime) -> TicketRow:
    """Apply `change` in the caller's transaction. Refused (409, with what is possible instead) when the state table forbids it."""
    lock_ticket(session, row)
    _check(row, change)
    data = dict(change.data)
    if change.state is not None:
        data |= _enter(session, row, change, now)
    row.lead_unit = change.lead_unit or row.lead_unit
    row.level = change.level or row.level
    row.version += 1
    row.changed_at = now
    _remember(session, row, change, data, now)
    if change.public or change.state or change.level or change.lead_unit:
        kind = "escalated" if change.event == "escalated" else _OWN_EVENT.get(change.state or "", "updated")
        add_event(session, kind, row.number, row.region, ticket_record(session, row, audience="queue"), now)
    if change.public and change.notice and change.by != RESIDENT:
        tell_all(session, row, _spoken(change, data), {**data, "text": change.text}, now)
    return row


def _spoken(change: Change, data: dict[str, Any]) -> str:
    """Which words a notice uses: those of the event when it has its own, else those of the state."""
    name = said_as(change.event, data)
    return name if change.state is None or Words().has(f"notice_{name}") else change.state


def _check(row: TicketRow, change: Change) -> None:
    if change.state is None:
        return
    words = Words()
    if change.state not in STATES:
        raise Refused(f"没有状态 {change.state}", f"可用的状态：{'、'.join(STATES)}", code="unknown_state")
    allowed = NEXT_STATES[row.state]
    if change.state not in allowed or (row.state == "merged") != (change.event == "unmerged"):
        now_is = words(f"state_{row.state}")
        possible = "、".join(s for s in STATES if s in allowed) if row.state != "merged" else ""
        remedy = f"现在可以改为：{possible}" if possible else "并入的工单先撤销合并" if row.state == "merged" else "请另开一张工单"
        raise Refused(f"工单 {row.number} 是“{now_is}”，不能改为“{words(f'state_{change.state}')}”", remedy, status=409, code="transition")
    if change.state == "merged" and row.merged_into is None:
        raise Refused("合并要说明并到哪张工单", "由值班人员在控制台合并", status=409, code="use_merge")
    if change.state == "rejected" and not change.text.strip():
        raise Refused("不受理必须写明理由", "写一句居民看得懂的理由", status=422, code="reason_missing")


def _enter(session: Session, row: TicketRow, change: Change, now: datetime) -> dict[str, Any]:
    """Move into the new state with its clocks and dates; gives back what the history should remember of it."""
    assert change.state is not None
    before, row.state = row.state, change.state
    remembered: dict[str, Any] = {"from": before, "to": change.state}
    if before == "merged":
        row.merged_into = None
        resume_clocks(session, row)
    else:
        late = move_clocks(session, row, change.state, now)
        if late:
            remembered["late"] = late
    if change.state == "resolved":
        row.resolved_at = now
    elif change.state in ("closed", "withdrawn", "rejected", "merged"):
        row.closed_at = now
        row.reason = change.text or None
    elif change.state in ("reopened", "submitted", "accepted", "in_progress"):
        row.closed_at, row.reason = None, None
        row.resolved_at = None if change.state == "reopened" else row.resolved_at
    return remembered


def _remember(session: Session, row: TicketRow, change: Change, data: dict[str, Any], now: datetime) -> None:
    last = session.scalar(select(func.max(TicketEventRow.seq)).where(TicketEventRow.ticket_id == row.id)) or 0
    session.add(
        TicketEventRow(
            ticket_id=row.id,
            seq=last + 1,
            at=now,
            event=change.event,
            by=change.by[:60],
            text=change.text,
            data=data,
            public=change.public,
        )
    )
    session.flush()
