"""Committees as the street sees them, the invitation of members, and the self-check lists."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from committee.checklist import SelfCheck, answer_item
from committee.members import DUTIES, Invitation, end_membership, invite
from config.refusal import Refused
from console.access import Viewer
from console.committee_view import check_estate, committee_estates, day_of, estates_in_scope, lists_of, member_in_scope
from console.door import Door, viewer_of
from console.look import look_at
from console.rendering import page

Short = Annotated[str, Form(max_length=140)]


def add_committee(door: Door) -> None:
    """Routes of the committees and the self-check."""
    _committee_routes(door)
    _checklist_routes(door)


def _not_company(viewer: Viewer) -> None:
    if viewer.side == "company":
        raise Refused("业委会的事不给物业企业一方看", "需要时请街道（社区）出面", status=403, code="company_side")


def _committee_page(door: Door, viewer: Viewer, **extra: Any) -> Response:
    desk = door.desk
    with look_at(desk.database) as session:
        estates = committee_estates(session, desk, viewer, desk.clock())
    scope = [(f"{region.id}/{name}", region.name, name) for region, name in estates_in_scope(desk, viewer)]
    problem: Refused | None = extra.get("problem")
    values = {"estates": estates, "scope": scope, "duties": DUTIES, "problem": None, "typed": {}, "code": "", "invited": "", "done": ""}
    shown = page("committee.html", viewer, values | {"title": "业委会", "nav": "committee"} | extra, problem.status if problem else 200)
    return shown


def _committee_routes(door: Door) -> None:
    desk = door.desk

    @door.get("/console/committee")
    def committee(request: Request) -> Response:
        viewer = viewer_of(request)
        _not_company(viewer)
        return _committee_page(door, viewer)

    @door.post("/console/committee/invite")
    def add(  # noqa: PLR0913 - the fields of the form
        request: Request, estate: Short, name: Short, duty: Short, term_from: Short, term_to: Short
    ) -> Response:
        viewer = viewer_of(request)
        _not_company(viewer)
        typed = {"estate": estate, "name": name, "duty": duty, "term_from": term_from, "term_to": term_to}
        try:
            region, community = check_estate(desk, viewer, estate)
            given = Invitation(region, community, name, duty, day_of(term_from), day_of(term_to))
            with desk.database.write() as session:
                row, code = invite(session, given, viewer.actor, desk.clock())
        except Refused as refused:
            return _committee_page(door, viewer, problem=refused, typed=typed)
        return _committee_page(door, viewer, code=code, invited=f"{row.community} {row.name}（{row.duty}）")

    @door.post("/console/committee/members/{member_id}/end")
    def end(request: Request, member_id: int, why: Short = "") -> Response:
        viewer = viewer_of(request)
        _not_company(viewer)
        try:
            with desk.database.write() as session:
                row = member_in_scope(session, desk, viewer, member_id)
                if not why.strip():
                    raise Refused("没有写原因", "写一句为什么结束，比如“辞职”", status=422, code="no_reason")
                end_membership(session, row.id, viewer.actor, why.strip(), desk.clock())
        except Refused as refused:
            return _committee_page(door, viewer, problem=refused)
        return _committee_page(door, viewer, done="已结束，他不能再替小区办事。")


def _checklist_page(door: Door, viewer: Viewer, estate: str, **extra: Any) -> Response:
    desk = door.desk
    scope = [(f"{region.id}/{name}", region.name, name) for region, name in estates_in_scope(desk, viewer)]
    chosen = estate or (scope[0][0] if scope else "")
    lists = []
    if chosen:
        here = check_estate(desk, viewer, chosen)
        with look_at(desk.database) as session:
            lists = lists_of(session, here, viewer, desk.clock())
    problem: Refused | None = extra.get("problem")
    values = {"scope": scope, "chosen": chosen, "lists": lists, "problem": None, "done": "", "title": "自查", "nav": "checklist"}
    return page("checklist.html", viewer, values | extra, problem.status if problem else 200)


def _checklist_routes(door: Door) -> None:
    desk = door.desk

    @door.get("/console/checklist")
    def checklist(request: Request, estate: Annotated[str, Query(max_length=140)] = "", done: str = "") -> Response:
        return _checklist_page(door, viewer_of(request), estate, done="已记下。" if done == "noted" else "")

    @door.post("/console/checklist")
    def answer(
        request: Request, estate: Short, item: Short, state: Short, evidence: Annotated[str, Form(max_length=1000)] = ""
    ) -> Response:
        viewer = viewer_of(request)
        region, community = check_estate(desk, viewer, estate)
        try:
            if viewer.side == "company" and item.startswith("annex1-"):
                raise Refused("这一项由主管部门自查", "填写物业企业的各项", status=403, code="not_yours")
            with desk.database.write() as session:
                answer_item(session, SelfCheck(region, community, item, state, evidence), viewer.actor, desk.clock())
        except Refused as refused:
            return _checklist_page(door, viewer, estate, problem=refused)
        return RedirectResponse(f"/console/checklist?estate={region}/{community}&done=noted#{item}", status_code=303)
