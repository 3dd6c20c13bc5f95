"""The pages of the plans: /plans lists them, /plans/<id> shows the text with anchors, standing and the cited run highlighted."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated
from urllib.parse import quote as quoted
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from config.refusal import Refused
from knowledge.library import Library
from knowledge.plan_page import plan_page, read_run

TEMPLATES = Path(__file__).resolve().parent.parent / "knowledge" / "templates"
ZONE = ZoneInfo("Asia/Shanghai")
MOST_NAMED = 10


def plan_pages_router(library: Callable[[date], Library], clock: Callable[[], datetime]) -> APIRouter:
    """Routes below /plans; the library and the standing are those of today in Beijing."""
    router = APIRouter(prefix="/plans", include_in_schema=False)
    template = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).get_template("plan.html")

    def today() -> date:
        return clock().astimezone(ZONE).date()

    @router.get("/plan.css")
    def look() -> FileResponse:
        return FileResponse(TEMPLATES / "plan.css", media_type="text/css; charset=utf-8", headers={"Cache-Control": "no-cache"})

    @router.get("")
    def newest() -> RedirectResponse:
        return RedirectResponse(f"/plans/{quoted(next(iter(library(today()).plans)))}")

    @router.get("/{plan_id}")
    def page(
        plan_id: str,
        at: Annotated[str | None, Query(max_length=30)] = None,
        clause: Annotated[str | None, Query(max_length=40)] = None,
        quote: Annotated[str | None, Query(max_length=2000)] = None,
    ) -> HTMLResponse:
        day = today()
        known = library(day)
        if plan_id not in known.plans:
            raise Refused("没有这份文件", f"可看：{'、'.join(islice(known.plans, MOST_NAMED))}", status=404, code="no_plan")
        made = plan_page(known, plan_id, clause, quote, at=read_run(at), day=day)
        return HTMLResponse(template.render(page=made), headers={"Cache-Control": "no-cache"})

    return router
