"""Working days in China: weekends, the State Council's holidays and make-up workdays, and our own table for what is announced later."""

from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays

from config.yaml_text import read_yaml

OVERRIDES = Path(__file__).resolve().parent.parent / "config" / "working_days.yaml"


@cache
def _overrides() -> tuple[frozenset[date], frozenset[date]]:
    data = read_yaml(OVERRIDES.read_text(encoding="utf-8")) or {}
    return frozenset(data.get("free") or ()), frozenset(data.get("working") or ())


@cache
def _year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """The holidays of a year and the weekend days worked instead."""
    china = holidays.country_holidays("CN", years=year)
    return frozenset(china.keys()), frozenset(day for day in china.weekend_workdays if day.year == year)


def announced(year: int) -> bool:
    """Whether the make-up workdays of this year are known (the State Council announces them each November for the next year)."""
    own = any(day.year == year for table in _overrides() for day in table)
    return own or bool(_year(year)[1])


def is_working_day(day: date) -> bool:
    """Whether offices work on this day; our own table has the last word."""
    free, working = _overrides()
    if day in free or day in working:
        return day in working
    off, made_up = _year(day.year)
    return day in made_up or (day.weekday() < 5 and day not in off)


def add_working_days(started: datetime, days: int, timezone: str) -> datetime:
    """The end (24:00 local) of the `days`-th working day after the day of `started`, which is not counted itself."""
    zone = ZoneInfo(timezone)
    day = started.astimezone(zone).date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(started.tzinfo)
