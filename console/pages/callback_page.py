"""回访: the calls owed, and how each ended."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import ColumnElement, and_, select

from config.refusal import Refused
from console.access import Viewer
from console.clock_view import plan_name
from console.door import Door, viewer_of
from console.inbox import place_words
from console.look import look_at
from console.rendering import page
from console.scope import tickets_of
from console.take_over import operator_of
from storage.audit import record
from storage.models import CallbackRow, TicketRow
from tickets.callbacks import draw_callbacks, due_callbacks, record_callback
from tickets.ticket import ticket_record

OUTCOME_NAMES = {"satisfied": "满意", "partly": "基本满意", "unsatisfied": "不满意", "not_fixed": "没修好", "unreachable": "没联系上"}


def add_callbacks(door: Door) -> None:
    """Routes of the calls."""
    desk = door.desk

    @door.get("/console/callbacks")
    def callbacks(request: Request, done: str = "") -> Response:
        with desk.database.write() as session:
            draw_callbacks(session, desk.clock())
        return _show(door, viewer_of(request), "已记下。" if done else "", None)

    @door.post("/console/callbacks/{callback_id}")
    def ended(
        request: Request,
        callback_id: str,
        outcome: Annotated[str, Form(max_length=20)],
        note: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        viewer, now = viewer_of(request), desk.clock()
        try:
            with desk.database.write() as session:
                wanted = int(callback_id) if callback_id.isascii() and callback_id.isdecimal() and len(callback_id) < 16 else 0
                query = select(CallbackRow).join(TicketRow, TicketRow.id == CallbackRow.ticket_id).where(CallbackRow.id == wanted)
                row = session.scalar(query.where(_callable(viewer)))
                if row is None:
                    raise Refused("没有这次回访，或不在您的管辖范围内", "刷新名单", status=404, code="no_callback")
                record_callback(session, row, operator_of(session, viewer), outcome, note, now)
                record(session, viewer.actor, "called_back", f"callback:{row.id}", {"outcome": outcome}, now)
        except Refused as refused:
            return _show(door, viewer, "", refused)
        return RedirectResponse("/console/callbacks?done=1", status_code=303)


def _callable(viewer: Viewer) -> ColumnElement[bool]:
    """Whom this operator may call: never the author of a complaint for the side complained about."""
    walled = TicketRow.kind != "complaint" if viewer.side == "company" else TicketRow.id.is_not(None)
    return and_(tickets_of(viewer), walled)


def _show(door: Door, viewer: Viewer, done: str, problem: Refused | None) -> Response:
    with look_at(door.desk.database) as session:
        shown = [
            {
                "call": call,
                "ticket": row,
                "place": place_words(ticket_record(session, row, audience="queue")["place"]),
                "source": f"{plan_name(call.source_plan)} {call.source_clause}",
            }
            for call, row in due_callbacks(session, _callable(viewer))
        ]
    values = {"calls": shown, "outcomes": OUTCOME_NAMES, "now": door.desk.clock(), "done": done, "problem": problem}
    return page("callbacks.html", viewer, values | {"title": "回访", "nav": "callbacks"}, problem.status if problem else 200)
