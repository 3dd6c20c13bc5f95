"""Counting a period from a date by 民法典第二百零一条至第二百零三条, explained in words.

Forward: the first day does not count, a last day off moves to the next working day. Backward ("15日以前"): neither the day of the
event nor the day of the act counts, so many whole days lie between (the safe reading), and days off move nothing.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from committee.workdays import ONE_DAY, Workdays
from config.words import Words

_LENGTH = re.compile(r"^(?:P(?P<count>\d+)(?P<unit>[DMY])|(?P<workdays>\d+)WD)$")


@dataclass(frozen=True)
class Reckoned:
    """The last day of a period with its explanation; `is_known` false when the days off of that year are not announced yet."""

    day: date
    why: str
    is_known: bool


def plus_months(day: date, months: int) -> date:
    """The same day so many months later (earlier when negative), or the last of that month (民法典第二百零二条)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def forward(start: date, length: str, days: Workdays, say: Words, *, moves: bool = True) -> Reckoned:
    """The last day of "within `length` of `start`"; `moves` false: a day off does not move it (a term of office).

    ValueError for a length that is none (P30D, P3M, P1Y, 7WD).
    """
    found = _LENGTH.match(length)
    if found is None:
        raise ValueError(f"not a length: {length}")
    if found["workdays"]:
        last = days.after(start, int(found["workdays"]))
        why = say("due_workdays", start=_iso(start), count=found["workdays"], last=_iso(last))
        return Reckoned(last, why, days.is_known(last))
    count, unit = int(found["count"]), found["unit"]
    if unit == "D":
        end = start + timedelta(days=count)
        why = say("due_days", start=_iso(start), first=_iso(start + ONE_DAY), count=count, end=_iso(end))
    else:
        end = plus_months(start, count if unit == "M" else 12 * count)
        why = say("due_months" if unit == "M" else "due_years", start=_iso(start), count=count, end=_iso(end))
    last = days.on_or_after(end) if moves else end
    if last != end:
        why += say("due_moved", end=_iso(end), last=_iso(last))
    return Reckoned(last, why, not moves or days.is_known(last))


def backward(event: date, length: str, say: Words) -> Reckoned:
    """The last day on which something can be done "`length` before `event`". ValueError for a length that is none or in working days."""
    found = _LENGTH.match(length)
    if found is None or found["workdays"]:
        raise ValueError(f"not a length to count back: {length}")
    count, unit = int(found["count"]), found["unit"]
    if unit == "D":
        last = event - timedelta(days=count + 1)
        why = say("due_before_days", event=_iso(event), count=count, first=_iso(last + ONE_DAY), end=_iso(event - ONE_DAY), last=_iso(last))
        return Reckoned(last, why, True)
    same = plus_months(event, -(count if unit == "M" else 12 * count))
    last = same - ONE_DAY
    return Reckoned(last, say("due_before_months", event=_iso(event), count=count, same=_iso(same), last=_iso(last)), True)


def period_ends(start: date, length: str, count: int) -> list[date]:
    """The last days of the next `count` calendar months (P1M), quarters (P3M) or years (P1Y), the one of `start` first."""
    months = {"P1M": 1, "P3M": 3, "P1Y": 12}[length]
    first = (start.month - 1) // months * months + months  # the last month of the period `start` lies in
    ends = []
    for step in range(count):
        year, month = divmod(start.year * 12 + first - 1 + step * months, 12)
        ends.append(date(year, month + 1, calendar.monthrange(year, month + 1)[1]))
    return ends


def _iso(day: date) -> str:
    return day.isoformat()
