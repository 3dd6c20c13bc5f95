"""Answers “三季度电梯广告收入多少” from the published ledger of an estate: the figure, with the entries it is made of."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from committee.ledger import carried_over, published_periods, standing
from committee.ledger_sheet import yuan
from committee.members import local_day
from config.words import Words
from storage.committee_rows import LedgerEntryRow, LedgerPeriodRow

SHOWN = 5
_HOW_MUCH = re.compile(
    r"多少|几块|几万|几千|几百|明细|花(?:在|到|去|了)?哪|花了(?:啥|什么)|干(?:啥|什么)用|还剩|剩下|哪几笔|有没有收入|查一?下|看一?下|报一?下|总共|合计"
)
_LEDGER = re.compile(
    r"公共收益|共有资金|透明账户|小区.{0,4}账|账上|账目|账户|收支|收入|支出|收益|进账|结余|余额|入账|花销|开销|花了|收了|租金|广告费|停车费"
)
_PLAINLY = re.compile(r"公共收益|透明账户|账上|账目|收支|收入|支出|收益|结余|余额|广告费|电梯广告|开销|花销")
_NOT_HERE = re.compile(
    r"维修资金|物业费(?!.{0,4}(?:收入|结余))|怎么(?:公示|算|办|用|分|记)|归谁|该不该|能不能|罚款|收费标准|费.{0,6}(?:一个?月|每个?月|一天|一小时|一年|每年)(?!.{0,4}(?:收入|收了|进账|花))|几户|多少户|多少人|多少平|多久|几天|欠"
)
_INCOME = re.compile(r"收入|收益|收了|进账|入账|租金|赚|挣|来钱|广告费|停车费")
_EXPENSE = re.compile(r"支出|花|开销|用掉|用了|付了|维修费|修.{0,4}钱")
_BOTH_KINDS = re.compile(r"收支|收入.{0,4}(?:支出|花|开销)|(?:支出|开销).{0,4}收入|进出账")
_BALANCE = re.compile(r"结余|余额|还剩|剩下|账上.{0,4}(?:多少|还有)|账户.{0,4}(?:多少|还有)")
_FILLER = re.compile(r"费用?$|收入$|支出$|款项?$|收益$|租金$|服务$")
_CHINESE = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "十一": 11, "十二": 12}
_NUMBER = r"(\d{1,2}|十[一二]?|[一二三四五六七八九])"


@dataclass(frozen=True)
class Asked:
    """The days asked about, both included, and how they are called; `words` empty: none said, the latest period is meant."""

    start: date | None = None
    end: date | None = None
    words: str = ""


@dataclass(frozen=True)
class LedgerAnswer:
    """The answer in words with the figure in fen (None where there is none) and the ids of the entries shown."""

    text: str
    amount: int | None
    count: int
    entries: tuple[int, ...]
    url: str
    period: str


def answer_ledger(session: Session, text: str, estate: tuple[str, str], now: datetime, words: Words | None = None) -> LedgerAnswer | None:
    """The answer for a question about the money of the estate (region id, estate's name); None when it asks for no figure of a
    ledger, or the estate has published none."""
    if not _HOW_MUCH.search(text) or _NOT_HERE.search(text):
        return None
    say = words or Words()
    subjects = _subjects_meant(session, text, estate)
    if not subjects and not _LEDGER.search(text):
        return None
    periods = published_periods(session, *estate)
    if not periods:
        return None
    reader = _Answerer(session, estate, periods[-1], say)
    if not subjects and _BALANCE.search(text):
        return reader.balance()
    asked = asked_days(text, local_day(now), say)
    return reader.sums(asked, subjects, _kind_meant(text), text)


def _kind_meant(text: str) -> str | None:
    """Income or expense; None when neither or both are asked for (收入支出各多少)."""
    if _BOTH_KINDS.search(text):
        return None
    if _EXPENSE.search(text):
        return "expense"
    return "income" if _INCOME.search(text) else None


def asks_for_figure(text: str) -> bool:
    """Whether a sentence plainly asks for a figure of some ledger of common income and expense."""
    return bool(_HOW_MUCH.search(text) and _PLAINLY.search(text)) and not _NOT_HERE.search(text)


class _Answerer:
    """Writes the answer of one estate."""

    def __init__(self, session: Session, estate: tuple[str, str], latest: LedgerPeriodRow, say: Words) -> None:
        self._session, self._estate, self._latest, self._say = session, estate, latest, say

    def balance(self) -> LedgerAnswer:
        """What is left."""
        say, (_, community) = self._say, self._estate
        carried = carried_over(self._session, *self._estate)
        assert carried is not None
        line = say("ledger_answer_balance", community=community, day=carried.ends_on.isoformat(), amount=yuan(carried.balance))
        return LedgerAnswer(f"{line}\n{self._source(self._latest)}", carried.balance, 0, (), _url(self._latest), "")

    def sums(self, asked: Asked, subjects: list[str], kind: str | None, text: str) -> LedgerAnswer:
        """The sum of what is asked for."""
        say, (_, community) = self._say, self._estate
        latest = self._latest
        if asked.start is None or asked.end is None:
            days = {"start": latest.starts_on.isoformat(), "end": latest.ends_on.isoformat()}
            asked = Asked(latest.starts_on, latest.ends_on, say("ledger_period_latest", **days))
        assert asked.start is not None and asked.end is not None
        if asked.start > latest.ends_on:
            told = say("ledger_answer_not_published", community=community, period=asked.words, day=latest.ends_on.isoformat())
            return LedgerAnswer(told, None, 0, (), _url(latest), asked.words)
        found = self._totals(asked, subjects, kind)
        if kind is None and subjects and len(found) == 1:
            kind = next(iter(found))
        shown = self._entries(asked, subjects, kind) if subjects or kind else []
        lines = [self._first_line(asked, subjects, kind, found), *self._lines(shown, sum(count for _, count in found.values()))]
        if asked.end > latest.ends_on:
            lines.append(say("ledger_answer_partly", day=latest.ends_on.isoformat()))
        period = self._period_of(shown[0]) if shown else latest
        lines.append(self._source(period))
        signed = sum(amount if (kind or "income") == side else -amount for side, (amount, _) in found.items())
        count = sum(count for _, count in found.values())
        return LedgerAnswer("\n".join(lines), signed, count, tuple(e.id for e in shown), _url(period), asked.words)

    def _first_line(self, asked: Asked, subjects: list[str], kind: str | None, found: dict[str, tuple[int, int]]) -> str:
        say, (_, community) = self._say, self._estate
        named = {"community": community, "period": asked.words, "kind": say(f"ledger_{kind}") if kind else say("ledger_account")}
        subject = "、".join(subjects)
        if subjects and not found:
            return say("ledger_answer_nothing", subject=subject, **named)
        if kind is None:
            both = {side: yuan(found.get(side, (0, 0))[0]) for side in ("income", "expense")}
            return say("ledger_answer_both", **named, **both)
        amount, count = found.get(kind, (0, 0))
        if subjects:
            return say("ledger_answer_sum", subject=subject, **named, amount=yuan(amount), count=count)
        return say("ledger_answer_all", **named, amount=yuan(amount), count=count)

    def _lines(self, entries: list[LedgerEntryRow], count: int) -> list[str]:
        say = self._say
        lines = []
        for e in entries:
            receipt = say("ledger_answer_receipt", receipt=e.receipt) if e.receipt else ""
            text = f" {e.text}" if e.text else ""
            lines.append(
                say("ledger_answer_line", day=e.day.isoformat(), subject=e.subject, text=text, amount=yuan(e.amount), receipt=receipt)
            )
        if entries and count > len(entries):
            lines.append(say("ledger_answer_more", count=count - len(entries)))
        return lines

    def _which(self, asked: Asked, subjects: list[str], kind: str | None) -> ColumnElement[bool]:
        which = standing(*self._estate) & LedgerEntryRow.day.between(asked.start, asked.end)
        if subjects:
            which &= LedgerEntryRow.subject.in_(subjects)
        return which & (LedgerEntryRow.kind == kind) if kind else which

    def _totals(self, asked: Asked, subjects: list[str], kind: str | None) -> dict[str, tuple[int, int]]:
        """kind → (sum in fen, how many)."""
        query = select(LedgerEntryRow.kind, func.sum(LedgerEntryRow.amount), func.count()).where(self._which(asked, subjects, kind))
        return {side: (int(amount), int(count)) for side, amount, count in self._session.execute(query.group_by(LedgerEntryRow.kind))}

    def _entries(self, asked: Asked, subjects: list[str], kind: str | None) -> list[LedgerEntryRow]:
        query = select(LedgerEntryRow).where(self._which(asked, subjects, kind))
        return list(self._session.scalars(query.order_by(LedgerEntryRow.day.desc(), LedgerEntryRow.id.desc()).limit(SHOWN)))

    def _period_of(self, entry: LedgerEntryRow) -> LedgerPeriodRow:
        found = self._session.get(LedgerPeriodRow, entry.period_id)
        assert found is not None
        return found

    def _source(self, period: LedgerPeriodRow) -> str:
        return self._say("ledger_answer_source", code=period.digest[:8].upper(), url=_url(period))


def _url(period: LedgerPeriodRow) -> str:
    return f"/ledger/{period.token}"


def _subjects_meant(session: Session, text: str, estate: tuple[str, str]) -> list[str]:
    """The estate's own subjects that the words name: all of it, or its core (电梯广告费 → 电梯广告); the longest match wins."""
    query = select(LedgerEntryRow.subject).where(
        LedgerEntryRow.region == estate[0], LedgerEntryRow.community == estate[1], LedgerEntryRow.state == "published"
    )
    found: dict[str, int] = {}
    for subject in session.scalars(query.distinct()):
        core = _FILLER.sub("", subject) or subject
        length = _common(core, text)
        if length >= 2 and (length == len(core) or length * 2 > len(core)):
            found[subject] = length
    best = max(found.values(), default=0)
    return sorted(subject for subject, length in found.items() if length == best)


def _common(core: str, text: str) -> int:
    """The length of the longest run of `core` that stands in the text."""
    for length in range(len(core), 0, -1):
        if any(core[i : i + length] in text for i in range(len(core) - length + 1)):
            return length
    return 0


def asked_days(text: str, today: date, say: Words) -> Asked:
    """The quarter, month, half year or year the words name; without a year the last one of that name that has begun."""
    year = _year(text, today)
    if re.search(r"上(?:个|一)?季度?", text):
        last = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1) - timedelta(days=1)
        return _quarter(last.year, (last.month + 2) // 3, say)
    if re.search(r"(?:这|本)(?:个|一)?季度?", text):
        return _quarter(today.year, (today.month + 2) // 3, say)
    quarter = re.search(r"第([一二三四1-4])季|([一二三四1-4])季度|[Qq]([1-4])", text)
    if quarter:
        number = _number(next(g for g in quarter.groups() if g))
        return _quarter(_settled(year, today, 3 * number - 2), number, say)
    half = re.search(r"(上|下)半年", text)
    if half:
        first = half[1] == "上"
        year = _settled(year, today, 1 if first else 7)
        named = say("ledger_period_half", year=year, half=half[1])
        return Asked(date(year, 1 if first else 7, 1), date(year, 6, 30) if first else date(year, 12, 31), named)
    month = re.search(rf"{_NUMBER}月份?", text)
    if month and 1 <= _number(month[1]) <= 12:
        return _month(_settled(year, today, _number(month[1])), _number(month[1]), say)
    if re.search(r"上(?:个|一)?月", text):
        last = today.replace(day=1) - timedelta(days=1)
        return _month(last.year, last.month, say)
    if re.search(r"(?:这|本)(?:个)?月", text):
        return _month(today.year, today.month, say)
    if year is not None:
        return Asked(date(year, 1, 1), date(year, 12, 31), say("ledger_period_year", year=year))
    if re.search(r"一共|总共|历年|这些年|累计|到现在", text):
        return Asked(date(2000, 1, 1), today, say("ledger_period_ever"))
    return Asked()


def _number(words: str) -> int:
    return int(words) if words.isdigit() else _CHINESE[words]


def _year(text: str, today: date) -> int | None:
    written = re.search(r"(20\d\d|(?<!\d)\d\d(?=年))年?", text)
    if written:
        number = int(written[1])
        return number if number > 100 else 2000 + number
    for words, back in (("大前年", 3), ("前年", 2), ("去年", 1), ("今年", 0), ("本年", 0)):
        if words in text:
            return today.year - back
    return None


def _settled(year: int | None, today: date, first_month: int) -> int:
    """The year said, else the last in which that month has begun."""
    if year is not None:
        return year
    return today.year if first_month <= today.month else today.year - 1


def _quarter(year: int, number: int, say: Words) -> Asked:
    start = date(year, 3 * number - 2, 1)
    end = _month_end(year, 3 * number)
    return Asked(start, end, say("ledger_period_quarter", year=year, quarter=number))


def _month(year: int, number: int, say: Words) -> Asked:
    return Asked(date(year, number, 1), _month_end(year, number), say("ledger_period_month", year=year, month=number))


def _month_end(year: int, month: int) -> date:
    return (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
