"""The joint case on a ticket's page: tasks of units, their answers, why it arose, and photos of what was done."""

from datetime import datetime

from fastapi import Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from console.access import Viewer
from console.door import Door, viewer_of
from console.look import look_at
from console.pages.work import Short, Words, change_and_show
from console.take_over import hold, operator_of
from console.ticket_view import find_ticket
from storage.models import ProofRow, TaskRow, TicketRow
from tickets.causes import set_cause
from tickets.joint import ask_unit, reply_for_unit


def add_joint(door: Door) -> None:
    """Routes of tasks, causes and proofs."""
    _tasks(door)
    _cause(door)
    _proofs(door)


def _not_walled(viewer: Viewer, row: TicketRow) -> None:
    if viewer.walled(row.kind):
        raise Refused("投诉由街道或主管部门组织各单位办理", "在“办结”说明里写清做了什么", status=403, code="walled")


def _tasks(door: Door) -> None:
    @door.post("/console/tickets/{number}/tasks")
    def ask(request: Request, number: str, unit: Short, task: Words) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            _not_walled(viewer, row)
            ask_unit(session, row, unit, task, hold(session, row, viewer, now), now)

        return change_and_show(door, request, number, "asked", work, {"task": task, "task_unit": unit})

    @door.post("/console/tickets/{number}/tasks/{task_id}")
    def answer(request: Request, number: str, task_id: str, text: Words = "", how: Short = "done") -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            _not_walled(viewer, row)
            task = _task(session, row, task_id)
            reply_for_unit(session, task, operator_of(session, viewer), text, now, refused=how == "refused")

        return change_and_show(door, request, number, "answered", work, {f"task_{task_id}": text})


def _task(session: Session, row: TicketRow, task_id: str) -> TaskRow:
    wanted = int(task_id) if task_id.isascii() and task_id.isdecimal() and len(task_id) < 16 else 0
    found = session.scalar(select(TaskRow).where(TaskRow.id == wanted, TaskRow.ticket_id == row.id))
    if found is None:
        raise Refused("这张工单没有这个任务", "刷新页面再试", status=404, code="no_task")
    return found


def _cause(door: Door) -> None:
    @door.post("/console/tickets/{number}/cause")
    def why(request: Request, number: str, cause: Short) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            _not_walled(viewer, row)
            set_cause(session, row, operator_of(session, viewer), cause, now)

        return change_and_show(door, request, number, "cause", work)


def _proofs(door: Door) -> None:
    desk = door.desk

    @door.get("/console/tickets/{number}/proofs/{proof_id}")
    def proof(request: Request, number: str, proof_id: str) -> Response:
        viewer = viewer_of(request)
        missing = Refused("没有这张照片，或您看不到它", "刷新页面再试", status=404, code="no_photo")
        with look_at(desk.database) as session:
            row = find_ticket(session, viewer, number)
            found = session.get(ProofRow, proof_id[:40])
        if found is None or found.ticket_id != row.id or not viewer.may("converse"):
            raise missing
        path = desk.photos / found.file_name
        if path.parent != desk.photos or not path.is_file():
            raise missing
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": "inline"}
        return FileResponse(path, media_type="image/jpeg", headers=headers)
