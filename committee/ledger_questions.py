"""Residents' questions about published entries: which entry is meant, what the committee sees of them, and its answers."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from committee.ledger import published_periods
from committee.members import Member, check_member
from config.refusal import Refused
from storage.audit import record
from storage.committee_rows import LedgerEntryRow, LedgerQuestionRow
from understanding.numerals import SPOKEN, numeral

MOST_A_DAY = 30  # questions of one estate; a flood is somebody's machine
LONGEST_ANSWER = 1000
_SEQ = re.compile(rf"(?:第|编号|序号)\s*(\d{{1,5}}|[{SPOKEN}]{{1,4}})\s*(?:笔|号|条|项)?")


@dataclass(frozen=True)
class NewQuestion:
    """A question to be noted; `text` must be without what shows the author."""

    ticket_number: str
    text: str
    is_conduct: bool


@dataclass(frozen=True)
class AskedEntry:
    """A question as the committee sees it: never who asked."""

    id: int
    ticket_number: str
    entry: LedgerEntryRow
    text: str
    asked_at: datetime
    answer: str


def entry_said(session: Session, text: str, estate: tuple[str, str]) -> LedgerEntryRow | None:
    """The entry of the estate's latest published period whose number stands in the text (第3笔); None when none does."""
    match = _SEQ.search(text)
    periods = published_periods(session, *estate)
    number = numeral(match[1]) if match else None
    if number is None or not periods:
        return None
    return session.scalar(
        select(LedgerEntryRow).where(
            LedgerEntryRow.period_id == periods[-1].id, LedgerEntryRow.seq == int(number), LedgerEntryRow.state == "published"
        )
    )


def names_entry(text: str) -> bool:
    """Whether the text names an entry by its number."""
    return bool(_SEQ.search(text))


def published_entry(session: Session, entry_id: int) -> LedgerEntryRow | None:
    """A published entry by its id."""
    entry = session.get(LedgerEntryRow, entry_id)
    return entry if entry is not None and entry.state == "published" else None


def check_flood(session: Session, region: str, community: str, now: datetime) -> None:
    """Refused (429) when the estate's ledger was questioned too often within a day."""
    query = select(func.count()).where(
        LedgerQuestionRow.region == region, LedgerQuestionRow.community == community, LedgerQuestionRow.asked_at > now - timedelta(days=1)
    )
    if (session.scalar(query) or 0) >= MOST_A_DAY:
        raise Refused("今天对这本账的疑问已经很多了", "明天再提，或者在对话里转人工", status=429, code="too_many")


def note_question(session: Session, entry_id: int, asked: NewQuestion, now: datetime) -> LedgerQuestionRow:
    """Note that a ticket asks about this entry. Once per ticket."""
    known = session.scalar(select(LedgerQuestionRow).where(LedgerQuestionRow.ticket_number == asked.ticket_number))
    entry = session.get_one(LedgerEntryRow, entry_id)
    if known is not None:
        return known
    row = LedgerQuestionRow(
        entry_id=entry_id,
        region=entry.region,
        community=entry.community,
        ticket_number=asked.ticket_number,
        text=asked.text[:1000],
        is_conduct=asked.is_conduct,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    return row


def questions_of(session: Session, region: str, community: str) -> list[AskedEntry]:
    """What residents asked about the estate's ledger, open ones first, at most 50; questions about the committee's conduct are left out."""
    query = (
        select(LedgerQuestionRow, LedgerEntryRow)
        .join(LedgerEntryRow, LedgerEntryRow.id == LedgerQuestionRow.entry_id)
        .where(LedgerQuestionRow.region == region, LedgerQuestionRow.community == community, LedgerQuestionRow.is_conduct.is_(False))
        .order_by(LedgerQuestionRow.answered_at.is_not(None), LedgerQuestionRow.asked_at.desc())
        .limit(50)
    )
    return [AskedEntry(q.id, q.ticket_number, entry, q.text, q.asked_at, q.answer) for q, entry in session.execute(query)]


def answer_question(session: Session, member: Member, question_id: int, text: str, now: datetime) -> str:
    """Note the committee's answer and give back the ticket's number, so that the caller tells the resident. Refused for none, twice, or
    an empty answer."""
    row = session.get(LedgerQuestionRow, question_id, with_for_update=True, populate_existing=True)
    if row is None or row.is_conduct or (row.region, row.community) != (member.region, member.community):
        raise Refused("没有这个疑问", "刷新工作台看看", status=404, code="no_question")
    check_member(session, member, row.region, row.community, now)
    if row.answered_at is not None:
        raise Refused("这个疑问已经答复过了", "要补充的话，请在工单里说", status=409, code="answered")
    if not 4 <= len(text.strip()) <= LONGEST_ANSWER:
        raise Refused("答复太短或者太长", f"写 4 到 {LONGEST_ANSWER} 个字，说清这笔钱的来龙去脉", status=422, code="answer")
    row.answer, row.answered_by, row.answered_at = text.strip(), member.actor, now
    record(session, member.actor, "ledger_answered", f"ledger_question:{row.id}", {"entry": row.entry_id}, now)
    return row.ticket_number
