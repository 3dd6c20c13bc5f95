"""What a resident can do with an own ticket: find it, chase, withdraw, say fixed or not fixed, add to it."""

from datetime import datetime, timedelta

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import regions
from config.words import Words
from storage.models import TicketRow
from tickets.change_ticket import RESIDENT, Change, change_ticket, lock_ticket
from tickets.open_ticket import link_attachments
from tickets.ticket import OPEN_STATES


def find_own(session: Session, conversation_id: str, number: str | None = None) -> TicketRow | None:
    """The ticket of this number when this conversation reported it; without a number the newest still open, a handoff last."""
    own = select(TicketRow).where(TicketRow.conversation_id == conversation_id)
    if number is not None:
        return session.scalar(own.where(TicketRow.number == number.strip().upper().replace(" ", "")))
    still_open = case((TicketRow.state.in_((*OPEN_STATES, "resolved")), 0), else_=1)
    handoff = case((TicketRow.kind == "handoff", 1), else_=0)
    return session.scalar(own.order_by(handoff, still_open, TicketRow.id.desc()).limit(1))


def chase(session: Session, row: TicketRow, *, text: str, now: datetime) -> TicketRow:
    """催单: counted and shown to the desk. Refused when the ticket is no longer being worked on."""
    lock_ticket(session, row)
    if row.state not in OPEN_STATES:
        raise _over(row, "催办")
    row.chased += 1
    return change_ticket(session, row, Change("chased", RESIDENT, text, data={"count": row.chased, "lead_unit": row.lead_unit}), now)


def withdraw(session: Session, row: TicketRow, *, now: datetime) -> TicketRow:
    """Take the ticket back. Refused once it is resolved or over."""
    return change_ticket(session, row, Change("withdrawn", RESIDENT, state="withdrawn"), now)


def confirm_fixed(session: Session, row: TicketRow, *, now: datetime) -> TicketRow:
    """The resident says it is fixed: closed. Refused when the ticket is over."""
    return change_ticket(session, row, Change("confirmed", RESIDENT, state="closed"), now)


def dispute_fixed(session: Session, row: TicketRow, *, text: str, now: datetime) -> TicketRow:
    """“没修好”: reopened with new clocks, within the region's days after it was resolved. Refused later: report it anew."""
    lock_ticket(session, row)
    days = regions()[row.region].reopen_days
    ended = row.resolved_at or row.closed_at
    if ended is not None and now > ended + timedelta(days=days):
        raise Refused(f"工单 {row.number} 办结已超过 {days} 天", "请作为新的一件事报上来", status=409, code="too_late")
    return change_ticket(session, row, Change("reopened", RESIDENT, text, state="reopened"), now)


def supplement(session: Session, row: TicketRow, *, text: str, attachments: tuple[str, ...] = (), now: datetime) -> TicketRow:
    """Add words and photos to the ticket, in any state: nothing a resident says about it is lost."""
    count = link_attachments(session, row, attachments)
    data = {"photos": count} if count else {}
    return change_ticket(session, row, Change("supplemented", RESIDENT, text.strip(), data=data), now)


def _over(row: TicketRow, what: str) -> Refused:
    state = Words()(f"state_{row.state}")
    again = "不满意直接说" if row.kind == "complaint" else "没修好就说“没修好”"
    return Refused(f"工单 {row.number} 是“{state}”，不能{what}", f"{again}，新的事请重新报", status=409, code="over")
