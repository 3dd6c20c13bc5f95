"""A day as people say it — 12月20号, 下周六, 明天, 2026-12-20 — as a date; the year that is not said is the one that fits."""

import re
from datetime import date, timedelta

from understanding.numerals import SPOKEN, numeral

_NUMBER = rf"(?:\d{{1,2}}|[{SPOKEN}]{{1,3}})"
_FULL = re.compile(r"(20\d\d)\s*[-年/.]\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})[日号]?(?!\d)")
_MONTH_DAY = re.compile(rf"(今年|明年|后年|去年|前年)?的?({_NUMBER})月份?的?({_NUMBER})[日号]?(?!\d|月|户|平|票)")
_SLASHED = re.compile(r"(?<![\d/.-])(\d{1,2})[/.](\d{1,2})[日号]?(?![\d/.%户平万])")
_DAY_ONLY = re.compile(rf"(?:(这个?月|本月|下个?月|上个?月)的?|(?<![\d月第]))({_NUMBER})[日号](?![楼院线栋门车房梯单])")
_NAMED = {"大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_NEAR = re.compile("大前天|大后天|前天|昨[天日]|今[天日]|明[天日]|后天")
_WEEKDAY = re.compile(r"(上|这|本|下)?个?(?:周|星期|礼拜)([一二三四五六日天末])")
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "末": 5, "日": 6, "天": 6}
_YEARS = {"今年": 0, "明年": 1, "后年": 2, "去年": -1, "前年": -2}
_PAST = re.compile(r"(?<!为)了|已经|过了|当时|上次|选出|完了|就是那天")
_FUTURE = re.compile(r"计划|打算|准备|预计|想在|要在|定在|定于|安排|拟|到时|将")


def day_said(text: str, today: date) -> date | None:
    """The first day the text names; None when it names none, or none that is in the calendar (2月30日)."""
    for read in (_full, _month_day, _named, _weekday, _day_only, _slashed):
        found = read(text, today)
        if found is not None:
            return found
    return None


def names_a_day(text: str) -> bool:
    """Whether some day is named, be it in the calendar or not."""
    return any(pattern.search(text) for pattern in (_FULL, _MONTH_DAY, _DAY_ONLY, _NEAR, _WEEKDAY, _SLASHED))


def without_day(text: str) -> str:
    """The text without the days it names, so that the words around them stand together (合同12月1号签的 → 合同签的)."""
    for pattern in (_FULL, _MONTH_DAY, _DAY_ONLY, _NEAR, _WEEKDAY, _SLASHED):
        text = pattern.sub("", text)
    return text


def _full(text: str, today: date) -> date | None:
    match = _FULL.search(text)
    return _made(int(match[1]), int(match[2]), int(match[3])) if match else None


def _month_day(text: str, today: date) -> date | None:
    match = _MONTH_DAY.search(text)
    if match is None:
        return None
    month, day = _int(match[2]), _int(match[3])
    if match[1]:
        return _made(today.year + _YEARS[match[1]], month, day)
    return _fitting(text, today, month, day)


def _slashed(text: str, today: date) -> date | None:
    match = _SLASHED.search(text)
    return _fitting(text, today, int(match[1]), int(match[2])) if match else None


def _named(text: str, today: date) -> date | None:
    match = _NEAR.search(text)
    return today + timedelta(days=_NAMED[match[0]]) if match else None


def _weekday(text: str, today: date) -> date | None:
    match = _WEEKDAY.search(text)
    if match is None:
        return None
    monday = today - timedelta(days=today.weekday())
    weeks = {"上": -1, "下": 1}.get(match[1] or "", 0)
    found = monday + timedelta(weeks=weeks, days=_WEEKDAYS[match[2]])
    return found + timedelta(weeks=1) if not match[1] and found < today and not _PAST.search(text) else found


def _day_only(text: str, today: date) -> date | None:
    match = _DAY_ONLY.search(text)
    if match is None:
        return None
    day, said = _int(match[2]), match[1] or ""
    step = 1 if said.startswith("下") else -1 if said.startswith("上") else 0
    year, month = divmod(today.year * 12 + today.month - 1 + step, 12)
    found = _made(year, month + 1, day)
    if said or found is None:
        return found
    if found < today and not _PAST.search(text):
        year, month = divmod(today.year * 12 + today.month, 12)
        return _made(year, month + 1, day)
    return found


def _fitting(text: str, today: date, month: int, day: int) -> date | None:
    """In the year that fits: ahead when it is planned, behind when it has happened, else the nearest, rather ahead."""
    candidates = [found for year in (today.year - 1, today.year, today.year + 1) if (found := _made(year, month, day))]
    if _FUTURE.search(text):
        candidates = [found for found in candidates if found >= today]
    elif _PAST.search(text):
        candidates = [found for found in candidates if found <= today]
    return min(candidates, key=lambda found: abs((found - today).days - 90), default=None)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _int(words: str) -> int:
    return int(numeral(words) or 0)
