"""The rows of 业主满意度测评: which estate was asked in which half-year, who was asked and what they said, and who wants no questions.

A half is written 2026H2. `respondent` is the conversation asked (the chat's, where a page and a chat are linked); erased, it is no more.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Line, Prose
from storage.models import Base, Key


class SurveyRow(Base):
    """One estate's survey of one half-year, with the clause that asks for it and who began it."""

    __tablename__ = "surveys"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    half: Mapped[str] = mapped_column(Line(8))
    source_plan: Mapped[str] = mapped_column(Line(40))
    source_clause: Mapped[str] = mapped_column(Line(40))
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    started_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("region", "community", "half", name="one_survey"), Index("surveys_half", "half", "region"))


class SurveyAnswerRow(Base):
    """One person asked: `stars` 1–5 and `text` (masked) once they answered; a person is asked once in a half-year."""

    __tablename__ = "survey_answers"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    half: Mapped[str] = mapped_column(Line(8))
    respondent: Mapped[str] = mapped_column(Line(60))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    asked_at: Mapped[datetime]
    stars: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Prose(), default="")
    answered_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("half", "respondent", name="one_answer_a_half"),)


class SurveyRefusalRow(Base):
    """A conversation that wants to be asked no such questions any more."""

    __tablename__ = "survey_refusals"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    refused_at: Mapped[datetime]
