"""What an update from the backend does to a ticket: repeats, disorder and late arrival must leave the same ticket behind."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.api_keys import ApiCaller
from config.refusal import Refused
from storage.models import TicketEventRow, TicketRow, UpdateRow
from tickets.change_ticket import Change, change_ticket
from tickets.reply_quality import check_words
from tickets.ticket import rfc3339

# The way a ticket goes; NEXT_STATES lets it skip forwards, so an update may arrive before the ones it follows.
WAY = ("submitted", "accepted", "in_progress", "resolved", "closed")
CLOCK_SLACK = timedelta(minutes=10)
Effect = Literal["applied", "noted", "late"]


@dataclass(frozen=True)
class TicketUpdate:
    """One update as received: `at` is when it happened over there (aware)."""

    update_id: str
    at: datetime
    state: str | None = None
    text: str = ""
    by: str = ""

    @property
    def digest(self) -> str:
        """Tells whether a repeated update_id carries the same content."""
        words = [self.state, self.text, self.by, self.at.astimezone(UTC).isoformat()]
        return hashlib.sha256(json.dumps(words, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Applied:
    """`applied`: the state is as told; `noted`: words added; `late`: only kept in the history. `repeated`: had been seen before."""

    effect: str
    repeated: bool
    ticket: TicketRow


def _locked_ticket(session: Session, who: ApiCaller, number: str) -> TicketRow:
    row = session.scalar(select(TicketRow).where(TicketRow.number == number).with_for_update())
    if row is None or not who.sees(row.region):
        raise Refused("没有这个工单", "核对工单编号；编号在事件的 subject 里", status=404, code="no_ticket")
    return row


def _reopened_at(session: Session, row: TicketRow) -> datetime | None:
    return session.scalar(select(func.max(TicketEventRow.at)).where(TicketEventRow.ticket_id == row.id, TicketEventRow.event == "reopened"))


def _is_late(session: Session, row: TicketRow, update: TicketUpdate) -> bool:
    """Whether a newer update was applied already, or this one is from before the last change or reopening it would undo."""
    newest = session.scalar(select(func.max(UpdateRow.at)).where(UpdateRow.ticket_id == row.id, UpdateRow.effect == "applied"))
    if newest is not None and update.at < newest:
        return True
    if row.state == "reopened":
        since = _reopened_at(session, row)
        return since is not None and update.at < since
    backward = update.state in WAY and WAY.index(str(update.state)) < (WAY.index(row.state) if row.state in WAY else len(WAY))
    return backward and (update.at < row.changed_at or (newest is not None and update.at <= newest))


def _carry_out(session: Session, row: TicketRow, update: TicketUpdate, by: str, now: datetime) -> Effect:
    data = {"update_id": update.update_id, "happened_at": rfc3339(update.at)}
    moves = update.state is not None and update.state != row.state
    if moves and _is_late(session, row, update):
        change = Change("late_update", by, update.text, data={**data, "told_state": update.state}, public=bool(update.text))
        change_ticket(session, row, change, now)
        return "late"
    if moves:
        if update.state == "resolved" and not update.text.strip():
            raise Refused(
                "办结要写明做了什么", "在 text 里写一句，例如“更换了三楼楼道灯的声控开关，试过能亮”", status=422, code="text_missing"
            )
        check_words(row, str(update.state), update.text)
        change_ticket(session, row, Change(str(update.state), by, update.text, state=update.state, data=data), now)
    elif update.text:
        change_ticket(session, row, Change("updated", by, update.text, data=data), now)
    return "noted" if update.state is None else "applied"


def apply_update(session: Session, who: ApiCaller, number: str, update: TicketUpdate, now: datetime) -> Applied:
    """Apply one update in the caller's transaction, exactly once per `update_id` of the ticket.

    Refused: 404 no such ticket in the key's scope; 409 the id was used for something else, or the state table forbids the state
    (nothing is kept then: the same update may be sent again later); 422 it says nothing, resolves the ticket without a
    word or with an empty phrase (“已处理”), or lies in the future.
    """
    row = _locked_ticket(session, who, number)
    seen = session.scalar(select(UpdateRow).where(UpdateRow.ticket_id == row.id, UpdateRow.update_id == update.update_id))
    if seen is not None:
        if seen.digest != update.digest:
            raise Refused("这个 update_id 已用于另一条更新", "新内容用新的 update_id，重发不改内容", status=409, code="update_differs")
        return Applied(seen.effect, True, row)
    if update.state is None and not update.text:
        raise Refused("更新里既没有 state 也没有 text", "至少写一项", status=422, code="update_empty")
    if update.at > now + CLOCK_SLACK:
        raise Refused("更新的 at 在将来", "校准发送方的时钟，at 写实际发生的时间", status=422, code="update_in_future")
    effect = _carry_out(session, row, update, update.by or who.name, now)
    session.add(UpdateRow(ticket_id=row.id, update_id=update.update_id, digest=update.digest, effect=effect, at=update.at, received_at=now))
    session.flush()
    return Applied(effect, False, row)
