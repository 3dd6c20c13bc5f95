"""Imported plans in the database: drafts, the operator's confirmation, and the end of plans. Every change raises the library's version in
its own transaction and stands in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from knowledge.binding import Region
from knowledge.finding import Standing
from knowledge.import_identity import COUNTRY
from knowledge.import_plan import Draft, blocks_as_rows, free_id, plan_from_rows, renamed
from knowledge.library import Library
from knowledge.plan import Plan, PlanIdentity
from knowledge.provisions import Provision
from storage.audit import record
from storage.plan_rows import ImportedPlanRow, LibraryVersionRow, PlanEndRow

_VERSION = 1


@dataclass(frozen=True)
class Corrected:
    """The fields of a plan as an operator confirms them. `region`: a region's id, or cn; `replaces`: ids of plans."""

    title: str
    doc_number: str | None
    issuer: str
    region: str
    issued: date | None
    starts: date | None
    ends: date | None
    standing: str
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """What every process must know of the library's growth at one version: confirmed plans without their text, and ends."""

    version: int
    plans: tuple[tuple[PlanIdentity, str], ...]  # identity, name of its text (changes with it)
    ends: dict[str, tuple[date, str | None]]


def version_of(session: Session) -> int:
    """How often the library has changed."""
    return session.scalar(select(LibraryVersionRow.version).where(LibraryVersionRow.id == _VERSION)) or 0


def raise_version(session: Session) -> int:
    """Count one change; the row stays locked until the transaction ends."""
    row = session.get(LibraryVersionRow, _VERSION, with_for_update=True)
    if row is None:
        row = LibraryVersionRow(id=_VERSION, version=0)
        session.add(row)
    row.version += 1
    session.flush()
    return row.version


def save_draft(  # noqa: PLR0913 - what is kept, by whom, when, under which name
    session: Session, draft: Draft, library: Library, actor: str, now: datetime, plan_id: str | None = None
) -> str:  # fmt: skip
    """Keep a draft and give back its id. Refused when the same file was imported before or the id is taken."""
    rows = session.execute(select(ImportedPlanRow.id, ImportedPlanRow.state, ImportedPlanRow.file_sha256)).all()
    again = next((r for r in rows if r.file_sha256 == draft.source.sha256 and r.state != "discarded"), None)
    if again:
        raise Refused(f"这份文件已经导入过（{again.id}）", "在后台文件库里查看；要重新导入，先作废那份草稿", code="imported_before")
    taken = {r.id for r in rows} | set(library.plans)
    name = plan_id or free_id(draft.understood, taken)
    if name in taken:
        raise Refused(f"编号 {name} 已经用过", "换一个 --id，或不写由系统取", code="id_taken")
    session.add(_row(renamed(draft, name), actor, now))
    record(session, actor, "plan_imported", f"plan:{name}", {"file": draft.source.file_name, "sha256": draft.source.sha256}, now)
    return name


def _row(draft: Draft, actor: str, now: datetime) -> ImportedPlanRow:
    known = draft.understood
    return ImportedPlanRow(
        id=draft.plan.id, kind=known.kind, title=known.title[:200], doc_number=known.doc_number, issuer=known.issuer[:120],
        region=known.region, issued=known.issued, starts=known.starts, ends=known.ends, standing=known.standing,
        file_name=draft.source.file_name, file_sha256=draft.source.sha256,
        said={k: str(v) if isinstance(v, date) else v for k, v in vars(known).items()}, text=draft.source.text,
        furniture=list(draft.source.furniture), doubts=list(draft.doubts), body=blocks_as_rows(draft.plan),
        provisions=[p.model_dump(mode="json", exclude={"plan"}) for p in draft.provisions], imported_by=actor, imported_at=now,
    )  # fmt: skip


def drafts(session: Session) -> list[ImportedPlanRow]:
    """The drafts that wait for an operator, oldest first."""
    query = select(ImportedPlanRow).where(ImportedPlanRow.state == "draft").order_by(ImportedPlanRow.imported_at, ImportedPlanRow.id)
    return list(session.scalars(query))


def find_draft(session: Session, plan_id: str) -> ImportedPlanRow:
    """A draft, locked for change. Refused when there is none, or it was decided meanwhile."""
    row = session.get(ImportedPlanRow, plan_id, with_for_update=True)
    if row is None or row.state != "draft":
        raise Refused("没有这份草稿，或别人已经处理过", "回文件库看看", status=404, code="no_draft")
    return row


def confirm(session: Session, plan_id: str, given: Corrected, library: Library, actor: str, now: datetime, today: date) -> None:  # noqa: PLR0913
    """Put a draft in force with the fields as corrected; the plans it replaces end the day before it starts.

    Refused (nothing changed) for fields that cannot be."""
    row = find_draft(session, plan_id)
    check(given, library, library.binding.regions, plan_id, session)
    before = {name: getattr(row, name) for name in vars(given)}
    for name, value in vars(given).items():
        setattr(row, name, list(value) if name == "replaces" else value)
    row.state, row.confirmed_by, row.confirmed_at = "confirmed", actor, now
    for earlier in given.replaces:
        begins = given.starts or given.issued or today
        end_plan(session, earlier, begins - timedelta(days=1), library, actor, now, replaced_by=plan_id)
    changed = {k: [_plain(before[k]), _plain(v)] for k, v in vars(given).items() if _plain(before[k]) != _plain(v)}
    record(session, actor, "plan_confirmed", f"plan:{plan_id}", {"changed": changed, "replaces": list(given.replaces)}, now)
    raise_version(session)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value


def check(given: Corrected, library: Library, regions: Mapping[str, Region], plan_id: str, session: Session) -> None:
    """Refused naming everything wrong with the fields at once."""
    faults = []
    if not given.title.strip() or not given.issuer.strip():
        faults.append("标题和发文机关都要写")
    if given.region != COUNTRY and given.region not in regions:
        faults.append("选一个地区")
    if given.standing not in ("in_force", "draft"):
        faults.append("效力只能是现行或征求意见稿")
    begins = given.starts or given.issued
    if begins and given.ends and given.ends < begins:
        faults.append("期满日在施行日之前")
    known = {*library.plans, *session.scalars(select(ImportedPlanRow.id).where(ImportedPlanRow.state == "confirmed"))}
    faults += [f"没有 {one} 这份文件，不能代替" for one in given.replaces if one not in known or one == plan_id]
    if given.replaces and given.standing == "draft":
        faults.append("征求意见稿不能代替现行文件")
    if faults:
        raise Refused("；".join(faults), "改正后再确认", status=422, code="plan_fields")


def discard(session: Session, plan_id: str, actor: str, now: datetime) -> None:
    """Throw a draft away; its row stays for the record."""
    find_draft(session, plan_id).state = "discarded"
    record(session, actor, "plan_discarded", f"plan:{plan_id}", {}, now)


def end_plan(  # noqa: PLR0913 - what ends, when, by whom, and why
    session: Session, plan_id: str, last_day: date, library: Library, actor: str, now: datetime, *, replaced_by: str | None = None
) -> None:
    """Set the last day of a plan of the folder or an imported one; Refused when there is none."""
    imported = session.get(ImportedPlanRow, plan_id)
    if plan_id not in library.plans and (imported is None or imported.state != "confirmed"):
        raise Refused(f"没有 {plan_id} 这份现行文件", "用 linda plans list 查看编号", status=404, code="no_plan")
    row = session.get(PlanEndRow, plan_id, with_for_update=True)
    if row is None:
        row = PlanEndRow(plan=plan_id)
        session.add(row)
    row.last_day, row.replaced_by, row.set_by, row.set_at = last_day, replaced_by, actor, now
    record(session, actor, "plan_ended", f"plan:{plan_id}", {"last_day": last_day.isoformat(), "replaced_by": replaced_by}, now)
    raise_version(session)


def read_shelf(session: Session) -> Shelf:
    """The confirmed plans and the ends, with the version they belong to."""
    row = ImportedPlanRow
    columns = (row.id, row.title, row.doc_number, row.issuer, row.issued, row.starts, row.ends, row.region, row.standing,
               row.file_sha256, row.imported_at)  # fmt: skip
    version = version_of(session)
    ends = {e.plan: (e.last_day, e.replaced_by) for e in session.scalars(select(PlanEndRow))}
    plans = [
        (PlanIdentity(r.id, r.title, r.doc_number, r.issuer, r.issued, r.starts or r.issued, r.ends, r.region or "",
                      cast(Standing, r.standing)), text_name(r.file_sha256, r.imported_at))
        for r in session.execute(select(*columns).where(row.state == "confirmed").order_by(row.confirmed_at, row.id))
    ]  # fmt: skip
    return Shelf(version, tuple(plans), ends)


def text_name(sha256: str, imported_at: datetime) -> str:
    """The name of an imported text; the same from the draft on."""
    return f"{sha256}|{imported_at.isoformat()}"


def read_texts(session: Session) -> list[tuple[str, str, str]]:
    """Of every draft and every confirmed plan its id, its region and the name of its text."""
    row = ImportedPlanRow
    query = select(row.id, row.region, row.file_sha256, row.imported_at).where(row.state.in_(("draft", "confirmed")))
    return [(r.id, r.region or "", text_name(r.file_sha256, r.imported_at)) for r in session.execute(query)]


def read_plan_of(session: Session, identity: PlanIdentity) -> Plan:
    """An imported plan with its text. KeyError when there is none."""
    body = session.scalar(select(ImportedPlanRow.body).where(ImportedPlanRow.id == identity.id))
    if body is None:
        raise KeyError(identity.id)
    return plan_from_rows(identity, body)


def read_provisions_of(session: Session, plan_id: str) -> list[Provision]:
    """The provisions of an imported plan, in the order of its text."""
    held = session.scalar(select(ImportedPlanRow.provisions).where(ImportedPlanRow.id == plan_id)) or []
    return [Provision(plan=plan_id, **p) for p in held]
