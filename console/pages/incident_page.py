"""The incidents page: what is going on, what is suggested, opening one with one notice to all affected, and ending it."""

import re
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from console.access import Viewer
from console.door import Door, viewer_of
from console.look import look_at
from console.rendering import page
from console.scope import incidents_of, sees
from console.take_over import operator_of
from storage.audit import record
from storage.models import IncidentRow
from tickets.incidents import Opening, count_hearers, end_incident, incident_kinds, linked_tickets, open_incident, suggest_incidents

SHOWN = 60
Short = Annotated[str, Form(max_length=80)]
Long = Annotated[str, Form(max_length=500)]
DONE = {"opened": "事件已开，受影响的居民都收到了一条通知。", "ended": "事件已结束，通知过的居民都收到了结果。"}


def add_incidents(door: Door) -> None:
    """Routes of the incidents."""

    @door.get("/console/incidents")
    def incidents(request: Request, done: str = "") -> Response:
        return _show(door, viewer_of(request), done=DONE.get(done, ""))

    @door.post("/console/incidents/open")
    def begin(  # noqa: PLR0913 - the form's fields
        request: Request, kind: Short, region: Short, community: Short, text: Long = "", buildings: Short = "", expected: Short = ""
    ) -> Response:
        typed = {"kind": kind, "region": region, "community": community, "text": text, "buildings": buildings, "expected": expected}
        return _run(door, viewer_of(request), typed, lambda session, viewer, now: _open(door, session, viewer, typed, now))

    @door.post("/console/incidents/{number}/end")
    def end(request: Request, number: str, text: Long = "") -> Response:
        return _run(door, viewer_of(request), {}, lambda session, viewer, now: _end(session, viewer, number, text, now))


def _run(door: Door, viewer: Viewer, typed: dict[str, str], work: Any) -> Response:
    """Run one change in a transaction and go back to the page; a refusal is shown there with what was typed."""
    now = door.desk.clock()
    try:
        with door.desk.database.write() as session:
            done, number = work(session, viewer, now)
            record(session, viewer.actor, f"incident_{done}", f"incident:{number}", {}, now)
    except Refused as refused:
        return _show(door, viewer, problem=refused, typed=typed)
    return RedirectResponse(f"/console/incidents?done={done}", status_code=303)


def _open(door: Door, session: Session, viewer: Viewer, typed: dict[str, str], now: datetime) -> tuple[str, str]:
    region = door.desk.regions.get(typed["region"])
    if region is None or not sees(viewer, region.id, typed["community"], "repair"):
        raise Refused("这个小区不在您的管辖范围内", "从列表里选小区", status=403, code="scope")
    known = region.community(typed["community"])
    opening = Opening(
        kind=typed["kind"],
        region=region.id,
        community=known.name if known else typed["community"].strip(),
        buildings=_buildings(typed["buildings"]),
        text=typed["text"],
        expected_at=_moment(typed["expected"], region.timezone),
    )
    return "opened", open_incident(session, opening, operator_of(session, viewer), now).number


def _buildings(words: str) -> tuple[str, ...]:
    """“3号楼、5” as ("3", "5")."""
    parts = (part.strip().removesuffix("楼").removesuffix("号")[:20] for part in re.split(r"[,，、;；\s]+", words))
    return tuple(dict.fromkeys(part for part in parts if part))


def _moment(words: str, timezone: str) -> datetime | None:
    """The browser's datetime-local value, which is the time of the place."""
    if not words:
        return None
    try:
        return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        raise Refused("预计恢复的时间不对", "写成 2026-11-20T18:00", status=422, code="time") from None


def _end(session: Session, viewer: Viewer, number: str, text: str, now: datetime) -> tuple[str, str]:
    row = session.scalar(select(IncidentRow).where(IncidentRow.number == number[:30], incidents_of(viewer)))
    if row is None:
        raise Refused("没有这个事件，或不在您的管辖范围内", "核对事件号", status=404, code="no_incident")
    return "ended", end_incident(session, row, text, operator_of(session, viewer), now).number


def _show(door: Door, viewer: Viewer, *, done: str = "", problem: Refused | None = None, typed: dict[str, str] | None = None) -> Response:
    now = door.desk.clock()
    with look_at(door.desk.database) as session:
        rows = list(session.scalars(select(IncidentRow).where(incidents_of(viewer)).order_by(IncidentRow.id.desc()).limit(SHOWN)))
        shown: list[dict[str, Any]] = [
            {"row": r, "tickets": [t.number for t in linked_tickets(session, r)], "hearers": count_hearers(session, r)} for r in rows
        ]
        offered = [s for s in suggest_incidents(session, now) if sees(viewer, s.region, s.community, "repair")]
    regions = [r for r in door.desk.regions.values() if viewer.all_regions or r.id in viewer.regions]
    values = {
        "open": [one for one in shown if one["row"].state == "open"],
        "over": [one for one in shown if one["row"].state != "open"],
        "suggested": offered,
        "kinds": incident_kinds(),
        "regions": regions,
        "communities": sorted({c.name for r in regions for c in r.communities if not viewer.communities or c.name in viewer.communities}),
        "region_names": {r.id: r.name for r in door.desk.regions.values()},
    }
    about = {"title": "事件", "nav": "incidents", "done": done, "problem": problem, "typed": typed or {}}
    return page("incidents.html", viewer, values | about, problem.status if problem else 200)
