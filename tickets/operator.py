"""What an operator can do with a ticket: claim, release, reply, move its state, transfer, merge and undo."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import LEVELS, regions
from storage.attachments import KeptPhoto
from storage.models import MessageRow, OperatorRow, ProofRow, TicketEventRow, TicketRow
from tickets.change_ticket import LINDA, Change, change_ticket, lock_ticket
from tickets.joint import check_tasks
from tickets.reply_quality import check_ending
from tickets.ticket import NEXT_STATES, OPEN_STATES, level_rank

HOPS = 3  # the third transfer goes up one level by itself, so that nobody is sent round in circles
NEEDS_WORDS = ("resolved", "rejected", "closed")  # states an operator must explain (what was done, or why not)


@dataclass(frozen=True)
class Claim:
    """How a claim ended: won, or held by somebody else, by name."""

    won: bool
    holder_id: int
    holder: str


def claim(session: Session, row: TicketRow, operator: OperatorRow, now: datetime) -> Claim:
    """Take the ticket if nobody holds it: one conditional UPDATE, so of two operators one wins and the other learns who did."""
    session.flush()
    taken = session.execute(
        update(TicketRow)
        .where(TicketRow.id == row.id, or_(TicketRow.claimed_by.is_(None), TicketRow.claimed_by == operator.id))
        .values(claimed_by=operator.id, claimed_at=func.coalesce(TicketRow.claimed_at, now))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    before = row.claimed_by
    session.refresh(row)
    if taken.rowcount != 1:
        holder = session.get(OperatorRow, row.claimed_by)
        return Claim(False, row.claimed_by or 0, holder.name if holder else "")
    if before != operator.id:
        change_ticket(session, row, Change("claimed", operator.name, data={"operator_id": operator.id}, public=False), now)
    return Claim(True, operator.id, operator.name)


def release(session: Session, row: TicketRow, operator: OperatorRow, now: datetime, *, force: bool = False) -> TicketRow:
    """Give the ticket back to the inbox. Refused for somebody else's unless `force` (a supervisor's right)."""
    lock_ticket(session, row)
    if row.claimed_by is None:
        return row
    if row.claimed_by != operator.id and not force:
        holder = session.get(OperatorRow, row.claimed_by)
        raise Refused(f"工单由{holder.name if holder else '他人'}认领", "请他放回，或由主管收回", status=409, code="not_yours")
    row.claimed_by, row.claimed_at = None, None
    return change_ticket(session, row, Change("released", operator.name, data={"operator_id": operator.id}, public=False), now)


def reply_to_resident(session: Session, row: TicketRow, operator: OperatorRow, text: str, now: datetime) -> MessageRow:
    """Say `text` into the ticket's conversation as this operator and keep it in the history. Refused when there is nobody to reach."""
    if not text.strip():
        raise Refused("回复是空的", "写一句再发", status=422, code="empty")
    if row.conversation_id is None:
        raise Refused("这张工单没有可回复的对话", "请用登记的电话联系", status=409, code="no_conversation")
    change_ticket(session, row, Change("replied", operator.name, text.strip(), data={"operator_id": operator.id}, notice=False), now)
    body = {"kind": "text", "text": text.strip(), "choices": [], "citations": []}
    message = MessageRow(conversation_id=row.conversation_id, author="operator", author_name=operator.name, body=body, said_at=now)
    session.add(message)
    session.flush()
    return message


def add_note(session: Session, row: TicketRow, operator: OperatorRow, text: str, now: datetime) -> TicketRow:
    """An internal note: in the office's history only."""
    return change_ticket(session, row, Change("noted", operator.name, text, public=False), now)


def set_state(  # noqa: PLR0913 - who, what, which state, why, when
    session: Session, row: TicketRow, operator: OperatorRow, state: str, *, text: str = "", now: datetime
) -> TicketRow:
    """Move the ticket along NEXT_STATES. Refused when the table forbids it, or when an ending comes without words that say what was
    done, or without the photo its category asks for (tickets/closing.yaml)."""
    if state == "merged":
        raise Refused("合并要说明并到哪张工单", "用“合并”", status=422, code="use_merge")
    if state in NEEDS_WORDS and not text.strip() and not (state == "closed" and row.state == "resolved"):
        raise Refused("办结、关闭和不受理都要写明做了什么或为什么", "写一句居民看得懂的话", status=422, code="reason_missing")
    lock_ticket(session, row)
    if state in NEXT_STATES[row.state]:  # what cannot follow at all is refused for that reason
        check_ending(session, row, state, text)
        if state in ("resolved", "closed"):
            check_tasks(session, row)
    return change_ticket(session, row, Change(state, operator.name, text.strip(), state=state), now)


def transfer(  # noqa: PLR0913 - who, what, to whom, why, when
    session: Session, row: TicketRow, operator: OperatorRow, lead_unit: str, *, reason: str, now: datetime
) -> TicketRow:
    """Give the lead to another unit, with a reason the resident reads; the third time the level above takes it up."""
    lock_ticket(session, row)
    if not reason.strip() or not lead_unit.strip():
        raise Refused("移交要写明给谁和为什么", "写一句居民看得懂的理由", status=422, code="reason_missing")
    if row.state not in OPEN_STATES:
        raise Refused("工单已经办结，不能移交", "没修好的先重新打开", status=409, code="over")
    data = {"from_unit": row.lead_unit, "lead_unit": lead_unit}
    change_ticket(session, row, Change("moved", operator.name, reason.strip(), data=data, lead_unit=lead_unit), now)
    hops = session.scalar(select(func.count()).where(TicketEventRow.ticket_id == row.id, TicketEventRow.event == "moved")) or 0
    above = level_rank(row.level) + 1
    region = regions()[row.region]
    if hops >= HOPS and above < len(LEVELS) and LEVELS[above] in region.desks:
        level = LEVELS[above]
        climbed = {"why": "hops", "desk": region.desk(level), "level": level, "hops": hops}
        change_ticket(session, row, Change("escalated", LINDA, data=climbed, level=level), now)
    return row


def merge(session: Session, row: TicketRow, into: TicketRow, operator: OperatorRow, now: datetime) -> TicketRow:
    """Join `row` into `into`: its author hears all news of `into`. Refused across regions, into itself, or into one that is over."""
    for one in sorted((row, into), key=lambda t: t.id):  # one order for all, so that two merges cannot wait for each other
        lock_ticket(session, one)
    if row.id == into.id or row.region != into.region:
        raise Refused("只能并入同一地区的另一张工单", "换一张工单", status=409, code="merge")
    if into.state not in OPEN_STATES:
        raise Refused(f"工单 {into.number} 已经结束", "并入还在办理的工单", status=409, code="merge")
    row.merged_into = into.id
    change_ticket(session, row, Change("merged", operator.name, state="merged", data={"into": into.number}), now)
    note = Change("joined", operator.name, data={"number_joined": row.number}, notice=False)
    change_ticket(session, into, note, now)
    return row


def unmerge(session: Session, row: TicketRow, operator: OperatorRow, now: datetime) -> TicketRow:
    """Undo a merge: the ticket goes on in the state it had, its promises as they were made; both histories stay."""
    lock_ticket(session, row)
    if row.state != "merged":
        raise Refused(f"工单 {row.number} 没有合并", "不用撤销", status=409, code="merge")
    last = session.scalar(
        select(TicketEventRow)
        .where(TicketEventRow.ticket_id == row.id, TicketEventRow.event == "merged")
        .order_by(TicketEventRow.seq.desc())
        .limit(1)
    )
    state = str(last.data["from"]) if last else "submitted"
    into = session.get(TicketRow, row.merged_into)
    change_ticket(session, row, Change("unmerged", operator.name, state=state), now)
    if into is not None:
        note = Change("parted", operator.name, data={"number_joined": row.number}, notice=False)
        change_ticket(session, into, note, now)
    return row


def add_proof(session: Session, row: TicketRow, operator: OperatorRow, photo: KeptPhoto, now: datetime) -> ProofRow:
    """Hang a photo of what was done on the ticket, with a line in the office's history."""
    proof = ProofRow(
        id=secrets.token_hex(16),
        ticket_id=row.id,
        operator_id=operator.id,
        file_name=photo.file_name,
        width=photo.width,
        height=photo.height,
        taken_at=now,
    )
    session.add(proof)
    change_ticket(session, row, Change("proof", operator.name, data={"operator_id": operator.id}, public=False), now)
    return proof
