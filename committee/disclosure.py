"""The calendar of disclosure duties of an estate: what is due each quarter or year or after an event, what is overdue, who was reminded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from committee.duties import Duty, read_duties
from committee.instruments import FOLDER, ancestry
from committee.members import Member, check_member, local_day
from committee.reckoning import backward, forward
from committee.reminders import tell_members
from committee.workdays import read_workdays
from config.refusal import Refused
from config.words import Words
from config.yaml_text import read_yaml
from storage.audit import record
from storage.committee_rows import CommitteeMemberRow, DisclosureRow, LedgerPeriodRow
from storage.database import Database

STAGES = ("d7", "d3", "d1", "overdue")


class DisclosureItem(BaseModel):
    """One thing to disclose, as written in disclosure.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    duty: str
    what: str
    every: str | None = None
    event: str | None = None
    event_before: str | None = None
    standing: bool = False
    ledger: bool = False
    paper: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "DisclosureItem":
        if sum(bool(x) for x in (self.every, self.event, self.event_before, self.standing)) != 1 or self.every not in {
            None,
            "QUARTER",
            "YEAR",
        }:
            raise ValueError("every、event、event_before、standing 写一个")
        return self

    @property
    def source(self) -> Duty:
        """The duty it comes from."""
        return read_duties()[self.duty]


@dataclass(frozen=True)
class DisclosureView:
    """One line of the calendar. state: done | open | overdue | no_date (none is set by any rule)."""

    id: int | None
    region: str
    community: str
    item: DisclosureItem
    what: str
    starts_on: date | None
    due_on: date | None
    done_on: date | None
    evidence: str
    state: str


@cache
def read_items() -> dict[str, DisclosureItem]:
    """All items by id. Refused when the file is not as it must be."""
    data = read_yaml((FOLDER / "disclosure.yaml").read_text(encoding="utf-8"))
    try:
        items = [DisclosureItem.model_validate(entry) for entry in data["disclosure"]]
    except ValueError as error:
        raise Refused(f"disclosure.yaml：{error}", "改正后再试", code="disclosure") from error
    return {item.id: item for item in items}


def items_of(region: str) -> list[DisclosureItem]:
    """The items that hold in a region."""
    line = ancestry(region)
    return [item for item in read_items().values() if item.source.region in line]


def period_of(every: str, day: date) -> tuple[date, date]:
    """The quarter or year a day lies in, first and last day."""
    if every == "YEAR":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    start = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return start, (start + timedelta(days=100)).replace(day=1) - timedelta(days=1) if start.month < 10 else date(day.year, 12, 31)


def plan_disclosures(session: Session, region: str, community: str, since: date, now: datetime) -> None:
    """Make the rows of every period begun since `since`; a published ledger of the period is its disclosure. Repeats are harmless."""
    today = local_day(now)
    insert = insert_postgresql if session.get_bind().dialect.name == "postgresql" else insert_sqlite
    for item in items_of(region):
        if item.every is None or not item.source.verified:
            continue
        day = since
        while day <= today:
            start, end = period_of(item.every, day)
            row = {"region": region, "community": community, "item": item.id, "starts_on": start, "due_on": end, "what": "", "made_at": now}
            session.execute(insert(DisclosureRow).values(**row, evidence="").on_conflict_do_nothing())
            day = end + timedelta(days=1)
    session.flush()
    _done_by_ledger(session, region, community)


def _done_by_ledger(session: Session, region: str, community: str) -> None:
    """A published ledger that covers the period is its disclosure."""
    names = [item.id for item in items_of(region) if item.ledger]
    mine = DisclosureRow.region == region, DisclosureRow.community == community, DisclosureRow.done_on.is_(None)
    published = session.scalars(
        select(LedgerPeriodRow).where(
            LedgerPeriodRow.region == region, LedgerPeriodRow.community == community, LedgerPeriodRow.state == "published"
        )
    ).all()
    for row in session.scalars(select(DisclosureRow).where(*mine, DisclosureRow.item.in_(names))):
        found = [p for p in published if p.starts_on <= row.starts_on and row.due_on is not None and p.ends_on >= row.due_on]
        if found and found[0].published_at is not None:
            row.done_on, row.evidence, row.by = local_day(found[0].published_at), f"/ledger/{found[0].token}", "ledger"


@dataclass(frozen=True)
class DisclosureDesk:
    """What a member does with the estate's disclosures, within the caller's writing transaction. Strangers are refused (403)."""

    session: Session
    member: Member
    now: datetime

    def note_event(self, item_id: str, day: date, what: str) -> DisclosureRow:
        """Something happened (or a meeting is planned) that has to be made public: a row with its date. Again gives the same row."""
        item = self._item(item_id)
        event = item.event or item.event_before
        if event is None:
            raise Refused("这一项不是由事情引起的", "按期公示的会自动列出来", status=422, code="disclosure")
        if not what.strip():
            raise Refused("没有写是什么事", "写一句，比如“关于更换门禁的决定”", status=422, code="disclosure")
        known = self._row(item_id, day, what.strip()[:120])
        if known is not None:
            return known
        row = self._new(item, day, what.strip()[:120])
        row.due_on = _due(item, day)
        detail = {"item": item.id, "day": day.isoformat(), "due": row.due_on.isoformat() if row.due_on else None}
        record(self.session, self.member.actor, "disclosure_noted", f"disclosure:{row.id}", detail, self.now)
        return row

    def mark_done(self, row_id: int, done_on: date, evidence: str) -> DisclosureRow:
        """Note when and where it was made public (a photo, a link, a place). Refused without evidence and for a day to come."""
        row = self.session.get(DisclosureRow, row_id, with_for_update=True, populate_existing=True)
        if row is None or (row.region, row.community) != (self.member.region, self.member.community):
            raise Refused("没有这一项公示", "刷新页面看看", status=404, code="no_disclosure")
        check_member(self.session, self.member, row.region, row.community, self.now)
        return self._done(row, done_on, evidence)

    def record_standing(self, item_id: str, done_on: date, evidence: str) -> DisclosureRow:
        """Note that something without a set rhythm was made public on a day."""
        item = self._item(item_id)
        if not item.standing:
            raise Refused("这一项按期列出来了", "在清单里记办完", status=422, code="disclosure")
        row = self._row(item_id, done_on, "") or self._new(item, done_on, "")
        return self._done(row, done_on, evidence)

    def _item(self, item_id: str) -> DisclosureItem:
        check_member(self.session, self.member, self.member.region, self.member.community, self.now)
        item = next((i for i in items_of(self.member.region) if i.id == item_id), None)
        if item is None:
            raise Refused("没有这一项公示", "看一下小区的公示清单", status=404, code="no_disclosure")
        return item

    def _row(self, item_id: str, day: date, what: str) -> DisclosureRow | None:
        mine = DisclosureRow.region == self.member.region, DisclosureRow.community == self.member.community
        same = DisclosureRow.item == item_id, DisclosureRow.starts_on == day, DisclosureRow.what == what
        return self.session.scalar(select(DisclosureRow).where(*mine, *same))

    def _new(self, item: DisclosureItem, day: date, what: str) -> DisclosureRow:
        place = {"region": self.member.region, "community": self.member.community}
        row = DisclosureRow(**place, item=item.id, starts_on=day, what=what, made_at=self.now)
        self.session.add(row)
        self.session.flush()
        return row

    def _done(self, row: DisclosureRow, done_on: date, evidence: str) -> DisclosureRow:
        if done_on > local_day(self.now):
            raise Refused("日期不对", "写已经公示的那一天", status=422, code="day")
        if not evidence.strip():
            raise Refused("没有写凭据", "写公示的地方、照片或链接", status=422, code="no_evidence")
        row.done_on, row.evidence, row.by = done_on, evidence.strip()[:200], self.member.actor
        record(self.session, self.member.actor, "disclosure_done", f"disclosure:{row.id}", {"on": done_on.isoformat()}, self.now)
        return row


def calendar_of(session: Session, region: str, community: str, now: datetime) -> list[DisclosureView]:
    """Everything an estate has to disclose: overdue first, then open by date, then what has no date, then what is done (newest first)."""
    mine = DisclosureRow.region == region, DisclosureRow.community == community
    views = [_view(row, local_day(now)) for row in session.scalars(select(DisclosureRow).where(*mine))]
    seen = {view.item.id for view in views}
    views += [
        DisclosureView(None, region, community, item, "", None, None, None, "", "no_date")
        for item in items_of(region)
        if item.standing and item.id not in seen
    ]
    order = {"overdue": 0, "open": 1, "no_date": 2, "done": 3}
    newest = date.max.toordinal()
    return sorted(
        views,
        key=lambda v: (order[v.state], newest - v.done_on.toordinal() if v.done_on else (v.due_on or date.max).toordinal(), v.item.id),
    )


def overdue(session: Session, estates: Sequence[tuple[str, str]] | None, now: datetime) -> list[DisclosureView]:
    """What is overdue in these estates (None: everywhere), the longest first: for the street's supervisor."""
    query = select(DisclosureRow).where(DisclosureRow.done_on.is_(None), DisclosureRow.due_on < local_day(now))
    views = [_view(row, local_day(now)) for row in session.scalars(query.order_by(DisclosureRow.due_on, DisclosureRow.id))]
    return [v for v in views if estates is None or (v.region, v.community) in estates]


def _view(row: DisclosureRow, today: date) -> DisclosureView:
    late = row.due_on is not None and row.due_on < today
    state = "done" if row.done_on else "overdue" if late else "open" if row.due_on else "no_date"
    item = read_items()[row.item]
    return DisclosureView(row.id, row.region, row.community, item, row.what, row.starts_on, row.due_on, row.done_on, row.evidence, state)


def _due(item: DisclosureItem, day: date) -> date | None:
    length, say = item.source.length, Words()
    if item.event_before:
        return backward(day, length, say).day if length else None
    if length is None:
        return None
    if length == "PT0H":  # at once
        return day
    return forward(day, length, read_workdays(), say).day


def sweep_disclosures(database: Database, now: datetime) -> int:
    """Open the periods that have begun in every estate with members, and remind them 7, 3, 1 days before and once when overdue.

    Gives back how many reminders were said; each is said once, however many sweepers run (a conditional write claims it).
    """
    with database.read() as session:
        joined = func.min(CommitteeMemberRow.joined_at)
        query = select(CommitteeMemberRow.region, CommitteeMemberRow.community, joined).where(CommitteeMemberRow.state == "joined")
        estates = session.execute(query.group_by(CommitteeMemberRow.region, CommitteeMemberRow.community)).all()
    said = 0
    for region, community, since in estates:
        assert since is not None  # joined members have joined
        with database.write() as session:
            plan_disclosures(session, region, community, local_day(since), now)
            open_rows = select(DisclosureRow).where(
                DisclosureRow.region == region,
                DisclosureRow.community == community,
                DisclosureRow.done_on.is_(None),
                DisclosureRow.due_on <= local_day(now) + timedelta(days=7),
            )
            for row in session.scalars(open_rows.order_by(DisclosureRow.due_on)).all():
                said += _remind(session, row, now)
    return said


def stage(due: date, today: date) -> str | None:
    """Which reminder it is time for."""
    left = (due - today).days
    return "overdue" if left < 0 else "d1" if left <= 1 else "d3" if left <= 3 else "d7" if left <= 7 else None


def _remind(session: Session, row: DisclosureRow, now: datetime) -> bool:
    assert row.due_on is not None
    wanted, last = stage(row.due_on, local_day(now)), row.reminded
    if wanted is None or (last is not None and STAGES.index(wanted) <= STAGES.index(last)):
        return False
    same = DisclosureRow.reminded.is_(None) if last is None else DisclosureRow.reminded == last
    claimed = session.execute(
        update(DisclosureRow)
        .where(DisclosureRow.id == row.id, DisclosureRow.done_on.is_(None), same)
        .values(reminded=wanted)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(claimed, CursorResult)
    if claimed.rowcount != 1:
        return False
    step = read_items()[row.item].what
    tell_members(session, (row.region, row.community), row.due_on, f"{step}（{row.what}）" if row.what else step, now)
    return True
