"""The rows of committee duties: members, cases with their steps and reminders, the ledger 透明账户, disclosure, self-check.

An estate is (`region`, `community`): a region's id and the estate's name. Money is whole fen. Days are days in Beijing.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Document, Line, Prose
from storage.models import Base


class CommitteeMemberRow(Base):
    """A member of an estate's committee, from the supervisor's invitation to the end of the term; a code joins a conversation to it.

    The name is that of the public announcement. state: invited | joined | ended; a term that is over ends the membership by itself.
    """

    __tablename__ = "committee_members"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    name: Mapped[str] = mapped_column(Line(60))
    duty: Mapped[str] = mapped_column(Line(20))  # 主任、副主任、委员、候补委员、物管会成员
    term_from: Mapped[date] = mapped_column(Date)
    term_to: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Line(10), default="invited")
    code_hash: Mapped[str | None] = mapped_column(Line(64), index=True)
    code_until: Mapped[datetime | None]
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    desk_hash: Mapped[str | None] = mapped_column(Line(64), index=True)  # of the secret that opens the member's desk
    desk_until: Mapped[datetime | None]
    invited_by: Mapped[str] = mapped_column(Line(80))
    invited_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(Line(200))
    __table_args__ = (Index("committee_members_estate", "region", "community", "state"),)


class CommitteeCaseRow(Base):
    """A procedure an estate is going through, shared by its members; `events` holds the known dates, event id → ISO day."""

    __tablename__ = "committee_cases"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    procedure: Mapped[str] = mapped_column(Line(40))
    state: Mapped[str] = mapped_column(Line(10), default="open")  # open | done | dropped
    one_open: Mapped[str | None] = mapped_column(Line(200), unique=True)  # region/community/procedure while open: one at a time
    events: Mapped[dict[str, Any]] = mapped_column(Document(), default=dict)
    calendar_token: Mapped[str] = mapped_column(Line(60), unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    opened_by: Mapped[str] = mapped_column(Line(80))
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str | None] = mapped_column(Line(200))
    __table_args__ = (Index("committee_cases_estate", "region", "community", "state"),)


class CaseStepRow(Base):
    """A step of a case that was done (or does not apply): on which day, with which paper; `title` as it stood then."""

    __tablename__ = "case_steps"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("committee_cases.id"))
    step: Mapped[int] = mapped_column(Integer)  # the step's number in the procedure's file
    title: Mapped[str] = mapped_column(Line(60))
    state: Mapped[str] = mapped_column(Line(10), default="done")  # done | skipped
    done_on: Mapped[date] = mapped_column(Date)
    paper: Mapped[str] = mapped_column(Prose(), default="")
    note: Mapped[str] = mapped_column(Prose(), default="")
    by: Mapped[str] = mapped_column(Line(80))
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("case_id", "step", name="one_step_once"),)


class CaseReminderRow(Base):
    """One reminder of one date of a case: 7, 3, 1 days before, or when it has passed; `fire_at` is when it is to be said."""

    __tablename__ = "case_reminders"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("committee_cases.id"), index=True)
    line: Mapped[str] = mapped_column(Line(40))
    kind: Mapped[str] = mapped_column(Line(10))  # d7 | d3 | d1 | overdue
    step: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Line(60))
    due_on: Mapped[date] = mapped_column(Date)
    fire_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Line(10), default="waiting")  # waiting | said | cancelled | late
    said_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("case_id", "line", "kind", "due_on", name="one_reminder"),
        Index("case_reminders_due", "state", "fire_at"),
    )


class LedgerPeriodRow(Base):
    """One period of an estate's ledger. draft (may change) → published (never changes again); `digest` is of what was approved."""

    __tablename__ = "ledger_periods"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Line(10), default="draft")
    opening: Mapped[int] = mapped_column(BigInteger)
    closing: Mapped[int | None] = mapped_column(BigInteger)  # as stated in the upload; the sum must agree
    digest: Mapped[str] = mapped_column(Line(64))
    token: Mapped[str] = mapped_column(Line(60), unique=True)
    made_by: Mapped[str] = mapped_column(Line(80))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("region", "community", "state", "starts_on", name="one_ledger_period"),)


class LedgerEntryRow(Base):
    """One line of the ledger. A correction stands for the entry in `corrects_id`, with its reason; both stay to be seen.

    state: draft | published; a correction published with amount 0 strikes the entry out.
    """

    __tablename__ = "ledger_entries"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("ledger_periods.id"))
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    seq: Mapped[int] = mapped_column(Integer)
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Line(10))  # income | expense
    subject: Mapped[str] = mapped_column(Line(60))
    text: Mapped[str] = mapped_column(Line(200), default="")
    party: Mapped[str] = mapped_column(Line(80), default="")
    amount: Mapped[int] = mapped_column(BigInteger)
    receipt: Mapped[str] = mapped_column(Line(120), default="")
    state: Mapped[str] = mapped_column(Line(10), default="draft")
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Line(200))
    made_by: Mapped[str] = mapped_column(Line(80))
    made_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("period_id", "seq", name="one_ledger_line"),
        Index("ledger_entries_asked", "region", "community", "state", "day"),
        Index("ledger_entries_subjects", "region", "community", "state", "subject"),
    )


class LedgerApprovalRow(Base):
    """One member's approval of a period or of a correction, bound to the digest of what he saw."""

    __tablename__ = "ledger_approvals"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("ledger_periods.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entries.id"), index=True)  # of a correction
    member_id: Mapped[int] = mapped_column(ForeignKey("committee_members.id"))
    digest: Mapped[str] = mapped_column(Line(64))
    at: Mapped[datetime]


class DisclosureRow(Base):
    """One time an estate has to disclose something: a period of a duty, or an event; open until `done_on`.

    `due_on` is empty where no number of days is set: nothing is overdue then. `reminded`: the last reminder said, d7 | d3 | d1 | overdue.
    """

    __tablename__ = "disclosures"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    item: Mapped[str] = mapped_column(Line(40))  # of knowledge/procedures/disclosure.yaml
    starts_on: Mapped[date] = mapped_column(Date)  # first day of the period, or the day of the event
    due_on: Mapped[date | None] = mapped_column(Date)
    what: Mapped[str] = mapped_column(Line(120), default="")
    done_on: Mapped[date | None] = mapped_column(Date)
    evidence: Mapped[str] = mapped_column(Line(200), default="")
    reminded: Mapped[str | None] = mapped_column(Line(10))
    by: Mapped[str | None] = mapped_column(Line(80))
    made_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("region", "community", "item", "starts_on", "what", name="one_disclosure"),
        Index("disclosures_open", "region", "community", "done_on", "due_on"),
    )


class SelfCheckRow(Base):
    """One item of a company's self-check for one estate and period: kept or not, with what proves it."""

    __tablename__ = "self_checks"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    item: Mapped[str] = mapped_column(Line(40))
    period: Mapped[str] = mapped_column(Line(10))  # 2026, 2026-H1, 2026-Q4, 2026-11, or "-" for what holds always
    state: Mapped[str] = mapped_column(Line(10))  # kept | not_yet | not_ours
    evidence: Mapped[str] = mapped_column(Prose(), default="")
    by: Mapped[str] = mapped_column(Line(80))
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("region", "community", "item", "period", name="one_self_check"),)


class CommitteePaperRow(Base):
    """A paper written in conversation: its fields, fetched as DOCX or PDF by the secret `token` while the member's term lasts."""

    __tablename__ = "committee_papers"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    token: Mapped[str] = mapped_column(Line(60), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("committee_members.id"), index=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    kind: Mapped[str] = mapped_column(Line(40))
    fields: Mapped[dict[str, Any]] = mapped_column(Document(), default=dict)
    made_at: Mapped[datetime]
    until: Mapped[datetime]


class LedgerQuestionRow(Base):
    """A resident's question about a published entry: the ticket it became, and what the committee answered.

    `text` is without what shows the author; the ticket holds the rest. Of questions about the committee's own conduct (`is_conduct`)
    the committee is shown nothing.
    """

    __tablename__ = "ledger_questions"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    ticket_number: Mapped[str] = mapped_column(Line(20), unique=True)
    text: Mapped[str] = mapped_column(Prose())
    is_conduct: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(Prose(), default="")
    answered_by: Mapped[str | None] = mapped_column(Line(80))
    answered_at: Mapped[datetime | None]
    __table_args__ = (Index("ledger_questions_estate", "region", "community", "asked_at"),)
