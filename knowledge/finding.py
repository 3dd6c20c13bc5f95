"""What the question answerer takes and gives back. Endings are values."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Standing = Literal["in_force", "ended", "draft"]


@dataclass(frozen=True)
class Citation:
    """Where an answer stands (contract 2): `quote` is an exact run of the plan's text, white space aside."""

    plan: str
    title: str
    doc_number: str | None
    status: Standing
    binding: bool  # whether the plan binds the asker's region
    clause: str
    heading: str
    quote: str
    url: str


@dataclass(frozen=True)
class Statement:
    """One sentence of an answer with the citation that holds it."""

    text: str
    citation: Citation
    property_form: str | None = None
    year: int | None = None
    provision: str | None = None  # "<plan>/<provision id>"


@dataclass(frozen=True)
class Question:
    """A resident's question. `earlier` is the question before it in this conversation and `earlier_provision` what answered it."""

    text: str
    region: str | None
    property_form: str | None = None
    earlier: str | None = None
    earlier_provision: str | None = None


@dataclass(frozen=True)
class Answered:
    """The plans say it. `statements` best first; `notes` are message ids the reply must add (for example `policy_note_conflict_clocks`)."""

    statements: tuple[Statement, ...]
    confidence: float
    by_form: bool = False  # one statement per property form because the asker's form is unknown
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotCovered:
    """No plan that may be used says it. `reason`: nothing | other_region | local_law | unsure; `nearest` may be offered as a question."""

    reason: str
    confidence: float
    nearest: tuple[Statement, ...] = field(default=())


@dataclass(frozen=True)
class Reviewed:
    """An operator wrote this answer and stands for it: on a run of a plan (`citation`), or on what an office said on a day."""

    text: str
    citation: Citation | None
    office: str | None
    office_day: date | None
    reviewed_on: date
    confidence: float


@dataclass(frozen=True)
class OfPlan:
    """Who a document is, from its confirmed identity. `asks`: standing | until | number | issued | starts | issuer.

    `citation` is the run of the text that states it; None when the text does not."""

    asks: str
    plan: str
    title: str
    doc_number: str | None
    issuer: str
    issued: date | None
    starts: date | None
    ends: date | None
    standing: Standing
    binding: bool
    followed_by: str | None  # title of the document that came after it
    citation: Citation | None
    confidence: float = 1.0


Finding = Answered | NotCovered | Reviewed | OfPlan
