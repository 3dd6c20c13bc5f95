"""The plan library: what is there, drafts that wait, their confirmation with corrected fields, and the end of a plan."""

from datetime import date
from typing import Annotated, Any

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from console.access import Viewer
from console.door import Door, viewer_of
from console.look import look_at
from console.plan_shelf import base_library, may_decide, region_choices, replaceable, shelf, today_of, waiting
from console.rendering import page
from knowledge.import_plan import plan_from_rows
from knowledge.imported import Corrected, confirm, discard, end_plan, find_draft
from knowledge.live import nobody
from storage.plan_rows import ImportedPlanRow

Short = Annotated[str, Form(max_length=200)]
Day = Annotated[str, Form(max_length=10)]
_DONE = {"confirmed": "已确认，现在就用它回答。", "discarded": "草稿已作废。", "ended": "已定最后一天。"}


def add_plans(door: Door) -> None:
    """Routes of the plan library."""
    _list_route(door)
    _draft_routes(door)
    _end_route(door)


def _list(door: Door, viewer: Viewer, done: str = "", problem: Refused | None = None) -> Response:
    desk = door.desk
    with look_at(desk.database) as session:
        known = shelf(session, today_of(desk.clock()), viewer)
        drafts = waiting(session, viewer) if viewer.may("shelve") else []
    values = {"shelf": known, "count": len(known), "drafts": drafts, "done": done, "problem": problem, "title": "文件库", "nav": "plans"}
    return page("plans.html", viewer, values, problem.status if problem else 200)


def _list_route(door: Door) -> None:
    @door.get("/console/plans")
    def plans(request: Request, done: str = "") -> Response:
        return _list(door, viewer_of(request), _DONE.get(done, ""))


def _own_draft(session: Session, viewer: Viewer, plan_id: str) -> ImportedPlanRow:
    row = session.scalar(select(ImportedPlanRow).where(ImportedPlanRow.id == plan_id, ImportedPlanRow.state == "draft"))
    if row is None or not may_decide(viewer, row.region, draft=True):
        raise Refused("没有这份草稿，或别人已经处理过", "回文件库看看", status=404, code="no_draft")
    return row


def _draft_page(door: Door, viewer: Viewer, plan_id: str, problem: Refused | None = None, typed: dict[str, Any] | None = None) -> Response:
    with look_at(door.desk.database) as session:
        row = _own_draft(session, viewer, plan_id)
        others = replaceable(session, viewer)
    fields = ("title", "doc_number", "issuer", "region", "issued", "starts", "ends", "standing", "replaces")
    given = typed or {name: getattr(row, name) or "" for name in fields}
    values = {
        "row": row, "typed": given, "regions": region_choices(viewer), "others": others, "problem": problem,
        "blocks": plan_from_rows(nobody(row.id, row.region or ""), row.body).blocks, "counted": [p for p in row.provisions if p["values"]],
        "title": "确认文件", "nav": "plans",
    }  # fmt: skip
    return page("plan_draft.html", viewer, values, problem.status if problem else 200)


def _day(said: str) -> date | None:
    if not said.strip():
        return None
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        raise Refused(f"{said} 不是日期", "写成 2026-12-31", status=422, code="day") from None


def _draft_routes(door: Door) -> None:
    desk = door.desk

    @door.get("/console/plans/drafts/{plan_id}")
    def draft(request: Request, plan_id: str) -> Response:
        return _draft_page(door, viewer_of(request), plan_id)

    @door.post("/console/plans/drafts/{plan_id}/confirm")
    def put_in_force(  # noqa: PLR0913 - the fields of the form
        request: Request, plan_id: str, title: Short = "", doc_number: Annotated[str, Form(max_length=80)] = "",
        issuer: Annotated[str, Form(max_length=120)] = "", region: Annotated[str, Form(max_length=40)] = "", issued: Day = "",
        starts: Day = "", ends: Day = "", standing: Annotated[str, Form(max_length=10)] = "in_force",
        replaces: Annotated[list[str], Form(max_length=40)] = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:  # fmt: skip
        viewer = viewer_of(request)
        typed = {
            "title": title, "doc_number": doc_number, "issuer": issuer, "region": region, "issued": issued, "starts": starts, "ends": ends,
            "standing": standing, "replaces": replaces,
        }  # fmt: skip
        try:
            given = Corrected(
                title.strip(), doc_number.strip() or None, issuer.strip(), region, _day(issued), _day(starts), _day(ends), standing,
                tuple(dict.fromkeys(replaces)),
            )  # fmt: skip
            with desk.database.write() as session:
                _own_draft(session, viewer, plan_id)
                _check_scope(session, viewer, given)
                confirm(session, plan_id, given, base_library(), viewer.actor, desk.clock(), today_of(desk.clock()))
        except Refused as refused:
            if refused.code == "no_draft":
                raise
            return _draft_page(door, viewer, plan_id, refused, typed)
        return RedirectResponse("/console/plans?done=confirmed", status_code=303)

    @door.post("/console/plans/drafts/{plan_id}/discard")
    def throw_away(request: Request, plan_id: str) -> Response:
        viewer = viewer_of(request)
        with desk.database.write() as session:
            _own_draft(session, viewer, plan_id)
            find_draft(session, plan_id)
            discard(session, plan_id, viewer.actor, desk.clock())
        return RedirectResponse("/console/plans?done=discarded", status_code=303)


def _check_scope(session: Session, viewer: Viewer, given: Corrected) -> None:
    """A plan may be put in force, and another ended by it, only for the regions the operator answers for."""
    if not may_decide(viewer, given.region):
        raise Refused("这个地区不归您管", "请管理员或上一级主管确认", status=403, code="forbidden")
    if not all(may_decide(viewer, _region_of(session, one)) for one in given.replaces):
        raise Refused("要代替的文件里有不归您管的地区的", "请管理员或上一级主管确认", status=403, code="forbidden")


def _end_route(door: Door) -> None:
    desk = door.desk

    @door.post("/console/plans/{plan_id}/end")
    def end(request: Request, plan_id: str, on: Day = "") -> Response:
        viewer = viewer_of(request)
        try:
            last_day = _day(on)
            if last_day is None:
                raise Refused("没有选日期", "选这份文件有效的最后一天", status=422)
            with desk.database.write() as session:
                if not may_decide(viewer, _region_of(session, plan_id)):
                    raise Refused("没有这份文件，或它的地区不归您管", "请管理员或上一级主管办理", status=404, code="no_plan")
                end_plan(session, plan_id, last_day, base_library(), viewer.actor, desk.clock())
        except Refused as refused:
            return _list(door, viewer, problem=refused)
        return RedirectResponse("/console/plans?done=ended", status_code=303)


def _region_of(session: Session, plan_id: str) -> str | None:
    known = base_library().plans.get(plan_id)
    return known.identity.region if known else session.scalar(select(ImportedPlanRow.region).where(ImportedPlanRow.id == plan_id))
