"""The operators' console (contract 5): one router with every page below /console."""

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from config.refusal import Refused
from console.desk import ConsoleDesk
from console.door import Door
from console.live import LiveFeed
from console.pages.admin import add_admin
from console.pages.callback_page import add_callbacks
from console.pages.chat_page import add_chat
from console.pages.committee_page import add_committee
from console.pages.export import add_export
from console.pages.inbox_page import add_inbox
from console.pages.incident_page import add_incidents
from console.pages.joint_page import add_joint
from console.pages.plan_page import add_plans
from console.pages.report_page import add_reports
from console.pages.review_answer_page import add_review_answers
from console.pages.review_page import add_review
from console.pages.signing import add_signing
from console.pages.survey_page import add_surveys
from console.pages.ticket_page import add_ticket
from console.pages.work import add_work

__all__ = ["ConsoleDesk", "console_router"]

STATIC = Path(__file__).resolve().parent / "static"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def console_router(desk: ConsoleDesk) -> APIRouter:
    """Every console route, each behind its rule of console.access.RULES."""
    door = Door(desk)
    feed = LiveFeed(desk.database)
    _static(door)
    add_signing(door)
    add_chat(door)
    add_inbox(door, feed)
    add_ticket(door)
    add_work(door)
    add_joint(door)
    add_incidents(door)
    add_callbacks(door)
    add_surveys(door)
    add_reports(door)
    add_export(door)
    add_review(door)
    add_review_answers(door)
    add_plans(door)
    add_committee(door)
    add_admin(door)
    return door.router


def _static(door: Door) -> None:
    files = {path.name: path for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES}

    @door.get("/console/static/{path:path}")
    def static(path: str) -> Response:
        found = files.get(path)
        if found is None:
            raise Refused("没有这个文件", "刷新页面再试", status=404, code="no_file")
        return FileResponse(found, media_type=MEDIA_TYPES[found.suffix], headers={"Cache-Control": "public, max-age=86400"})
