"""满意度测评: begin the half-year's survey of an estate or of all estates of a company, and see what it found."""

from datetime import datetime
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from config.refusal import Refused
from config.regions import Region
from console.access import Viewer
from console.clock_view import plan_name
from console.committee_view import estates_in_scope
from console.desk import ConsoleDesk
from console.door import Door, viewer_of
from console.look import look_at
from console.rendering import page
from console.take_over import operator_of
from storage.audit import record
from tickets.figures import company_of
from tickets.survey import Half, half_of, start_survey, survey_target
from tickets.survey_results import survey_results

Estate = tuple[Region, str]


def add_surveys(door: Door) -> None:
    """Routes of the survey."""
    desk = door.desk

    @door.get("/console/surveys")
    def surveys(request: Request, half: str = "", asked: str = "") -> Response:
        said = f"已问 {int(asked)} 人。" if asked.isascii() and asked.isdecimal() and len(asked) < 8 else ""
        return _show(door, viewer_of(request), half, said, None)

    @door.post("/console/surveys/start")
    def start(request: Request, target: Annotated[str, Form(max_length=200)]) -> Response:
        viewer, now = viewer_of(request), desk.clock()
        try:
            estates = _chosen(desk, viewer, target)
            with desk.database.write() as session:
                operator = operator_of(session, viewer)
                count = 0
                for region, community in estates:
                    promise = survey_target(region)
                    plan = plan_name(promise.source.plan) if promise else ""
                    count += start_survey(session, region, community, operator, plan, now)
                record(session, viewer.actor, "survey_started", target, {"estates": len(estates), "asked": count}, now)
        except Refused as refused:
            return _show(door, viewer, "", "", refused)
        return RedirectResponse(f"/console/surveys?asked={count}", status_code=303)


def _promised(desk: ConsoleDesk, viewer: Viewer) -> list[Estate]:
    """The estates in the operator's scope where a plan asks for the survey."""
    return [(region, name) for region, name in estates_in_scope(desk, viewer) if survey_target(region) is not None]


def _chosen(desk: ConsoleDesk, viewer: Viewer, target: str) -> list[Estate]:
    """The estates a form's choice stands for: estate:region/name or company:name. Refused when none is in scope."""
    kind, _, name = target.partition(":")
    promised = _promised(desk, viewer)
    if kind == "estate":
        found = [(region, community) for region, community in promised if f"{region.id}/{community}" == name]
    else:
        found = [(region, community) for region, community in promised if kind == "company" and company_of(region.id, community) == name]
    if not found:
        raise Refused("没有这个小区或企业，或者不在您的范围里", "从列表里选", status=404, code="no_estate")
    return found


def _halves(now: datetime, timezone: str) -> list[Half]:
    """This half-year and the three before it."""
    halves = [half_of(now, timezone)]
    while len(halves) < 4:
        before = halves[-1].start.replace(month=1 if halves[-1].start.month == 7 else 7)
        before = before.replace(year=before.year - (before.month == 7))
        halves.append(half_of(before, timezone))
    return halves


def _show(door: Door, viewer: Viewer, wanted: str, done: str, problem: Refused | None) -> Response:
    """The page. Refused (403) for the company's side: it is judged here."""
    desk = door.desk
    if viewer.side == "company":
        raise Refused("满意度测评不给物业一侧看", "请街道或住建部门的账号查看", status=403, code="not_for_company")
    promised = _promised(desk, viewer)
    halves = _halves(desk.clock(), "Asia/Shanghai")
    half = next((one for one in halves if one.name == wanted), halves[0])
    with look_at(desk.database) as session:
        found = survey_results(session, [(region.id, name) for region, name in promised], half.name)
    values = {
        "results": [{"of": one, "source": f"{plan_name(one.source[0])} {one.source[1]}"} for one in found],
        "estates": [(f"estate:{region.id}/{name}", f"{region.name} {name}") for region, name in promised],
        "companies": sorted({c for region, name in promised if not (c := company_of(region.id, name)).endswith("（企业未登记）")}),
        "halves": halves,
        "half": half,
        "may_start": viewer.may("work"),
        "done": done,
        "problem": problem,
    }
    return page("surveys.html", viewer, values | {"title": "满意度测评", "nav": "surveys"}, problem.status if problem else 200)
