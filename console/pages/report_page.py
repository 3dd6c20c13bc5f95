"""报表: the plans' own figures with their clauses, what keeps coming back against last year, and the monthly meeting's agenda."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request, Response
from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import Region
from console.access import Viewer
from console.clock_view import plan_name
from console.door import Door, viewer_of
from console.look import look_at
from console.rendering import BEIJING, category_name, form_name, local, page
from console.scope import sees, tickets_of
from storage.audit import record
from storage.models import TicketRow
from tickets.agenda import agenda, meeting
from tickets.causes import cause_title
from tickets.figures import DIMENSIONS, Figure, Period, Trend, figures, month_period, monthly, trends, year_to_date

DIMENSION_NAMES = {"community": "小区", "category": "类别", "company": "企业", "cause": "原因"}
TOP = 12
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Short = Annotated[str, Query(max_length=80)]


@dataclass(frozen=True)
class Asked:
    """What the page was asked for: one region, the months back from now (0: this year so far)."""

    region: Region
    period: Period
    name: str
    month: str


def add_reports(door: Door) -> None:
    """Routes of the reports."""
    desk = door.desk

    @door.get("/console/reports")
    def reports(request: Request, region: Short = "", month: Short = "") -> Response:
        viewer = viewer_of(request)
        asked = _asked(door, viewer, region, month)
        with look_at(desk.database) as session:
            values = _values(session, door, viewer, asked)
        return page("reports.html", viewer, values)

    @door.get("/console/reports/agenda.docx")
    def agenda_file(request: Request, region: Short = "", community: Short = "", month: Short = "") -> Response:
        viewer, now = viewer_of(request), desk.clock()
        of = meeting(region, community, month or local(now, "%Y-%m"))
        if not sees(viewer, of.region.id, of.community, "complaint"):
            raise Refused("这个小区不在您的管辖范围内", "从列表里选小区", status=403, code="scope")
        with look_at(desk.database) as session:
            data = agenda(session, of, now)
        with desk.database.write() as session:
            record(session, viewer.actor, "agenda_made", f"agenda:{of.community}", {"month": f"{of.year}-{of.month:02d}"}, now)
        name = quote(f"{of.community}{of.year}年{of.month}月物业诉求协调会议程.docx")
        return Response(data, media_type=DOCX, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})


def _visible(door: Door, viewer: Viewer) -> list[Region]:
    return [r for r in door.desk.regions.values() if viewer.all_regions or r.id in viewer.regions]


def _asked(door: Door, viewer: Viewer, region: str, month: str) -> Asked:
    visible = _visible(door, viewer)
    if not visible:
        raise Refused("您还没有管辖的地区", "请管理员给账号加上地区", status=403, code="scope")
    here = next((r for r in visible if r.id == region), None) or next((r for r in visible if r.selectable), visible[0])
    now = door.desk.clock()
    if not month:
        return Asked(here, year_to_date(now, here.timezone), "今年到现在", "")
    try:
        year, number = (int(part) for part in month.split("-"))
        if not 2000 <= year <= 2100:
            raise ValueError
        return Asked(here, month_period(year, number, here.timezone), f"{year}年{number}月", month)
    except ValueError:
        raise Refused("没有这个月份", "月份写成 2026-11", status=422, code="month") from None


def _values(session: Session, door: Door, viewer: Viewer, asked: Asked) -> dict[str, Any]:
    scope: ColumnElement[bool] = and_(tickets_of(viewer), TicketRow.region == asked.region.id)
    now = door.desk.clock()
    found = {name: trends(session, scope, name, asked.period) for name in DIMENSIONS}
    year = asked.period.start.astimezone(BEIJING).year
    zone = asked.region.timezone
    charts: dict[str, Any] = {
        name: [{"name": _title(name, t.key), "now": t.count, "before": t.before} for t in rows[:TOP]] for name, rows in found.items()
    }
    charts["months"] = {"year": year, "now": monthly(session, scope, year, zone), "before": monthly(session, scope, year - 1, zone)}
    return {
        "asked": asked,
        "regions": _visible(door, viewer),
        "communities": [c.name for c in asked.region.communities if not viewer.communities or c.name in viewer.communities],
        "figures": [] if viewer.communities else [_figure(one) for one in figures(session, asked.region, asked.period, now)],
        "tables": {name: [_line(name, t) for t in rows[:TOP]] for name, rows in found.items()},
        "dimension_names": DIMENSION_NAMES,
        "charts": charts,
        "meeting_month": local(now, "%Y-%m"),
        "title": "报表",
        "nav": "reports",
    }


def _title(dimension: str, key: str) -> str:
    if dimension == "category":
        return category_name(key)
    return cause_title(key) if dimension == "cause" else key or "未说明"


def _line(dimension: str, trend: Trend) -> dict[str, Any]:
    change = "—" if trend.change is None else f"{trend.change:+g}%"
    worse = (trend.change or 0) > 0
    return {"name": _title(dimension, trend.key), "count": trend.count, "before": trend.before, "change": change, "worse": worse}


def _figure(one: Figure) -> dict[str, Any]:
    target = one.target
    wanted = "" if target.value is None else f"{ {'>=': '≥', '<=': '≤', '=': '='}[target.op] } {target.value:g}{target.unit}"
    return {
        "title": target.title,
        "forms": "、".join(form_name(form) for form in target.forms),
        "value": "" if one.value is None else f"{one.value:g}{target.unit}",
        "wanted": wanted,
        "met": one.met,
        "basis": one.basis,
        "why": one.why,
        "source": f"{plan_name(target.source.plan)} {target.source.clause}",
        "url": f"/plans/{quote(target.source.plan)}#{quote(target.source.clause)}",
    }
