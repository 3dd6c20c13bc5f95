"""Self-check lists: a company's duties of the region's plans, and the 19 + 13 items of the 2018 annexes, each with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from committee.duties import Duty, duties_of
from committee.instruments import FOLDER, ancestry, read_instruments
from committee.members import local_day
from config.refusal import Refused
from config.regions import regions
from config.words import Words
from config.yaml_text import read_yaml
from storage.audit import record
from storage.committee_rows import SelfCheckRow

STATES = ("kept", "not_yet", "not_ours")
MONTHS_OF = {"MONTHLY": 1, "QUARTERLY": 3, "HALF_YEARLY": 6, "YEARLY": 12}
ANNEX_REGION = "nmg"


@dataclass(frozen=True)
class CheckItem:
    """One item of a list. `standards`: what is asked, word for word for the annexes; `rhythm`: a key of MONTHS_OF, or "" for always."""

    id: str
    title: str
    standards: tuple[str, ...]
    when: str
    rhythm: str
    source: str
    verified: bool


@dataclass(frozen=True)
class CheckList:
    """A list of items of one kind."""

    id: str
    title: str
    items: tuple[CheckItem, ...]
    is_reference: bool = False  # of a plan that has ended: a help to check oneself, no duty in force


@dataclass(frozen=True)
class Checked:
    """An item with what was said about it for the period that runs now; `state` empty when nothing yet."""

    item: CheckItem
    period: str
    state: str
    evidence: str
    by: str
    at: datetime | None


@cache
def _annexes() -> tuple[CheckList, ...]:
    data = read_yaml((FOLDER / "annexes.yaml").read_text(encoding="utf-8"))
    say, plan = Words(), read_instruments().known[data["plan"]]
    source = say("committee_source", title=plan.title, clause="", standing=say(f"committee_standing_{plan.status}"))
    return tuple(
        CheckList(
            annex["id"],
            annex["title"],
            tuple(
                CheckItem(f"{annex['id']}-{i['n']}", f"{i['n']}. {i['title']}", tuple(i["standards"]), "", "YEARLY", source, True)
                for i in annex["items"]
            ),
            is_reference=plan.status != "in_force",
        )
        for annex in data["annexes"]
    )


def checklists(region: str, audience: str) -> list[CheckList]:
    """The lists of a region for a company (its duties and annex 2) or the authorities (annex 1)."""
    lists = []
    if audience == "company":
        items = tuple(_item(duty) for duty in duties_of(region, "company"))
        lists.append(CheckList("duties", Words()("checklist_duties", region=regions()[region].name), items))
    wanted = {"company": "annex2", "government": "annex1"}.get(audience)
    if ANNEX_REGION in ancestry(region):
        lists += [annex for annex in _annexes() if annex.id == wanted]
    return lists


def period_key(rhythm: str, day: date) -> str:
    """The period a day lies in: 2026-11, 2026-Q4, 2026-H2, 2026, or "-" for what holds always."""
    if rhythm == "MONTHLY":
        return f"{day:%Y-%m}"
    if rhythm == "QUARTERLY":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    if rhythm == "HALF_YEARLY":
        return f"{day.year}-H{1 if day.month <= 6 else 2}"
    return str(day.year) if rhythm == "YEARLY" else "-"


def answered(session: Session, estate: tuple[str, str], lists: Sequence[CheckList], now: datetime) -> dict[str, Checked]:
    """Every item of the lists with what was said about it in the period that runs now, by item id."""
    today = local_day(now)
    rows = session.scalars(select(SelfCheckRow).where(SelfCheckRow.region == estate[0], SelfCheckRow.community == estate[1]))
    said = {(row.item, row.period): row for row in rows}
    found = {}
    for item in (item for one in lists for item in one.items):
        period = period_key(item.rhythm, today)
        row = said.get((item.id, period))
        found[item.id] = Checked(item, period, row.state, row.evidence, row.by, row.at) if row else Checked(item, period, "", "", "", None)
    return found


@dataclass(frozen=True)
class SelfCheck:
    """What somebody says about an item: `state` kept | not_yet | not_ours, with the evidence for what is kept."""

    region: str
    community: str
    item: str
    state: str
    evidence: str


def answer_item(session: Session, given: SelfCheck, by: str, now: datetime) -> SelfCheckRow:
    """Note it for the period that runs now (again: the later word holds). Refused for an unknown item or estate, or without evidence."""
    region = regions().get(given.region)
    estate = region.community(given.community) if region else None
    if region is None or estate is None:
        raise Refused(f"没有小区 {given.community[:40]}", "选地区里已有的小区", status=422, code="no_estate")
    lists = [one for audience in ("company", "government") for one in checklists(given.region, audience)]
    item = next((i for one in lists for i in one.items if i.id == given.item), None)
    if item is None or given.state not in STATES:
        raise Refused("没有这一项", "刷新页面看看", status=404, code="no_item")
    if given.state != "not_yet" and not given.evidence.strip():
        raise Refused("没有写凭据", "写文件名、照片或链接；不适用的写原因", status=422, code="no_evidence")
    period = period_key(item.rhythm, local_day(now))
    key = {"region": region.id, "community": estate.name, "item": item.id, "period": period}
    row = session.scalar(select(SelfCheckRow).filter_by(**key).with_for_update()) or SelfCheckRow(**key)
    row.state, row.evidence, row.by, row.at = given.state, given.evidence.strip()[:1000], by, now
    session.add(row)
    session.flush()
    record(session, by, "self_check", f"estate:{region.id}/{estate.name}", {"item": item.id, "period": period, "state": given.state}, now)
    return row


def _item(duty: Duty) -> CheckItem:
    rhythm = duty.period if duty.period in MONTHS_OF else ""
    return CheckItem(duty.id, duty.title, (duty.what,), duty.when, rhythm or "", duty.source_text(), duty.verified)
