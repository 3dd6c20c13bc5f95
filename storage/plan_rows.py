"""The rows of plans that came in after the five of the folder: their text cut into clauses, their standing, and when one ends another.

Days are days in Beijing. `library_version` has one row; whoever changes what may be answered from raises it in the same transaction, and
every process reads it before it answers.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Integer
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Document, Line, Prose
from storage.models import Base


class ImportedPlanRow(Base):
    """A plan or law read from a file. state: draft (nobody is answered from it) | confirmed | discarded.

    `said` holds what the reading understood of its identity, for comparison with what the operator confirmed; `body` the blocks
    [clause, [paragraph…], heading]; `provisions` the rules found, as in knowledge/provisions; `text` the file's text without the page
    furniture listed in `furniture`; `doubts` what the operator should look at.
    """

    __tablename__ = "imported_plans"
    id: Mapped[str] = mapped_column(Line(60), primary_key=True)
    kind: Mapped[str] = mapped_column(Line(10))  # plan | law
    state: Mapped[str] = mapped_column(Line(10), default="draft", index=True)
    title: Mapped[str] = mapped_column(Line(200))
    doc_number: Mapped[str | None] = mapped_column(Line(80))
    issuer: Mapped[str] = mapped_column(Line(120))
    region: Mapped[str | None] = mapped_column(Line(40))  # a region's id, cn for the whole country
    issued: Mapped[date | None] = mapped_column(Date)
    starts: Mapped[date | None] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)
    standing: Mapped[str] = mapped_column(Line(10), default="in_force")  # in_force | draft (征求意见稿)
    replaces: Mapped[list[Any]] = mapped_column(Document(), default=list)  # ids of the plans it takes the place of
    file_name: Mapped[str] = mapped_column(Line(200))
    file_sha256: Mapped[str] = mapped_column(Line(64))
    said: Mapped[dict[str, Any]] = mapped_column(Document(), default=dict)
    text: Mapped[str] = mapped_column(Prose())
    furniture: Mapped[list[Any]] = mapped_column(Document(), default=list)
    doubts: Mapped[list[Any]] = mapped_column(Document(), default=list)
    body: Mapped[list[Any]] = mapped_column(Document(), default=list)
    provisions: Mapped[list[Any]] = mapped_column(Document(), default=list)
    imported_by: Mapped[str] = mapped_column(Line(80))
    imported_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(Line(80))
    confirmed_at: Mapped[datetime | None]


class PlanEndRow(Base):
    """The last day of a plan, where somebody set one or another plan took its place (`replaced_by`): also of the folder's plans."""

    __tablename__ = "plan_ends"
    plan: Mapped[str] = mapped_column(Line(60), primary_key=True)
    last_day: Mapped[date] = mapped_column(Date)
    replaced_by: Mapped[str | None] = mapped_column(Line(60))
    set_by: Mapped[str] = mapped_column(Line(80))
    set_at: Mapped[datetime]


class LibraryVersionRow(Base):
    """How often the library has changed; one row, id 1."""

    __tablename__ = "library_version"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer, default=0)
