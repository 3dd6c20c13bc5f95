"""Days off and working days in China, with the make-up workdays; what is not announced yet is said to be so."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import holidays

from committee.instruments import FOLDER
from config.yaml_text import read_yaml

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Workdays:
    """`announced_until`: the last year whose make-up workdays are known; `overrides` correct single days (True: working)."""

    announced_until: int
    overrides: dict[date, bool]

    def is_work(self, day: date) -> bool:
        """Whether people work on this day: no weekend (unless moved) and no public holiday."""
        if day in self.overrides:
            return self.overrides[day]
        return bool(_calendar(day.year).is_working_day(day))

    def is_known(self, day: date) -> bool:
        """Whether the arrangement of that year has been announced."""
        return day.year <= self.announced_until

    def on_or_after(self, day: date) -> date:
        """The day itself, or the first working day after the days off it falls on (民法典第二百零三条)."""
        while not self.is_work(day):
            day += ONE_DAY
        return day

    def after(self, day: date, count: int) -> date:
        """The working day that is `count` working days after `day`, which itself does not count."""
        while count > 0:
            day += ONE_DAY
            count -= self.is_work(day)
        return day


@cache
def _calendar(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=[year])


@cache
def read_workdays(folder: Path = FOLDER) -> Workdays:
    """The days of a folder of procedures (holidays.yaml)."""
    data = read_yaml((folder / "holidays.yaml").read_text(encoding="utf-8"))
    return Workdays(data["announced_until"], {day: kind == "work" for day, kind in (data["overrides"] or {}).items()})
