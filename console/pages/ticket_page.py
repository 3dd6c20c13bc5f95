"""A ticket's page and its photos."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from fastapi.responses import FileResponse

from config.refusal import Refused
from console.access import Viewer
from console.around import look_around
from console.desk import ConsoleDesk
from console.door import Door, viewer_of
from console.look import look_at
from console.rendering import page
from console.ticket_view import NEEDS_WORDS, find_ticket, may_see_photos, offered_states, read_conversation, read_ticket, transfer_units
from storage.models import AttachmentRow

# What the page says after a change; the address carries only the name, never words.
DONE = {
    "claimed": "已认领，这张工单由您负责。",
    "released": "已放回待认领。",
    "replied": "已发给居民，他马上能看到。对话已由您接手。",
    "handed_back": "对话已交还给 Linda，居民已收到提示。",
    "state": "状态已更新，居民已收到通知。",
    "stated": "说明已交给街道和主管部门，工单状态不变。",
    "moved": "已转办，居民已收到通知。",
    "merged": "已合并，居民已收到通知。",
    "unmerged": "已撤销合并，时限照旧。",
    "asked": "任务已派给这个单位，居民看得到。",
    "answered": "答复已记下，居民已收到通知。",
    "cause": "原因已记下，报表里会用到。",
}


@dataclass(frozen=True)
class Extra:
    """What one showing of the page adds: a refusal with what was typed, a done message, a contact just revealed."""

    problem: Refused | None = None
    typed: dict[str, str] = field(default_factory=dict)
    done: str = ""
    contact: dict[str, str | None] | None = None


def ticket_values(desk: ConsoleDesk, viewer: Viewer, number: str, extra: Extra) -> dict[str, Any]:
    """Everything the ticket templates need. Refused (404) outside the operator's scope."""
    now = desk.clock()
    with look_at(desk.database) as session:
        row = find_ticket(session, viewer, number)
        view = read_ticket(session, viewer, row, dict(desk.regions), now)
        around = look_around(session, viewer, row)
        conversation = view.conversation
        if extra.contact is not None:
            conversation = read_conversation(session, viewer, row, masked=False)
    return {
        "t": view,
        "around": around,
        "talk": conversation,
        "now": now,
        "states": offered_states(viewer, row),
        "needs_words": NEEDS_WORDS,
        "units": transfer_units(row, dict(desk.regions)),
        "can_work": viewer.may("work") and not view.walled and (view.mine or not view.holder or viewer.may("take_over")),
        "problem": extra.problem,
        "typed": extra.typed,
        "done": extra.done,
        "contact": extra.contact,
        "nav": "inbox",
        "title": f"工单 {row.number}",
    }


def show_ticket(desk: ConsoleDesk, viewer: Viewer, number: str, extra: Extra) -> Response:
    """The whole page; with a refusal it carries the refusal's status and what was typed."""
    values = ticket_values(desk, viewer, number, extra)
    return page("ticket.html", viewer, values, extra.problem.status if extra.problem else 200)


def add_ticket(door: Door) -> None:
    """Routes that show a ticket."""
    desk = door.desk

    @door.get("/console/tickets/{number}")
    def ticket(request: Request, number: str, done: str = "") -> Response:
        return show_ticket(desk, viewer_of(request), number, Extra(done=DONE.get(done, "")))

    @door.get("/console/tickets/{number}/live")
    def live(request: Request, number: str) -> Response:
        viewer = viewer_of(request)
        return page("ticket_live.html", viewer, ticket_values(desk, viewer, number, Extra()))

    @door.get("/console/tickets/{number}/desk")
    def actions(request: Request, number: str) -> Response:
        viewer = viewer_of(request)
        return page("ticket_desk.html", viewer, ticket_values(desk, viewer, number, Extra()))

    @door.get("/console/tickets/{number}/photos/{photo_id}")
    def photo(request: Request, number: str, photo_id: str) -> Response:
        return _photo(desk, viewer_of(request), number, photo_id)


def _photo(desk: ConsoleDesk, viewer: Viewer, number: str, photo_id: str) -> Response:
    missing = Refused("没有这张照片，或您看不到它", "刷新页面再试", status=404, code="no_photo")
    with look_at(desk.database) as session:
        row = find_ticket(session, viewer, number)
        found = session.get(AttachmentRow, photo_id[:40])
        # Photos sent while talking hang on the conversation only; the company side sees just those of the ticket itself.
        talked = found is not None and found.conversation_id == row.conversation_id and viewer.side != "company"
        if found is None or not may_see_photos(viewer, row) or not (found.ticket_id == row.id or talked):
            raise missing
    path = desk.photos / found.file_name
    if path.parent != desk.photos or not path.is_file():
        raise missing
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": "inline"}
    return FileResponse(path, media_type="image/jpeg", headers=headers)
