"""我也遇到: residents who joined another's ticket. They are counted and told of every later change, and nobody sees who they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from storage.masking import mask
from storage.models import FollowerRow, TicketRow
from tickets.change_ticket import RESIDENT, Change, change_ticket, lock_ticket
from tickets.firewall import hide_author
from tickets.ticket import OPEN_STATES, ticket_record


def join(  # noqa: PLR0913 - which ticket, who, what they said, when
    session: Session, row: TicketRow, conversation_id: str, person_id: str | None, text: str, now: datetime
) -> FollowerRow:
    """Join an open ticket: counted, in its history, told of every later change. Joining again changes nothing.

    Refused (409) when the ticket is over or is this conversation's own.
    """
    lock_ticket(session, row)
    known = session.scalar(select(FollowerRow).where(FollowerRow.ticket_id == row.id, FollowerRow.conversation_id == conversation_id))
    if known is not None:
        return known
    if row.state not in OPEN_STATES:
        raise Refused(f"工单 {row.number} 已经结束", "请作为新的一件事报上来", status=409, code="over")
    if row.conversation_id == conversation_id:
        raise Refused(f"工单 {row.number} 就是您报的", "有新情况可以补充", status=409, code="own")
    follower = FollowerRow(ticket_id=row.id, conversation_id=conversation_id, person_id=person_id, joined_at=now)
    session.add(follower)
    session.flush()
    change_ticket(session, row, Change("also_met", RESIDENT, data={"met": 1 + count_followers(session, row)}), now)
    said = mask(hide_author(text.strip()))
    if said:
        change_ticket(session, row, Change("also_said", RESIDENT, said, public=False), now)
    return follower


def follower_of(session: Session, row: TicketRow, conversation_id: str) -> FollowerRow:
    """This conversation's joining of the ticket. Refused (404) when it never joined."""
    found = session.scalar(select(FollowerRow).where(FollowerRow.ticket_id == row.id, FollowerRow.conversation_id == conversation_id))
    if found is None:
        raise Refused(f"没有查到工单 {row.number}", "核对工单号", status=404, code="no_ticket")
    return found


def chase_joined(session: Session, row: TicketRow, conversation_id: str, *, now: datetime) -> TicketRow:
    """催单 by somebody who joined: counted like the author's, without their words. Refused (404, 409) when not joined or over."""
    lock_ticket(session, row)
    follower_of(session, row, conversation_id)
    if row.state not in OPEN_STATES:
        raise Refused(f"工单 {row.number} 已经结束", "还有问题请作为新的一件事报上来", status=409, code="over")
    row.chased += 1
    return change_ticket(session, row, Change("chased", RESIDENT, data={"count": row.chased, "lead_unit": row.lead_unit}), now)


def remark(session: Session, row: TicketRow, conversation_id: str, text: str, *, now: datetime) -> None:
    """What somebody who joined says about the ticket, for the office alone. Refused (404) when not joined."""
    follower_of(session, row, conversation_id)
    said = mask(hide_author(text.strip()))
    if said:
        change_ticket(session, row, Change("also_said", RESIDENT, said, public=False), now)


def leave(session: Session, row: TicketRow, conversation_id: str) -> None:
    """No longer be told of the ticket. Refused (404) when not joined."""
    session.delete(follower_of(session, row, conversation_id))
    session.flush()


def count_followers(session: Session, row: TicketRow) -> int:
    """How many others have joined this ticket."""
    return session.scalar(select(func.count()).where(FollowerRow.ticket_id == row.id)) or 0


def joined_tickets(session: Session, conversation_id: str) -> list[TicketRow]:
    """The tickets this conversation has joined, newest first."""
    query = select(TicketRow).join(FollowerRow, FollowerRow.ticket_id == TicketRow.id).where(FollowerRow.conversation_id == conversation_id)
    return list(session.scalars(query.order_by(FollowerRow.id.desc())))


def joined_record(session: Session, row: TicketRow) -> dict[str, Any]:
    """The contract's Ticket as a joined resident sees it: state, clocks, steps; nothing another resident said, nor where they live."""
    record = ticket_record(session, row, audience="queue")
    history = [{**line, "text": "" if line["by"] == RESIDENT else line["text"]} for line in record["history"]]
    return {**record, "description": "", "place": {**record["place"], "room": None, "spot": None}, "history": history}


def leave_all(session: Session, conversation_id: str) -> None:
    """Forget what a conversation joined (for erasing a person): the counts stand in the histories, the person nowhere."""
    session.execute(delete(FollowerRow).where(FollowerRow.conversation_id == conversation_id))
