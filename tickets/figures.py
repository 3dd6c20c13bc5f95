"""Seeing the pattern: what keeps coming back (place, category, company, cause) against the year before, and the plans' own figures.

Every figure names the clause that sets it; what tickets cannot tell says what is missing. Periods are [start, end) in aware UTC.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from config.regions import Region, Target, regions
from storage.models import CallbackRow, ClockRow, RatingRow, TicketRow
from tickets.callbacks import GOOD_STARS, REACHED, callback_rate
from tickets.causes import cause_title, suggested_cause
from tickets.joint import answered_share
from tickets.survey import half_of, taken

Dimension = Literal["community", "category", "company", "cause"]
DIMENSIONS: tuple[Dimension, ...] = ("community", "category", "company", "cause")
COUNTED = ("repair", "complaint", "emergency")
CLOCK_OF = {"response_in_time": "respond", "handle_in_time": "handle", "resolve_in_time": "resolve"}


@dataclass(frozen=True)
class Period:
    """A stretch of time, [start, end) in aware UTC."""

    start: datetime
    end: datetime

    def in_year(self, years: int, timezone: str) -> "Period":
        """The same days `years` earlier, by the calendar of the place (29 February becomes 28)."""
        return Period(_years_back(self.start, years, timezone), _years_back(self.end, years, timezone))

    @property
    def both(self) -> tuple[datetime, datetime]:
        """As a pair."""
        return self.start, self.end


def _years_back(moment: datetime, years: int, timezone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(timezone))
    try:
        moved = local.replace(year=local.year - years)
    except ValueError:
        moved = local.replace(year=local.year - years, day=28)
    return moved.astimezone(moment.tzinfo)


def month_period(year: int, month: int, timezone: str) -> Period:
    """A calendar month of the place. ValueError for a month that is none."""
    zone = ZoneInfo(timezone)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return Period(datetime(year, month, 1, tzinfo=zone).astimezone(UTC), after.astimezone(UTC))


def year_to_date(now: datetime, timezone: str) -> Period:
    """From the first of January of the place to the end of today."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return Period(today.replace(month=1, day=1).astimezone(UTC), (today + timedelta(days=1)).astimezone(UTC))


@dataclass(frozen=True)
class Trend:
    """How often one thing came up in the period and in the same period of the year before."""

    key: str
    count: int
    before: int

    @property
    def change(self) -> float | None:
        """Percent more (or, negative, less) than the year before; None when there was none then."""
        return round(100 * (self.count - self.before) / self.before, 1) if self.before else None


@dataclass(frozen=True)
class Figure:
    """One promise of a plan counted: `value` in `target.unit`, `basis` says of what; `why` what is missing when there is no value."""

    target: Target
    value: float | None
    basis: str
    why: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept; None without a value or without a number in the plan."""
        if self.value is None or self.target.value is None:
            return None
        return self.value >= self.target.value if self.target.op == ">=" else self.value <= self.target.value


def trends(session: Session, scope: ColumnElement[bool], dimension: Dimension, period: Period) -> list[Trend]:
    """What came up how often within `scope`, most often first; reports merged into others count (each is a voice)."""
    now = Counter(_keys(session, scope, dimension, period))
    before = Counter(_keys(session, scope, dimension, period.in_year(1, "Asia/Shanghai")))
    found = [Trend(key, now[key], before[key]) for key in now.keys() | before.keys()]
    return sorted(found, key=lambda t: (-t.count, -t.before, t.key))


def _keys(session: Session, scope: ColumnElement[bool], dimension: Dimension, period: Period) -> Iterable[str]:
    columns = (TicketRow.region, TicketRow.community, TicketRow.category, TicketRow.cause, TicketRow.description, TicketRow.reason)
    query = select(*columns).where(
        scope, TicketRow.kind.in_(COUNTED), TicketRow.opened_at >= period.start, TicketRow.opened_at < period.end
    )
    for row in session.execute(query):
        yield _key(row, dimension)


def _key(row: Any, dimension: Dimension) -> str:
    if dimension == "cause":
        return str(row.cause or suggested_cause(row.description, row.reason or ""))
    if dimension == "company":
        return company_of(row.region, row.community)
    return str(getattr(row, dimension) or "")


def company_of(region: str, community: str | None) -> str:
    """The property company of an estate; where none is registered the estate stands for it."""
    here = regions().get(region)
    known = here.community(community) if here else None
    if known is not None and known.company:
        return known.company
    return f"{community}（企业未登记）" if community else "小区未说明"


def monthly(session: Session, scope: ColumnElement[bool], year: int, timezone: str) -> list[int]:
    """Reports opened in each month of a year of the place, twelve numbers."""
    period = Period(month_period(year, 1, timezone).start, month_period(year, 12, timezone).end)
    query = select(TicketRow.opened_at).where(
        scope, TicketRow.kind.in_(COUNTED), TicketRow.opened_at >= period.start, TicketRow.opened_at < period.end
    )
    found = Counter(moment.astimezone(ZoneInfo(timezone)).month for moment in session.scalars(query))
    return [found[month] for month in range(1, 13)]


def figures(session: Session, region: Region, period: Period, now: datetime) -> list[Figure]:
    """Every promise the plans make for this region, counted or with what is missing, in the order of its file."""
    return [_figure(session, region, target, period, now) for target in region.targets]


def _figure(session: Session, region: Region, target: Target, period: Period, now: datetime) -> Figure:
    if target.why:
        return Figure(target, None, "", target.why)
    if target.id in CLOCK_OF:
        return _in_time(session, region, target, period)
    counted = {
        "satisfaction": _satisfaction,
        "complaints_drop": _complaints_drop,
        "callback_rate": _callbacks,
        "whistle": _joint,
        "dispute_origins": _origins,
        "satisfaction_survey": _surveyed,
    }.get(target.id)
    if counted is not None:
        return counted(session, region, target, period)
    if target.id == "resolve_cycle":
        return _longest(session, region, target, period, now)
    return Figure(target, None, "", "还没有算法")


def _of(region: Region, target: Target) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [TicketRow.region == region.id]
    if target.forms:
        conditions.append(TicketRow.property_form.in_(target.forms))
    return conditions


def _share(target: Target, good: int, all_of: int, what: str) -> Figure:
    if not all_of:
        return Figure(target, None, f"{what} 0", "这段时间没有可算的")
    return Figure(target, round(100 * good / all_of, 1), f"{what} {all_of}，其中 {good}")


def _in_time(session: Session, region: Region, target: Target, period: Period) -> Figure:
    """Of the promises of this very clause that came due in the period, how many were kept."""
    query = (
        select(ClockRow.state, func.count())
        .join(TicketRow, TicketRow.id == ClockRow.ticket_id)
        .where(
            *_of(region, target),
            ClockRow.name == CLOCK_OF[target.id],
            ClockRow.source_plan == target.source.plan,
            ClockRow.source_clause == target.source.clause,
            ClockRow.due_at >= period.start,
            ClockRow.due_at < period.end,
            ClockRow.state.in_(("met", "breached")),
        )
        .group_by(ClockRow.state)
    )
    found = {state: int(count) for state, count in session.execute(query)}
    return _share(target, found.get("met", 0), sum(found.values()), "到期的承诺")


def _satisfaction(session: Session, region: Region, target: Target, period: Period) -> Figure:
    """One voice a ticket: the resident's own last rating, else what was heard when called back."""
    of = _of(region, target)
    rated = select(RatingRow.ticket_id, RatingRow.stars).join(TicketRow, TicketRow.id == RatingRow.ticket_id)
    rated = rated.where(*of, RatingRow.rated_at >= period.start, RatingRow.rated_at < period.end).order_by(RatingRow.rated_at, RatingRow.id)
    heard = select(CallbackRow.ticket_id, CallbackRow.outcome).join(TicketRow, TicketRow.id == CallbackRow.ticket_id)
    heard = heard.where(*of, CallbackRow.called_at >= period.start, CallbackRow.called_at < period.end, CallbackRow.outcome.in_(REACHED))
    voices = {ticket: outcome == "satisfied" for ticket, outcome in session.execute(heard.order_by(CallbackRow.id))}
    voices |= {ticket: stars >= GOOD_STARS for ticket, stars in session.execute(rated)}
    return _share(target, sum(voices.values()), len(voices), f"评价和回访（{GOOD_STARS} 星起算满意）")


def _complaints_drop(session: Session, region: Region, target: Target, period: Period) -> Figure:
    local_year = period.start.astimezone(ZoneInfo(region.timezone)).year
    back = local_year - target.base_year if target.base_year else 1
    if back < 1:
        return Figure(target, None, "", f"基期是 {target.base_year} 年，之后的年份才能比")
    now, before = (_complaints(session, region, target, one) for one in (period, period.in_year(back, region.timezone)))
    said = f"{now} 件，{local_year - back} 年同期 {before} 件"
    if target.base_year is None:
        said += "；文件没有写基期，按上年同期比"
    return Figure(target, round(100 * (before - now) / before, 1), said) if before else Figure(target, None, said, "基期没有数据")


def _complaints(session: Session, region: Region, target: Target, period: Period) -> int:
    query = select(func.count()).select_from(TicketRow).where(*_of(region, target), TicketRow.kind == "complaint")
    return session.scalar(query.where(TicketRow.opened_at >= period.start, TicketRow.opened_at < period.end)) or 0


def _callbacks(session: Session, region: Region, target: Target, period: Period) -> Figure:
    rates = [callback_rate(session, region, form, period.both) for form in target.forms]
    return _share(target, sum(r.reached for r in rates), sum(r.ended for r in rates), "办结")


def _joint(session: Session, region: Region, target: Target, period: Period) -> Figure:
    answered, asked = answered_share(session, region.id, period.both)
    return Figure(target, None, f"派给各单位的任务 {asked} 件，已答复 {answered} 件", "文件没有给数")


def _surveyed(session: Session, region: Region, target: Target, period: Period) -> Figure:
    """Whether every estate was asked in the half-year in which the period begins; no number for the region as a whole is promised."""
    found = taken(session, [region.id], half_of(period.start, region.timezone).name)
    said = f"本半年 {len(region.communities)} 个小区测了 {found.estates} 个，问 {found.asked} 人，答 {found.answered} 人"
    return Figure(target, None, said, "按小区看，见“测评”页")


def _origins(session: Session, region: Region, target: Target, period: Period) -> Figure:
    found = trends(session, TicketRow.region == region.id, "cause", period)
    named = "、".join(f"{cause_title(t.key)} {t.count}" for t in found[:3] if t.count)
    return Figure(target, None, named, "文件没有给数；高频的地点、类别、企业、原因见下表")


def _longest(session: Session, region: Region, target: Target, period: Period, now: datetime) -> Figure:
    """The longest way from report to solution among those reported in the period; what is still open counts until now."""
    query = select(TicketRow.opened_at, func.coalesce(TicketRow.resolved_at, TicketRow.closed_at)).where(
        *_of(region, target),
        TicketRow.kind.in_(("repair", "complaint")),
        TicketRow.state.not_in(("withdrawn", "merged", "rejected")),
        TicketRow.opened_at >= period.start,
        TicketRow.opened_at < period.end,
    )
    days = [((ended or now) - opened).total_seconds() / 86400 for opened, ended in session.execute(query)]
    return Figure(target, round(max(days), 1), f"{len(days)} 件中最长的一件") if days else Figure(target, None, "", "这段时间没有可算的")
