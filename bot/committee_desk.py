"""The member's desk below /committee: cases, disclosure, ledger and papers of the estate, opened by a link from the conversation."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from sqlalchemy.orm import Session

from bot.ballot_desk import add_ballots, ballots_address
from bot.desk_pages import COOKIE, NO_DESK, TEMPLATES, CommitteeDoor, DeskPages, DeskRoute, day_of, desk_page
from bot.ledger_desk import add_ledger, add_papers
from bot.question_desk import add_questions
from committee.cases import StepDone, cases_of, view_case
from committee.disclosure import DisclosureDesk
from committee.members import Member, member_at_desk
from config.refusal import Refused

__all__ = ["CommitteeDoor", "committee_router"]
Short = Annotated[str, Form(max_length=1000)]


def committee_router(door: CommitteeDoor) -> APIRouter:
    """Every route of the desk. /committee/enter/<secret> (committee.members.open_desk) sets the cookie the others need."""
    router = APIRouter(prefix="/committee", include_in_schema=False, route_class=DeskRoute)
    pages = DeskPages(door)
    _entrance(router, door)
    _case_routes(router, pages)
    _step_routes(router, pages)
    _date_routes(router, pages)
    _disclosure_routes(router, pages)
    add_ledger(router, pages)
    add_papers(router, pages)
    add_questions(router, pages)
    add_ballots(router, pages)
    return router


def _entrance(router: APIRouter, door: CommitteeDoor) -> None:
    @router.get("/desk.css")
    def look() -> FileResponse:
        return FileResponse(TEMPLATES / "desk.css", media_type="text/css; charset=utf-8")

    @router.get("/enter/{secret}")
    def enter(secret: str, to: str = "", matter: str = "") -> Response:
        with door.database.read() as session:
            if "\0" in secret or member_at_desk(session, secret, door.clock()) is None:
                raise NO_DESK
        # A page of ours that goes on by itself: a strict cookie is not sent on a redirect that began in another app.
        goal = ballots_address(matter) if to == "ballots" else "/committee"
        answer = HTMLResponse(f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={goal}">')
        answer.set_cookie(COOKIE, secret, path="/committee", httponly=True, samesite="strict", secure=door.secure, max_age=12 * 3600)
        return answer


def _case_routes(router: APIRouter, pages: DeskPages) -> None:
    door = pages.door
    guarded = [Depends(pages.may_write)]

    @router.get("")
    def desk(request: Request, problem: str = "", done: str = "") -> Response:
        return desk_page(pages, pages.at_desk(request), problem=Refused(problem[:300]) if problem else None, done=done[:100])

    @router.post("/cases", dependencies=guarded)
    def begin(request: Request, procedure: Short) -> Response:
        return pages.act(request, lambda s, m, now: f"/committee/cases/{pages.cases(s, m, now).open(procedure).id}")

    @router.get("/cases/{case_id}")
    def case(request: Request, case_id: int) -> Response:
        at, now = pages.at_desk(request), door.clock()
        with door.database.read() as session:
            rows = cases_of(session, at.member.region, at.member.community, with_closed=True)
            row = next((r for r in rows if r.id == case_id), None)
            if row is None:
                raise Refused("没有这件事", "回工作台看看", status=404, code="no_case")
            view = view_case(session, door.procedures, row, now)
        return pages.show("case", view.title, at, case=view)


def _step_routes(router: APIRouter, pages: DeskPages) -> None:
    guarded = [Depends(pages.may_write)]

    @router.post("/cases/{case_id}/step", dependencies=guarded)
    def step(request: Request, case_id: int, n: Annotated[int, Form()], day: Short, paper: Short = "", skip: Short = "") -> Response:  # noqa: PLR0913
        done = StepDone(n, day_of(day), paper, skip, skipped=bool(skip.strip()))

        def work(s: Session, m: Member, now: datetime) -> str:
            pages.cases(s, m, now).mark_step(case_id, done)
            return f"/committee/cases/{case_id}#s{n}"

        return pages.act(request, work)

    @router.post("/cases/{case_id}/undo", dependencies=guarded)
    def undo(request: Request, case_id: int, n: Annotated[int, Form()]) -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            pages.cases(s, m, now).undo_step(case_id, n)
            return f"/committee/cases/{case_id}#s{n}"

        return pages.act(request, work)


def _date_routes(router: APIRouter, pages: DeskPages) -> None:
    guarded = [Depends(pages.may_write)]

    @router.post("/cases/{case_id}/event", dependencies=guarded)
    def event(request: Request, case_id: int, event: Short, day: Short = "") -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            pages.cases(s, m, now).set_event(case_id, event, day_of(day) if day else None)
            return f"/committee/cases/{case_id}"

        return pages.act(request, work)

    @router.post("/cases/{case_id}/close", dependencies=guarded)
    def close(request: Request, case_id: int, why: Short = "") -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            pages.cases(s, m, now).close(case_id, why)
            return "/committee"

        return pages.act(request, work)


def _disclosure_routes(router: APIRouter, pages: DeskPages) -> None:
    guarded = [Depends(pages.may_write)]

    @router.post("/disclosures", dependencies=guarded)
    def done(request: Request, item: Short, day: Short, evidence: Short, row: Short = "") -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            desk = DisclosureDesk(s, m, now)
            if row.isdecimal() and len(row) < 10:
                desk.mark_done(int(row), day_of(day), evidence)
            else:
                desk.record_standing(item, day_of(day), evidence)
            return "/committee?done=%E5%B7%B2%E8%AE%B0%E4%B8%8B"

        return pages.act(request, work)

    @router.post("/events", dependencies=guarded)
    def event(request: Request, item: Short, day: Short, what: Short) -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            DisclosureDesk(s, m, now).note_event(item, day_of(day), what)
            return "/committee"

        return pages.act(request, work)
