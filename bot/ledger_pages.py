"""What everybody may open by its address: the published ledger with its QR code and printable notice, a case's calendar (ICS)."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import segno
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from actions.committee_ledger import ask_about_entry
from committee.cases import case_calendar
from committee.ledger_page import LedgerPage, ledger_page, notice_fields
from committee.ledger_questions import AskedEntry, questions_of
from committee.ledger_sheet import yuan
from committee.papers import make_paper
from committee.procedures import Procedures
from committee.timetable import timetable
from config.refusal import Refused
from config.words import Words
from storage.database import Database

TEMPLATES = Path(__file__).resolve().parent.parent / "committee" / "templates"
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class LedgerDoor:
    """What these pages need; `public_url` is the address people reach this server at, for the QR code."""

    database: Database
    procedures: Procedures
    clock: Callable[[], datetime]
    public_url: str


def ledger_router(door: LedgerDoor) -> APIRouter:
    """Routes below /ledger and /calendar. The token in the address is the permission; nobody else is listed anywhere."""
    router = APIRouter(include_in_schema=False)
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    template, asked = environment.get_template("ledger.html"), environment.get_template("asked.html")

    @router.get("/ledger/ledger.css")
    def look() -> FileResponse:
        return FileResponse(TEMPLATES / "ledger.css", media_type="text/css; charset=utf-8", headers={"Cache-Control": "no-cache"})

    @router.get("/ledger/{token}")
    def show(token: str) -> HTMLResponse:
        found = _page(door, token)
        published = f"{found.published_at.astimezone(ZONE):%Y-%m-%d}"
        shown = template.render(page=found, questions=_questions(door, found), yuan=yuan, published=published)
        return HTMLResponse(shown, headers={"Cache-Control": "no-cache"})

    @router.get("/ledger/{token}/qr.svg")
    def code(token: str) -> Response:
        found = _page(door, token)
        file = io.BytesIO()
        segno.make(f"{door.public_url.rstrip('/')}/ledger/{found.token}", error="m").save(file, kind="svg", scale=4, border=2)
        return Response(file.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-cache"})

    @router.get("/ledger/{token}/notice.pdf")
    def notice(token: str) -> Response:
        paper = make_paper("quarterly_disclosure", notice_fields(_page(door, token)), "pdf")
        return Response(paper.content, media_type=paper.media_type, headers={"Content-Disposition": "inline; filename=notice.pdf"})

    @router.post("/ledger/{token}/question")
    def question(token: str, entry: Annotated[int, Form()], text: Annotated[str, Form(max_length=1000)] = "") -> HTMLResponse:
        found = _page(door, token)
        if entry not in {line.id for line in found.lines}:
            raise Refused("没有这笔已公布的账", "看一下账页上的编号", status=404, code="no_entry")
        say = Words()
        with door.database.write() as session:
            row = ask_about_entry(session, entry, text.strip() or say("ledger_question_plain"), door.clock(), say)
            number, lead = row.number, row.lead_unit
        return HTMLResponse(asked.render(page=found, number=number, lead_unit=lead), headers={"Cache-Control": "no-store"})

    @router.get("/timetable/{procedure}.ics")
    def dates(request: Request, procedure: str) -> Response:
        text = _timetable(door, procedure, dict(request.query_params))
        return Response(text, media_type="text/calendar; charset=utf-8", headers={"Cache-Control": "no-cache"})

    @router.get("/calendar/{token}.ics")
    def calendar(token: str) -> Response:
        with door.database.read() as session:
            text = case_calendar(session, door.procedures, token, door.clock())
        if text is None:
            raise Refused("没有这个日历", "请业委会成员重新给您订阅地址", status=404, code="no_calendar")
        return Response(text, media_type="text/calendar; charset=utf-8", headers={"Cache-Control": "no-cache"})

    return router


def _questions(door: LedgerDoor, page: LedgerPage) -> dict[int, list[AskedEntry]]:
    """What was asked about the page's entries and answered, by entry; a question waiting for its answer shows no words of the asker."""
    with door.database.read() as session:
        found = questions_of(session, page.region, page.community)
    mine: dict[int, list[AskedEntry]] = {}
    for one in found:
        if one.answer:
            mine.setdefault(one.entry.id, []).append(one)
    return mine


def _timetable(door: LedgerDoor, procedure: str, query: dict[str, str]) -> str:
    """The ICS of the days in the address (event=YYYY-MM-DD); what is no event of the procedure, or no day, is refused."""
    region = query.pop("region", "") or None
    try:
        known = {event: date.fromisoformat(day) for event, day in query.items()}
        table = timetable(door.procedures, procedure, region, known)
    except (ValueError, OverflowError) as error:
        raise Refused("日期不对", "在对话里再说一次日子，用新的链接", status=422, code="day") from error
    return table.ics(door.clock())


def _page(door: LedgerDoor, token: str) -> LedgerPage:
    with door.database.read() as session:
        found = ledger_page(session, token) if token.isascii() and len(token) <= 60 and "\0" not in token else None
    if found is None:
        raise Refused("没有这一期账，或者还没有公布", "核对地址，或者问业委会", status=404, code="no_ledger")
    return found
