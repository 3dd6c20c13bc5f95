"""A joint case (社区吹哨、部门报到; 综合查一次): one ticket, several units, each with its own task and its own reply."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.refusal import Refused
from storage.models import OperatorRow, TaskRow, TicketRow
from tickets.change_ticket import Change, change_ticket, lock_ticket
from tickets.reply_quality import lack_of
from tickets.ticket import OPEN_STATES

WAITING = ("asked", "taken")
ANSWERS = ("answered", "refused")


def ask_unit(  # noqa: PLR0913 - which ticket, which unit, what, who asks, when, until when
    session: Session, row: TicketRow, unit: str, task: str, operator: OperatorRow, now: datetime, due_at: datetime | None = None
) -> TaskRow:
    """Give one unit a task of its own in this ticket; the unit is then among those that support it, and the resident can read it.

    Refused: without words, for a ticket that is over, or when the unit already has its task.
    """
    lock_ticket(session, row)
    if not unit.strip() or not task.strip():
        raise Refused("要写明请哪个单位做什么", "写一句这个单位看得懂的任务", status=422, code="reason_missing")
    if row.state not in OPEN_STATES:
        raise Refused("工单已经办结，不能再派任务", "没修好的先重新打开", status=409, code="over")
    made = TaskRow(ticket_id=row.id, unit=unit.strip(), task=task.strip(), due_at=due_at, asked_by=operator.id, asked_at=now)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        raise Refused(f"{unit.strip()}在这张工单里已有任务", "等它答复，或换一个单位", status=409, code="task_exists") from None
    if made.unit != row.lead_unit and made.unit not in row.support_units:
        row.support_units = [*row.support_units, made.unit]
    data = {"unit": made.unit, "task": made.task}
    change_ticket(session, row, Change("unit_asked", operator.name, data=data, notice=False), now)
    return made


def reply_for_unit(  # noqa: PLR0913 - which task, who, what was done or why not, when
    session: Session, task: TaskRow, operator: OperatorRow, text: str, now: datetime, *, refused: bool = False
) -> TaskRow:
    """Write down a unit's answer; the resident is told. `refused`: the unit says it is not its matter, with the reason.

    Refused (422) when the answer says nothing (“已处理”), (409) when it was given already.
    """
    ticket = session.get_one(TicketRow, task.ticket_id)
    lock_ticket(session, ticket)
    session.refresh(task)
    if task.state not in WAITING:
        raise Refused(f"{task.unit}已经答复过了", "有新情况写在工单里", status=409, code="over")
    if not text.strip():
        raise Refused("答复要写明做了什么或为什么不办", "写一句居民看得懂的话", status=422, code="reason_missing")
    lack = None if refused else lack_of(text, ticket.description)
    if lack is not None:
        raise Refused(lack.reason, lack.remedy, status=422, code=f"reply_{lack.code}")
    task.state, task.reply = "refused" if refused else "answered", text.strip()
    task.replied_by, task.replied_at = operator.id, now
    data = {"unit": task.unit, "why": task.state}
    change_ticket(session, ticket, Change("unit_replied", operator.name, text.strip(), data=data), now)
    return task


def tasks_of(session: Session, row: TicketRow) -> list[TaskRow]:
    """The tasks of a ticket in the order in which they were given."""
    return list(session.scalars(select(TaskRow).where(TaskRow.ticket_id == row.id).order_by(TaskRow.id)))


def check_tasks(session: Session, row: TicketRow) -> None:
    """Refused (409, naming the units) while a unit owes its answer: a joint case ends when all have spoken."""
    query = select(TaskRow.unit).where(TaskRow.ticket_id == row.id, TaskRow.state.in_(WAITING)).order_by(TaskRow.id)
    waiting = list(session.scalars(query))
    if waiting:
        raise Refused(f"还有单位没有答复：{'、'.join(waiting)}", "等各单位答复，或写明它为什么不办", status=409, code="tasks_open")


def answered_share(session: Session, region: str, period: tuple[datetime, datetime]) -> tuple[int, int]:
    """(answered, asked) of the tasks given in a region in [start, end)."""
    asked = (
        select(func.count())
        .select_from(TaskRow)
        .join(TicketRow, TicketRow.id == TaskRow.ticket_id)
        .where(TicketRow.region == region, TaskRow.asked_at >= period[0], TaskRow.asked_at < period[1])
    )
    return session.scalar(asked.where(TaskRow.state.in_(ANSWERS))) or 0, session.scalar(asked) or 0
