"""The agenda of an estate's monthly 物业诉求协调会 as DOCX (东河区 三（一）2: once a month in every street and community)."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from jinja2 import Environment
from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from config.categories import categories
from config.refusal import Refused
from config.regions import Region, regions
from storage.masking import mask
from storage.models import ClockRow, TaskRow, TicketEventRow, TicketLinkRow, TicketRow
from tickets.causes import cause_title
from tickets.figures import Period, month_period, trends
from tickets.followers import count_followers
from tickets.joint import WAITING
from tickets.ticket import OPEN_STATES

TEMPLATE = Path(__file__).resolve().parent / "templates" / "agenda.docx"
MOST_MATTERS = 40
MANY_VOICES = 3
MANY_HOPS = 2


@dataclass(frozen=True)
class Meeting:
    """The meeting of one estate in one month, which looks back on the month before."""

    region: Region
    community: str
    year: int
    month: int

    @property
    def looked_at(self) -> Period:
        """The month before the meeting's."""
        year, month = (self.year, self.month - 1) if self.month > 1 else (self.year - 1, 12)
        return month_period(year, month, self.region.timezone)


def meeting(region: str, community: str, month: str) -> Meeting:
    """The meeting named by region id, estate and "2026-11". Refused for what is none."""
    here = regions().get(region)
    parts = month.split("-")
    fits = len(parts) == 2 and all(part.isascii() and part.isdecimal() and len(part) < 5 for part in parts)
    if here is None or not community.strip() or not fits or not 1 <= int(parts[1]) <= 12 or not 2000 <= int(parts[0]) <= 2100:
        raise Refused("会议的地区、小区和月份要写全", "月份写成 2026-11", status=422, code="meeting")
    return Meeting(here, community.strip(), int(parts[0]), int(parts[1]))


def agenda(session: Session, of: Meeting, now: datetime) -> bytes:
    """The agenda as a DOCX file. It names no resident, no room and no telephone."""
    scope = and_(TicketRow.region == of.region.id, TicketRow.community == of.community)
    rows = list(session.scalars(select(TicketRow).where(scope, TicketRow.state.in_(OPEN_STATES)).order_by(TicketRow.id)))
    values = {
        "community": of.community,
        "region": of.region.name,
        "month": f"{of.year}年{of.month}月",
        "made": f"{now.astimezone(ZoneInfo(of.region.timezone)):%Y-%m-%d}",
        "basis": _basis(of.region),
        "summary": _summary(session, of, rows),
        "patterns": _patterns(session, of),
        "matters": _matters(session, rows, now),
        "tasks": _tasks(session, [row.id for row in rows]),
    }
    template = DocxTemplate(TEMPLATE)
    template.render(values, Environment(autoescape=True))
    out = io.BytesIO()
    template.save(out)
    return out.getvalue()


def _basis(region: Region) -> str:
    rule = next((t for t in region.targets if t.id == "coordination_meeting"), None)
    if rule is None:
        return "本地区文件没有规定协调会，供自愿召开时使用"
    return f"{rule.source.plan} {rule.source.clause}：每月召开 1 次物业诉求协调会"


def _summary(session: Session, of: Meeting, rows: list[TicketRow]) -> list[str]:
    period = of.looked_at
    here = (TicketRow.region == of.region.id, TicketRow.community == of.community)
    opened = select(func.count()).select_from(TicketRow).where(*here, TicketRow.opened_at >= period.start, TicketRow.opened_at < period.end)
    moment = func.coalesce(TicketRow.resolved_at, TicketRow.closed_at)
    ended = select(func.count()).select_from(TicketRow).where(*here, moment >= period.start, moment < period.end)
    counts = (session.scalar(opened) or 0, session.scalar(ended) or 0, len(rows), sum(_is_late(session, row) for row in rows))
    return [f"{what} {count} 件" for what, count in zip(("新报", "办结", "还在办", "其中超时"), counts, strict=True)]


def _is_late(session: Session, row: TicketRow) -> bool:
    broken = exists().where(ClockRow.ticket_id == row.id, ClockRow.state == "breached")
    return bool(session.scalar(select(broken)))


def _patterns(session: Session, of: Meeting) -> list[dict[str, Any]]:
    scope = and_(TicketRow.region == of.region.id, TicketRow.community == of.community)
    known = categories()
    found = [(known[t.key].title if t.key in known else t.key, t) for t in trends(session, scope, "category", of.looked_at)[:5]]
    found += [(f"原因：{cause_title(t.key)}", t) for t in trends(session, scope, "cause", of.looked_at)[:3]]
    return [
        {"title": title, "count": t.count, "before": t.before, "change": f"{t.change:+}%" if t.change is not None else "—"}
        for title, t in found
        if t.count
    ]


def _matters(session: Session, rows: list[TicketRow], now: datetime) -> list[dict[str, Any]]:
    found = [(why, row) for row in rows if (why := _why(session, row))]
    return [_matter(row, why, now) for why, row in found[:MOST_MATTERS]]


def _why(session: Session, row: TicketRow) -> str:
    hops = session.scalar(select(func.count()).where(TicketEventRow.ticket_id == row.id, TicketEventRow.event == "moved")) or 0
    voices = 1 + count_followers(session, row)
    again = session.scalar(select(func.count()).where(TicketLinkRow.ticket_id == row.id)) or 0
    reasons = ["超时"] if _is_late(session, row) else []
    reasons += [f"转办 {hops} 次"] if hops >= MANY_HOPS else []
    reasons += [f"{voices} 人反映"] if voices >= MANY_VOICES else []
    reasons += [f"第 {again + 1} 次反映"] if again else []
    reasons += [f"催办 {row.chased} 次"] if row.chased else []
    return "、".join(reasons)


def _matter(row: TicketRow, why: str, now: datetime) -> dict[str, Any]:
    place = "" if row.kind == "complaint" else "".join(f"{n}{w}" for n, w in ((row.building, "号楼"), (row.unit, "单元")) if n)
    known = categories().get(row.category)
    days = max((now - row.opened_at) // timedelta(days=1), 0)
    return {
        "number": row.number,
        "category": known.title if known else row.category,
        "place": place or "—",
        "days": days,
        "lead": row.lead_unit,
        "why": why,
    }


def _tasks(session: Session, ids: list[int]) -> list[dict[str, Any]]:
    query = select(TaskRow, TicketRow.number).join(TicketRow, TicketRow.id == TaskRow.ticket_id)
    query = query.where(TaskRow.ticket_id.in_(ids), TaskRow.state.in_(WAITING)).order_by(TaskRow.id)
    return [{"number": number, "unit": task.unit, "task": mask(task.task)} for task, number in session.execute(query)]
