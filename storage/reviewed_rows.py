"""The rows of answers an operator gave to questions the plans did not answer, or answered badly (knowledge/reviewed.py).

Days are days in Beijing. Whoever adds or revokes one raises `library_version` in the same transaction.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Document, Line, Prose
from storage.models import Base, Key


class ReviewedAnswerRow(Base):
    """What residents of a region are told when they ask one of `questions`, from `made_at` until `revoked_at`.

    kind attached: the provision `provision` (<plan>/<id>) of `plan` answers. kind written: `text` answers, and stands on the run `quote`
    of the clause `clause` of `plan`, or on what the office `office` said on the day `office_day`.
    """

    __tablename__ = "reviewed_answers"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(Line(10))  # attached | written
    region: Mapped[str] = mapped_column(Line(40), index=True)
    questions: Mapped[list[Any]] = mapped_column(Document())
    plan: Mapped[str | None] = mapped_column(Line(60))
    provision: Mapped[str | None] = mapped_column(Line(140))
    clause: Mapped[str | None] = mapped_column(Line(60))
    quote: Mapped[str | None] = mapped_column(Prose())
    text: Mapped[str | None] = mapped_column(Prose())
    office: Mapped[str | None] = mapped_column(Line(120))
    office_day: Mapped[date | None] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(Line(80))
    made_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = mapped_column(Line(80))
    revoked_at: Mapped[datetime | None]
