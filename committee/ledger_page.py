"""What everybody may read of a published ledger: the page of a period, and a question about an entry that becomes a ticket."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from committee.ledger import period_digest
from committee.ledger_sheet import yuan
from committee.members import local_day
from config.refusal import Refused
from config.words import Words
from storage.committee_rows import LedgerApprovalRow, LedgerEntryRow, LedgerPeriodRow

# Words by which a resident speaks of those who keep the ledger rather than of the money.
ABOUT_CONDUCT = ("业委会", "委员", "主任", "谋私", "自己家", "亲戚", "关系户")


@dataclass(frozen=True)
class PageLine:
    """An entry on the published page; `corrected_by` is the entry that stands for it now, `reason` why this one corrects another."""

    id: int
    seq: int
    day: date
    kind: str
    subject: str
    text: str
    party: str
    amount: int
    receipt: str
    corrects_seq: int | None
    reason: str
    corrected_by: int | None


@dataclass(frozen=True)
class LedgerPage:
    """A published period for everybody to read. `holds` false: the lines are not what was approved (somebody wrote past the program)."""

    id: int
    region: str
    community: str
    starts_on: date
    ends_on: date
    opening: int
    income: int
    expense: int
    closing: int
    lines: tuple[PageLine, ...]
    published_at: datetime
    approved_by: tuple[str, ...]
    token: str
    check_code: str
    holds: bool
    others: tuple[tuple[str, date, date], ...]


def ledger_page(session: Session, token: str) -> LedgerPage | None:
    """The published period of this token; None for an unknown one or a draft."""
    query = select(LedgerPeriodRow).where(LedgerPeriodRow.token == token, LedgerPeriodRow.state == "published")
    row = session.scalar(query)
    if row is None or row.published_at is None:
        return None
    mine = select(LedgerEntryRow).where(LedgerEntryRow.period_id == row.id, LedgerEntryRow.state == "published")
    entries = list(session.scalars(mine.order_by(LedgerEntryRow.seq)))
    replaced: dict[int, LedgerEntryRow] = {e.corrects_id: e for e in entries if e.corrects_id is not None}
    seqs = {e.id: e.seq for e in entries}
    lines = tuple(_page_line(e, replaced, seqs) for e in entries)
    counting = [line for line in lines if line.corrected_by is None]
    income, expense = (sum(line.amount for line in counting if line.kind == kind) for kind in ("income", "expense"))
    digest = period_digest(row.starts_on, row.ends_on, row.opening, [e for e in entries if e.corrects_id is None])
    approvals = select(LedgerApprovalRow).where(LedgerApprovalRow.period_id == row.id, LedgerApprovalRow.digest == row.digest)
    return LedgerPage(
        id=row.id,
        region=row.region,
        community=row.community,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        opening=row.opening,
        income=income,
        expense=expense,
        closing=row.opening + income - expense,
        lines=lines,
        published_at=row.published_at,
        approved_by=tuple(f"member:{a.member_id}" for a in session.scalars(approvals.order_by(LedgerApprovalRow.id))),
        token=row.token,
        check_code=row.digest[:8].upper(),
        holds=digest == row.digest,
        others=_others(session, row),
    )


def _page_line(entry: LedgerEntryRow, replaced: dict[int, LedgerEntryRow], seqs: dict[int, int]) -> PageLine:
    later = replaced.get(entry.id)
    return PageLine(
        entry.id, entry.seq, entry.day, entry.kind, entry.subject, entry.text, entry.party, entry.amount, entry.receipt,
        seqs.get(entry.corrects_id) if entry.corrects_id else None, entry.reason or "", later.seq if later else None,
    )  # fmt: skip


def _others(session: Session, row: LedgerPeriodRow) -> tuple[tuple[str, date, date], ...]:
    query = select(LedgerPeriodRow.token, LedgerPeriodRow.starts_on, LedgerPeriodRow.ends_on).where(
        LedgerPeriodRow.region == row.region,
        LedgerPeriodRow.community == row.community,
        LedgerPeriodRow.state == "published",
        LedgerPeriodRow.id != row.id,
    )
    return tuple((t, s, e) for t, s, e in session.execute(query.order_by(LedgerPeriodRow.starts_on.desc()).limit(40)).all())


def notice_fields(page: LedgerPage, words: Words | None = None) -> dict[str, Any]:
    """The fields of the printable notice (papers: quarterly_disclosure); corrected entries are left out, corrections named."""
    say = words or Words()

    def lines(kind: str) -> list[dict[str, str]]:
        counting = [line for line in page.lines if line.kind == kind and line.corrected_by is None and line.amount]
        return [
            {
                "day": line.day.isoformat(),
                "subject": line.subject,
                "text": line.text + (say("ledger_corrected", seq=line.corrects_seq, reason=line.reason) if line.corrects_seq else ""),
                "amount": yuan(line.amount),
                "receipt": line.receipt,
            }
            for line in counting
        ]

    return {
        "estate": page.community,
        "period": f"{page.starts_on} — {page.ends_on}",
        "opening": yuan(page.opening),
        "income": lines("income"),
        "income_total": yuan(page.income),
        "expense": lines("expense"),
        "expense_total": yuan(page.expense),
        "closing": yuan(page.closing),
        "question_to": say("ledger_question_to"),
        "approved_by": say("ledger_approved_by", count=len(page.approved_by)),
        "publish_date": local_day(page.published_at).isoformat(),
        "check_code": page.check_code,
    }


@dataclass(frozen=True)
class EntryQuestion:
    """A resident's question about an entry, as the fields of a ticket to be opened (tickets.open_ticket.NewTicket)."""

    kind: str
    category: str
    region: str
    community: str
    description: str


def question_entry(session: Session, entry_id: int, words_of_resident: str, words: Words | None = None) -> EntryQuestion:
    """The fields of the ticket for a question about a published entry; about the committee when the words say so. Refused for none."""
    entry = session.get(LedgerEntryRow, entry_id)
    if entry is None or entry.state != "published":
        raise Refused("没有这笔已公布的账", "看一下账页上的编号", status=404, code="no_entry")
    say = words or Words()
    what = say(
        "ledger_question",
        community=entry.community,
        day=entry.day.isoformat(),
        kind=say(f"ledger_{entry.kind}"),
        subject=entry.subject,
        amount=yuan(entry.amount),
        seq=entry.seq,
        text=words_of_resident.strip()[:1000],
    )
    conduct = any(word in words_of_resident for word in ABOUT_CONDUCT)
    return EntryQuestion("complaint", "committee_conduct" if conduct else "public_revenue", entry.region, entry.community, what)
