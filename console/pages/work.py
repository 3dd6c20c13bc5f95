"""What an operator does with a ticket: each a form that changes it in one transaction and goes back to its page."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from console.access import Viewer
from console.door import Door, viewer_of
from console.pages.ticket_page import Extra, show_ticket
from console.take_over import ENDS_TALK, hand_back, hold, listen, operator_of
from console.ticket_view import find_ticket, transfer_units
from storage.attachments import MOST_BYTES, KeptPhoto, keep_photo
from storage.audit import record
from storage.models import MessageRow, TicketRow
from tickets.operator import add_note, add_proof, claim, merge, release, reply_to_resident, set_state, transfer, unmerge

LONGEST = 2000
CONTACT_REASONS = {"visit": "联系上门", "check": "核实情况", "follow_up": "办结回访"}
Words = Annotated[str, Form(max_length=LONGEST)]
Short = Annotated[str, Form(max_length=120)]
Work = Callable[[Session, TicketRow, datetime], None]


def add_work(door: Door) -> None:
    """Routes that change a ticket."""
    _holding(door)
    _talking(door)
    _moving(door)
    _stating(door)
    _giving(door)
    _joining(door)
    _contact(door)


def change_and_show(  # noqa: PLR0913 - who, which ticket, what, and what to show when it is refused
    door: Door, request: Request, number: str, done: str, work: Work, typed: dict[str, str] | None = None
) -> Response:
    """Run `work` on the ticket and go back to its page; a refusal is shown there with what was typed."""
    viewer, now = viewer_of(request), door.desk.clock()
    try:
        with door.desk.database.write() as session:
            row = find_ticket(session, viewer, number)
            if done != "stated":
                _not_walled(viewer, row)
            work(session, row, now)
            record(session, viewer.actor, f"ticket_{done}", f"ticket:{row.number}", {}, now)
    except Refused as refused:
        if refused.code == "no_ticket":
            raise
        return show_ticket(door.desk, viewer, number, Extra(problem=refused, typed=typed or {}))
    return RedirectResponse(f"/console/tickets/{number}?done={done}", status_code=303)


def _holding(door: Door) -> None:
    @door.post("/console/tickets/{number}/claim")
    def take(request: Request, number: str) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            operator = operator_of(session, viewer)
            ended = claim(session, row, operator, now)
            if not ended.won:
                raise Refused(f"{ended.holder}先认领了这张工单", "换一张，或请他放回", status=409, code="not_yours")

        return change_and_show(door, request, number, "claimed", work)

    @door.post("/console/tickets/{number}/release")
    def give_back(request: Request, number: str) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            operator = operator_of(session, viewer)
            release(session, row, operator, now, force=viewer.may("take_over"))
            hand_back(session, row, operator, now)

        return change_and_show(door, request, number, "released", work)


def _talking(door: Door) -> None:
    @door.post("/console/tickets/{number}/reply")
    def reply(request: Request, number: str, text: Words) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            _not_walled(viewer, row)
            operator = hold(session, row, viewer, now)
            if _said_just_now(session, row, operator.id, text.strip()):
                return
            reply_to_resident(session, row, operator, text, now)
            listen(session, row, operator)

        return change_and_show(door, request, number, "replied", work, {"reply": text})

    @door.post("/console/tickets/{number}/hand-back")
    def back_to_linda(request: Request, number: str) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            hand_back(session, row, hold(session, row, viewer, now), now)

        return change_and_show(door, request, number, "handed_back", work)


def _said_just_now(session: Session, row: TicketRow, operator_id: int, text: str) -> bool:
    """Whether the last thing said is this very sentence by an operator: a form sent twice."""
    last = session.scalar(
        select(MessageRow).where(MessageRow.conversation_id == row.conversation_id).order_by(MessageRow.id.desc()).limit(1)
    )
    return last is not None and last.author == "operator" and last.body.get("text") == text


def _not_walled(viewer: Viewer, row: TicketRow) -> None:
    if viewer.walled(row.kind):
        raise Refused("投诉由街道或主管部门办理，被投诉一方不能改动，也看不到投诉人", "在“书面说明”里写清情况", status=403, code="walled")


def _moving(door: Door) -> None:
    @door.post("/console/tickets/{number}/state")
    def move(request: Request, number: str, state: Short, text: Words = "", photo: Annotated[UploadFile | None, File()] = None) -> Response:
        viewer, typed = viewer_of(request), {"state": state, "text": text}
        try:
            kept = _kept(door, photo)
        except Refused as refused:
            return show_ticket(door.desk, viewer, number, Extra(problem=refused, typed=typed))

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            operator = hold(session, row, viewer, now)
            if kept is not None:
                add_proof(session, row, operator, kept, now)
            set_state(session, row, operator, state, text=text, now=now)
            if state in ENDS_TALK:
                hand_back(session, row, operator, now, say=False)

        answer = change_and_show(door, request, number, "state", work, typed)
        if kept is not None and answer.status_code != 303:
            (door.desk.photos / kept.file_name).unlink(missing_ok=True)
        return answer


def _stating(door: Door) -> None:
    @door.post("/console/tickets/{number}/statement")
    def state_side(request: Request, number: str, text: Words = "") -> Response:
        """What the side complained about has to say: a note the office reads; the ticket itself stays as it is."""
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            if not viewer.walled(row.kind):
                raise Refused("书面说明由被投诉一方填写", "用“更新状态”或“回复居民”", status=409, code="not_walled")
            if not text.strip():
                raise Refused("说明是空的", "写一句再提交", status=422, code="empty")
            add_note(session, row, operator_of(session, viewer), text.strip(), now)

        return change_and_show(door, request, number, "stated", work, {"statement": text})


def _giving(door: Door) -> None:
    @door.post("/console/tickets/{number}/transfer")
    def give_to(request: Request, number: str, unit: Short, reason: Words = "") -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            if unit not in transfer_units(row, dict(door.desk.regions)):
                raise Refused("没有这个承办单位", "从列表里选一个单位", status=422, code="unknown_unit")
            operator = hold(session, row, viewer, now)
            transfer(session, row, operator, unit, reason=reason, now=now)

        return change_and_show(door, request, number, "moved", work, {"unit": unit, "reason": reason})


def _kept(door: Door, photo: UploadFile | None) -> KeptPhoto | None:
    """The photo sent with the form, cleaned and stored; None without one. Refused when it is no picture."""
    if photo is None or not photo.filename:
        return None
    return keep_photo(photo.file.read(MOST_BYTES + 1), door.desk.photos)


def _joining(door: Door) -> None:
    @door.post("/console/tickets/{number}/merge")
    def join(request: Request, number: str, into: Short) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            try:
                target = find_ticket(session, viewer, into.strip().upper())
            except Refused as refused:
                raise Refused("没有要并入的那张工单，或不在您的管辖范围内", "核对工单号", status=422, code="merge") from refused
            _not_walled(viewer, row)
            _not_walled(viewer, target)
            merge(session, row, target, hold(session, row, viewer, now), now)

        return change_and_show(door, request, number, "merged", work, {"into": into})

    @door.post("/console/tickets/{number}/unmerge")
    def part(request: Request, number: str) -> Response:
        viewer = viewer_of(request)

        def work(session: Session, row: TicketRow, now: datetime) -> None:
            _not_walled(viewer, row)
            unmerge(session, row, operator_of(session, viewer), now)

        return change_and_show(door, request, number, "unmerged", work)


def _contact(door: Door) -> None:
    desk = door.desk

    @door.post("/console/tickets/{number}/contact")
    def reveal(request: Request, number: str, why: Short) -> Response:
        """Show name, phone and unmasked words once; who looked and why stays in the audit trail."""
        viewer, now = viewer_of(request), desk.clock()
        if why not in CONTACT_REASONS:
            raise Refused("没有说明为什么要看联系方式", "选一个理由", status=422, code="reason_missing")
        with desk.database.write() as session:
            row = find_ticket(session, viewer, number)
            _not_walled(viewer, row)
            nobody: dict[str, str | None] = {"name": None, "phone": None}
            person = desk.people.read_person(session, row.person_id) if row.person_id else nobody
            record(session, viewer.actor, "contact_viewed", f"ticket:{row.number}", {"why": why}, now)
        return show_ticket(desk, viewer, number, Extra(contact=person))
