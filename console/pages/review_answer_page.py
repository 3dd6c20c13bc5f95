"""Answering a group of questions: attach it to a provision, or write an answer with its source; and taking one back."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from config.refusal import Refused
from console.access import Viewer
from console.door import Door, viewer_of
from console.look import look_at
from console.plan_shelf import may_decide, region_choices, today_of
from console.rendering import page
from console.review import judge, questions_of
from console.review_answers import binding_plans, search, usual_region
from knowledge.import_identity import COUNTRY
from knowledge.reviewed import MOST_QUESTIONS, Source, attach, find_in_use, revoke, write

Short = Annotated[str, Form(max_length=140)]
Long = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True)
class Group:
    """Which questions are answered, how residents ask it (one wording a line), and for which region."""

    ids: list[int]
    questions: list[str]
    region: str


def group_said(ids: Annotated[str, Form(max_length=4000)] = "", questions: Long = "", region: Short = "") -> Group:
    """The group as the form sends it."""
    return Group(_numbers(ids), questions.splitlines(), region)


Said = Annotated[Group, Depends(group_said)]


def _numbers(ids: str) -> list[int]:
    return [int(one) for one in ids.split(",") if one.isdecimal() and len(one) < 16]


def add_review_answers(door: Door) -> None:
    """Routes of reviewed answers."""
    _page_route(door)
    _attach_route(door)
    _write_route(door)
    _revoke_route(door)


def _shown(  # noqa: PLR0913 - the group, what was looked for, what was typed, what was wrong
    door: Door, viewer: Viewer, ids: list[int], region: str, words: str, problem: Refused | None = None, typed: dict[str, Any] | None = None
) -> Response:
    desk = door.desk
    with look_at(desk.database) as session:
        rows = questions_of(session, viewer, ids)
    if not rows:
        raise Refused("没有可复核的问题", "可能别人刚复核过，回问答复核看看", status=404, code="nothing_to_review")
    asked = list(dict.fromkeys(row.question for row in rows))
    today = today_of(desk.clock())
    library, choices = desk.library(today), [(id, name) for id, name in region_choices(viewer) if id != COUNTRY]
    here = region or usual_region(rows) or (choices[0][0] if choices else "")
    given = {"questions": "\n".join(q for q in asked[:MOST_QUESTIONS] if "*" not in q), "text": "", "plan": "", "clause": "", "quote": "",
             "office": "", "office_day": ""}  # fmt: skip
    values = {
        "rows": rows, "asked": asked, "ids": ",".join(str(i) for i in ids), "region": here, "regions": choices, "words": words or asked[0],
        "found": search(library, here, words or asked[0], today), "plans": binding_plans(library, here, today), "problem": problem,
        "typed": given | (typed or {}), "title": "答这组问题", "nav": "review",
    }  # fmt: skip
    return page("review_answer.html", viewer, values, problem.status if problem else 200)


def _page_route(door: Door) -> None:
    @door.get("/console/review/answer")
    def answer(
        request: Request, ids: Annotated[str, Query(max_length=4000)] = "", region: Annotated[str, Query(max_length=40)] = "",
        words: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:  # fmt: skip
        return _shown(door, viewer_of(request), _numbers(ids), region, words.strip())


def _settle(session: Session, viewer: Viewer, group: Group, door: Door) -> None:
    """Refused unless the operator decides for the region and the group still waits; its rows are judged as questions for a rule."""
    if not may_decide(viewer, group.region):
        raise Refused("这个地区不归您管", "请管理员或上一级主管办理", status=403, code="forbidden")
    if not judge(session, viewer, group.ids, {"intent": "ask_policy", "note": "已有答复"}, door.desk.clock()):
        raise Refused("没有可复核的问题", "可能别人刚复核过，刷新看看", status=409, code="nothing_to_review")


def _attach_route(door: Door) -> None:
    desk = door.desk

    @door.post("/console/review/attach")
    def attach_to(request: Request, group: Said, provision: Short = "") -> Response:
        viewer = viewer_of(request)
        library = desk.library(today_of(desk.clock()))
        try:
            with desk.database.write() as session:
                _settle(session, viewer, group, door)
                attach(session, group.questions, group.region, provision, library, viewer.actor, desk.clock())
        except Refused as refused:
            return _again(door, viewer, group, {}, refused)
        return RedirectResponse("/console/review?done=answered", status_code=303)


def _again(door: Door, viewer: Viewer, group: Group, typed: dict[str, Any], refused: Refused) -> Response:
    if refused.code == "nothing_to_review":
        raise refused
    typed = {**typed, "questions": "\n".join(group.questions)}
    return _shown(door, viewer, group.ids, group.region if may_decide(viewer, group.region) else "", "", refused, typed)


def _write_route(door: Door) -> None:
    desk = door.desk

    @door.post("/console/review/write")
    def write_it(  # noqa: PLR0913 - the fields of the form
        request: Request, group: Said, text: Long = "", plan: Short = "", clause: Short = "", quote: Long = "", office: Short = "",
        office_day: Annotated[str, Form(max_length=10)] = "",
    ) -> Response:  # fmt: skip
        viewer = viewer_of(request)
        typed = {"text": text, "plan": plan, "clause": clause, "quote": quote, "office": office, "office_day": office_day}
        library = desk.library(today_of(desk.clock()))
        try:
            source = _source(plan, clause, quote, office, office_day)
            with desk.database.write() as session:
                _settle(session, viewer, group, door)
                write(session, group.questions, group.region, text, source, library, viewer.actor, desk.clock())
        except Refused as refused:
            return _again(door, viewer, group, typed, refused)
        return RedirectResponse("/console/review?done=answered", status_code=303)


def _source(plan: str, clause: str, quote: str, office: str, office_day: str) -> Source:
    try:
        day = date.fromisoformat(office_day.strip()) if office_day.strip() else None
    except ValueError:
        raise Refused(f"{office_day} 不是日期", "写成 2026-12-31", status=422, code="day") from None
    said = (one.strip() or None for one in (plan, clause, quote, office))
    known, where, words, who = said
    return Source(known, where if known else None, words if known else None, who, day)


def _revoke_route(door: Door) -> None:
    desk = door.desk

    @door.post("/console/review/answers/{answer_id}/revoke")
    def take_back(request: Request, answer_id: int) -> Response:
        viewer = viewer_of(request)
        with desk.database.write() as session:
            row = find_in_use(session, answer_id)
            if not may_decide(viewer, row.region):
                raise Refused("没有这条答复，或已经撤回", "刷新页面看看", status=404, code="no_reviewed")
            revoke(session, answer_id, viewer.actor, desk.clock())
        return RedirectResponse("/console/review?done=revoked", status_code=303)
