"""Answers operators gave to questions the plans did not answer or answered badly: made, revoked, read.

Every act raises the library's version in its own transaction, so that all processes answer by it at the next question, and stands in the
audit. Nothing here says anything by itself: knowledge/reviewed_shelf.py decides which question is near enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from knowledge.imported import raise_version
from knowledge.library import Library
from knowledge.numbers import unsupported_numbers
from storage.audit import record
from storage.reviewed_rows import ReviewedAnswerRow

BEIJING = ZoneInfo("Asia/Shanghai")
MOST_QUESTIONS, LONGEST_QUESTION, LONGEST_TEXT, LONGEST_QUOTE = 20, 120, 600, 300


@dataclass(frozen=True)
class Source:
    """What a written answer stands on: a run of a clause of a plan, or an office and the day it said so."""

    plan: str | None = None
    clause: str | None = None
    quote: str | None = None
    office: str | None = None
    office_day: date | None = None


@dataclass(frozen=True)
class ReviewedAnswer:
    """One answer in use. kind: attached | written; `region` and all below it are told; `made_on` is a day in Beijing."""

    id: int
    kind: str
    region: str
    questions: tuple[str, ...]
    provision: str | None
    text: str | None
    source: Source
    made_on: date


def read_reviewed(session: Session) -> tuple[ReviewedAnswer, ...]:
    """The answers in use, newest first."""
    query = select(ReviewedAnswerRow).where(ReviewedAnswerRow.revoked_at.is_(None)).order_by(ReviewedAnswerRow.id.desc())
    return tuple(_value(row) for row in session.scalars(query))


def _value(row: ReviewedAnswerRow) -> ReviewedAnswer:
    source = Source(row.plan, row.clause, row.quote, row.office, row.office_day)
    made_on = row.made_at.astimezone(BEIJING).date()
    return ReviewedAnswer(row.id, row.kind, row.region, tuple(row.questions), row.provision, row.text, source, made_on)


def attach(  # noqa: PLR0913 - what, for whom, by whom, when
    session: Session, questions: Sequence[str], region: str, provision: str, library: Library, actor: str, now: datetime
) -> int:  # fmt: skip
    """Let a provision answer the questions in a region; gives back the answer's id. Refused unless its plan binds the region."""
    known = library.by_key.get(provision)
    if known is None or not library.binding.binds(known.plan, region):
        raise Refused("这一条不在管这个地区的文件里", "重新搜一条，或换地区", status=422, code="no_provision")
    row = ReviewedAnswerRow(kind="attached", region=region, questions=checked(questions), plan=known.plan, provision=provision)
    return _keep(session, row, {"region": region, "provision": provision}, actor, now)


def write(  # noqa: PLR0913 - what, for whom, on what, by whom, when
    session: Session, questions: Sequence[str], region: str, text: str, source: Source, library: Library, actor: str, now: datetime
) -> int:  # fmt: skip
    """Answer the questions in a region with `text`; gives back the answer's id. Refused naming everything that is missing."""
    said = text.strip()
    faults = [] if said and len(said) <= LONGEST_TEXT else [f"答复要写，最多 {LONGEST_TEXT} 字"]
    faults += _faults(said, region, source, library, now.astimezone(BEIJING).date())
    if faults:
        raise Refused("；".join(faults), "改正后再提交", status=422, code="reviewed_fields")
    row = ReviewedAnswerRow(kind="written", region=region, questions=checked(questions), text=said, **vars(source))
    return _keep(session, row, {"region": region, "plan": source.plan, "clause": source.clause, "office": source.office}, actor, now)


def _faults(text: str, region: str, source: Source, library: Library, today: date) -> list[str]:
    if source.plan is None:
        faults = [] if source.office and source.office_day else ["来源要写：文件的条款和原文，或者答复的单位和日期"]
        return faults + (["单位答复的日期还没到"] if source.office_day and source.office_day > today else [])
    if source.office or source.office_day:
        return ["来源只写一种：文件条款，或者单位和日期"]
    plan = library.plans.get(source.plan)
    if plan is None or not library.binding.binds(source.plan, region):
        return ["这份文件管不到这个地区"]
    quoted = source.quote and len(source.quote) <= LONGEST_QUOTE and source.clause in plan.clauses
    if not source.quote or not quoted or not plan.holds(source.quote, source.clause):
        return [f"原文要从所写的条款里照抄一句，一字不差，最多 {LONGEST_QUOTE} 字"]
    missing = unsupported_numbers(text, source.quote)
    return [f"原文里没有这些数字：{'、'.join(missing)}"] if missing else []


def checked(questions: Sequence[str]) -> list[str]:
    """The questions each once, without blanks or masked data; Refused when none is left or there are too many."""
    kept = list(dict.fromkeys(q.strip() for q in questions if q.strip() and "*" not in q))
    if not kept or len(kept) > MOST_QUESTIONS or max(map(len, kept)) > LONGEST_QUESTION:
        remedy = f"一行一个问法，1 到 {MOST_QUESTIONS} 个，每个不超过 {LONGEST_QUESTION} 字，不带号码"
        raise Refused("没有能用的问法", remedy, status=422, code="reviewed_questions")
    return kept


def _keep(session: Session, row: ReviewedAnswerRow, detail: dict[str, str | None], actor: str, now: datetime) -> int:
    row.made_by, row.made_at = actor, now
    session.add(row)
    session.flush()
    record(session, actor, f"answer_{row.kind}", f"reviewed:{row.id}", {**detail, "questions": row.questions}, now)
    raise_version(session)
    return row.id


def find_in_use(session: Session, answer_id: int) -> ReviewedAnswerRow:
    """An answer in use, locked for change. Refused when there is none, or it was revoked meanwhile."""
    row = session.get(ReviewedAnswerRow, answer_id, with_for_update=True)
    if row is None or row.revoked_at is not None:
        raise Refused("没有这条答复，或已经撤回", "刷新页面看看", status=404, code="no_reviewed")
    return row


def revoke(session: Session, answer_id: int, actor: str, now: datetime) -> None:
    """Take an answer out of use; its row stays for the record."""
    row = find_in_use(session, answer_id)
    row.revoked_by, row.revoked_at = actor, now
    record(session, actor, "answer_revoked", f"reviewed:{answer_id}", {"region": row.region}, now)
    raise_version(session)
