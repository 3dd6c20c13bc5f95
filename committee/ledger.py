"""The ledger 透明账户 of an estate: checked, approved by two members, published; published lines never change, only get corrected."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session, aliased

from committee.ledger_sheet import Carried, LedgerDraft, LedgerFault, LedgerLine, check_ledger
from committee.members import Member, check_member, local_day
from config.refusal import Refused
from storage.audit import record
from storage.committee_rows import LedgerApprovalRow, LedgerEntryRow, LedgerPeriodRow

APPROVALS = 2  # different members; the one who entered it may be one of them


@dataclass(frozen=True)
class LedgerPreview:
    """What would be published: the draft with its opening balance, and every fault. `may_publish` when none of them is hard."""

    draft: LedgerDraft
    opening: int
    closing: int
    faults: tuple[LedgerFault, ...]

    @property
    def may_publish(self) -> bool:
        """Whether it may be saved for approval."""
        return not any(fault.hard for fault in self.faults)


@dataclass(frozen=True)
class Approved:
    """After an approval: how many different members approved what is there now, and whether that published it."""

    count: int
    published: bool


@dataclass(frozen=True)
class LedgerDesk:
    """What a member does with the estate's ledger, within the caller's writing transaction. Strangers are refused (403)."""

    session: Session
    member: Member
    now: datetime

    def preview(self, draft: LedgerDraft) -> LedgerPreview:
        """Check a draft against what is published; changes nothing."""
        carried = carried_over(self.session, self.member.region, self.member.community)
        opening = draft.opening if draft.opening is not None else carried.balance if carried else 0
        whole = replace(draft, opening=opening if draft.opening is not None or carried else None)
        faults = check_ledger(whole, carried, local_day(self.now))
        return LedgerPreview(whole, opening, whole.balance, tuple(faults))

    def save(self, draft: LedgerDraft) -> LedgerPeriodRow:
        """Save a draft for approval, in the place of the estate's earlier draft. Refused while a hard fault is left."""
        member = self.member
        check_member(self.session, member, member.region, member.community, self.now)
        seen = self.preview(draft)
        if not seen.may_publish:
            hard = [f"第{f.row}行：{f.text}" if f.row else f.text for f in seen.faults if f.hard]
            raise Refused(f"账里有 {len(hard)} 处要改：" + "；".join(hard[:5]), "改好再传", status=422, code="ledger_faults")
        row = self._draft_row()
        row.starts_on, row.ends_on, row.opening, row.closing = draft.starts_on, draft.ends_on, seen.opening, seen.closing
        row.digest = period_digest(draft.starts_on, draft.ends_on, seen.opening, seen.draft.lines)
        row.made_by, row.changed_at = member.actor, self.now
        self.session.flush()
        self.session.add_all(self._entry(row, seq, line) for seq, line in enumerate(seen.draft.lines, start=1))
        detail = {"from": row.starts_on.isoformat(), "to": row.ends_on.isoformat(), "lines": len(draft.lines), "digest": row.digest[:16]}
        record(self.session, member.actor, "ledger_saved", f"ledger:{row.id}", detail, self.now)
        return row

    def approve(self, period_id: int, digest: str) -> Approved:
        """Approve a draft as seen (`digest` of what was shown); the second member's approval publishes it. Refused when it changed."""
        row = self._locked(period_id)
        if row.state != "draft":
            raise Refused("这一期已经公布", "已公布的账只能更正", status=409, code="ledger_published")
        if digest != row.digest:
            raise Refused("账在您看过以后改过", "重新看一遍再同意", status=409, code="ledger_changed")
        count = self._approve(row, None, digest)
        if count < APPROVALS:
            return Approved(count, False)
        carried = carried_over(self.session, row.region, row.community)
        if carried is not None and (carried.balance != row.opening or (row.starts_on - carried.ends_on).days != 1):
            raise Refused("期初余额和已公布的结余对不上了", "重新传这一期的账", status=409, code="ledger_changed")
        row.state, row.published_at = "published", self.now
        for entry in self.session.scalars(select(LedgerEntryRow).where(LedgerEntryRow.period_id == row.id)):
            entry.state, entry.published_at = "published", self.now
        record(self.session, self.member.actor, "ledger_published", f"ledger:{row.id}", {"digest": row.digest}, self.now)
        return Approved(count, True)

    def correct(self, entry_id: int, line: LedgerLine, reason: str) -> LedgerEntryRow:
        """Propose what should stand for a published entry (`amount` 0 strikes it out), with the reason; two members approve it."""
        wrong = self.session.get(LedgerEntryRow, entry_id)
        if wrong is None or wrong.state != "published":
            raise Refused("没有这笔已公布的账", "看一下账页上的编号", status=404, code="no_entry")
        row = self._locked(wrong.period_id)
        if not reason.strip():
            raise Refused("没有写更正的原因", "写一句为什么更正", status=422, code="no_reason")
        if not row.starts_on <= line.day <= row.ends_on or line.amount < 0 or line.kind not in {"income", "expense"}:
            raise Refused("更正的内容不对", "日期要在这一期里，金额不能是负数", status=422, code="correction")
        if self.session.scalar(select(LedgerEntryRow.id).where(LedgerEntryRow.corrects_id == entry_id)) is not None:
            raise Refused("这笔账已经有更正", "对最新的那一笔再更正", status=409, code="corrected")
        seq = self.session.scalar(select(func.max(LedgerEntryRow.seq)).where(LedgerEntryRow.period_id == row.id)) or 0
        entry = self._entry(row, seq + 1, line)
        entry.corrects_id, entry.reason = entry_id, reason.strip()[:200]
        self.session.add(entry)
        self.session.flush()
        record(self.session, self.member.actor, "ledger_correction", f"ledger:{row.id}", {"entry": entry_id, "by": entry.id}, self.now)
        return entry

    def approve_correction(self, entry_id: int) -> Approved:
        """Approve a proposed correction; the second member's approval publishes it. Refused when more would be spent than was there."""
        entry = self.session.get(LedgerEntryRow, entry_id)
        if entry is None or entry.corrects_id is None or entry.state != "draft":
            raise Refused("没有等待同意的更正", "刷新页面看看", status=404, code="no_entry")
        row = self._locked(entry.period_id)
        count = self._approve(row, entry.id, entry_digest(entry))
        if count < APPROVALS:
            return Approved(count, False)
        entry.state, entry.published_at = "published", self.now
        self.session.flush()
        carried = carried_over(self.session, row.region, row.community)
        if carried is None or carried.balance < 0:
            raise Refused("更正以后余额成了负数", "核对金额", status=422, code="correction")
        record(self.session, self.member.actor, "ledger_corrected", f"ledger:{row.id}", {"entry": entry.id}, self.now)
        return Approved(count, True)

    def _draft_row(self) -> LedgerPeriodRow:
        """The estate's draft, emptied (approvals hold only for the digest they saw), or a new one."""
        member, session = self.member, self.session
        mine = LedgerPeriodRow.region == member.region, LedgerPeriodRow.community == member.community, LedgerPeriodRow.state == "draft"
        row = session.scalar(select(LedgerPeriodRow).where(*mine).with_for_update())
        if row is not None:
            session.execute(delete(LedgerEntryRow).where(LedgerEntryRow.period_id == row.id))
            return row
        row = LedgerPeriodRow(region=member.region, community=member.community, token=secrets.token_urlsafe(12), made_at=self.now)
        session.add(row)
        return row

    def _entry(self, row: LedgerPeriodRow, seq: int, line: LedgerLine) -> LedgerEntryRow:
        return LedgerEntryRow(
            period_id=row.id,
            region=row.region,
            community=row.community,
            seq=seq,
            day=line.day,
            kind=line.kind,
            subject=line.subject,
            text=line.text,
            party=line.party,
            amount=line.amount,
            receipt=line.receipt,
            made_by=self.member.actor,
            made_at=self.now,
        )

    def _locked(self, period_id: int) -> LedgerPeriodRow:
        row = self.session.get(LedgerPeriodRow, period_id, with_for_update=True, populate_existing=True)
        if row is None or (row.region, row.community) != (self.member.region, self.member.community):
            raise Refused("没有这一期账", "看一下小区的账目", status=404, code="no_period")
        check_member(self.session, self.member, row.region, row.community, self.now)
        return row

    def _approve(self, row: LedgerPeriodRow, entry_id: int | None, digest: str) -> int:
        """Note this member's approval (once) and give back how many different members approved this very content."""
        same = LedgerApprovalRow.entry_id.is_(None) if entry_id is None else LedgerApprovalRow.entry_id == entry_id
        query = select(LedgerApprovalRow.member_id).where(LedgerApprovalRow.period_id == row.id, same, LedgerApprovalRow.digest == digest)
        have = set(self.session.scalars(query))
        if self.member.id not in have:
            approval = LedgerApprovalRow(period_id=row.id, entry_id=entry_id, member_id=self.member.id, digest=digest, at=self.now)
            self.session.add(approval)
            detail = {"digest": digest[:16], "entry": entry_id}
            record(self.session, self.member.actor, "ledger_approved", f"ledger:{row.id}", detail, self.now)
        return len(have | {self.member.id})


def period_digest(starts_on: date, ends_on: date, opening: int, lines: Sequence[LedgerLine | LedgerEntryRow]) -> str:
    """The fingerprint of a period as approved: its days, its opening balance and its lines in order."""
    cells = [[x.day.isoformat(), x.kind, x.subject, x.text, x.party, x.amount, x.receipt] for x in lines]
    whole = [starts_on.isoformat(), ends_on.isoformat(), opening, cells]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def entry_digest(entry: LedgerEntryRow) -> str:
    """The fingerprint of a correction."""
    cells = [entry.corrects_id, entry.day.isoformat(), entry.kind, entry.subject, entry.text, entry.party, entry.amount, entry.receipt]
    return hashlib.sha256(json.dumps([*cells, entry.reason], ensure_ascii=False).encode()).hexdigest()


def standing(region: str, community: str) -> ColumnElement[bool]:
    """The condition that an entry counts now: published, of this estate, and no published correction stands for it."""
    later = aliased(LedgerEntryRow)
    corrected = select(later.corrects_id).where(later.corrects_id.is_not(None), later.state == "published")
    return (
        (LedgerEntryRow.region == region)
        & (LedgerEntryRow.community == community)
        & (LedgerEntryRow.state == "published")
        & (LedgerEntryRow.amount > 0)
        & LedgerEntryRow.id.not_in(corrected)
    )


def published_periods(session: Session, region: str, community: str) -> list[LedgerPeriodRow]:
    """The published periods of an estate, oldest first."""
    query = select(LedgerPeriodRow).where(
        LedgerPeriodRow.region == region, LedgerPeriodRow.community == community, LedgerPeriodRow.state == "published"
    )
    return list(session.scalars(query.order_by(LedgerPeriodRow.starts_on)))


def published_estates(session: Session, region: str) -> list[str]:
    """The estates of a region that have published a ledger, by name."""
    query = select(LedgerPeriodRow.community).where(LedgerPeriodRow.region == region, LedgerPeriodRow.state == "published")
    return list(session.scalars(query.distinct().order_by(LedgerPeriodRow.community)))


def carried_over(session: Session, region: str, community: str) -> Carried | None:
    """Where the published ledger of an estate ends, corrections counted; None before the first."""
    periods = published_periods(session, region, community)
    if not periods:
        return None
    query = select(LedgerEntryRow.kind, func.sum(LedgerEntryRow.amount)).where(standing(region, community))
    sums = {kind: int(amount) for kind, amount in session.execute(query.group_by(LedgerEntryRow.kind))}
    return Carried(periods[-1].ends_on, periods[0].opening + sums.get("income", 0) - sums.get("expense", 0))


@dataclass(frozen=True)
class WaitingCorrection:
    """A correction that waits for the second member: the published entry, and what shall stand for it."""

    wrong: LedgerEntryRow
    entry: LedgerEntryRow


@dataclass(frozen=True)
class LedgerState:
    """What a member sees of the ledger: the draft with its lines and how many approved it, waiting corrections, published periods."""

    draft: LedgerPeriodRow | None
    lines: tuple[LedgerEntryRow, ...]
    approved: int
    corrections: tuple[WaitingCorrection, ...]
    published: tuple[LedgerPeriodRow, ...]


def ledger_state(session: Session, region: str, community: str) -> LedgerState:
    """Where the ledger of an estate stands."""
    mine = LedgerPeriodRow.region == region, LedgerPeriodRow.community == community
    draft = session.scalar(select(LedgerPeriodRow).where(*mine, LedgerPeriodRow.state == "draft"))
    lines: tuple[LedgerEntryRow, ...] = ()
    approved = 0
    if draft is not None:
        lines = tuple(session.scalars(select(LedgerEntryRow).where(LedgerEntryRow.period_id == draft.id).order_by(LedgerEntryRow.seq)))
        seen = LedgerApprovalRow.period_id == draft.id, LedgerApprovalRow.digest == draft.digest
        approved = len(set(session.scalars(select(LedgerApprovalRow.member_id).where(*seen))))
    wrong = aliased(LedgerEntryRow)
    pairs = session.execute(
        select(wrong, LedgerEntryRow)
        .join(wrong, wrong.id == LedgerEntryRow.corrects_id)
        .where(LedgerEntryRow.region == region, LedgerEntryRow.community == community, LedgerEntryRow.state == "draft")
    )
    waiting = tuple(WaitingCorrection(old, new) for old, new in pairs)
    return LedgerState(draft, lines, approved, waiting, tuple(reversed(published_periods(session, region, community))))
