"""One turn as a decision sees it: who speaks, what was read, what is being said, and the parts a decision may use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from committee.procedures import Procedures
from config.categories import Category
from config.regions import Region
from config.words import Words
from knowledge.finding import Finding, Question
from storage.models import ConversationRow
from storage.personal_data import PersonalData
from understanding.features import Encoder
from understanding.reading import Reading


class AnswersQuestions(Protocol):
    """The knowledge part, as decisions use it."""

    def answer(self, question: Question) -> Finding:
        """Answer from the plans or say that they do not cover it."""
        ...


@dataclass(frozen=True)
class Parts:
    """What every decision may use; made once per process."""

    knowledge: AnswersQuestions
    regions: dict[str, Region]
    categories: dict[str, Category]
    people: PersonalData
    procedures: Procedures
    encoder: Encoder | None
    default_region: str
    plan_numbers: dict[str, str]  # plan id -> document number or short title, for sentences about clocks
    plan_regions: dict[str, str]  # plan id -> region id


@dataclass
class Turn:
    """One message on its way to an answer. `dialogue` is the conversation's state, changed in place and saved by the caller."""

    id: str
    session: Session
    conversation: ConversationRow
    reading: Reading
    now: datetime
    words: Words
    parts: Parts
    reread: Callable[[str], Reading]  # reads another text of this resident (a question that waited, a button's text)
    intent: str | None = None
    confidence: float | None = None
    policy_chance: float = 0.0  # mean probability that it asks for a rule (understanding/matter.py)
    report_chance: float = 0.0  # least probability any judge gives to its being a report (understanding/matter.py)
    meaning: dict[str, Any] | None = None  # what a tapped button stands for
    attachments: tuple[str, ...] = ()
    dialogue: dict[str, Any] = field(default_factory=dict)

    @property
    def region(self) -> Region | None:
        """The resident's region, when known."""
        return self.parts.regions.get(self.conversation.region or "")

    @property
    def draft(self) -> dict[str, Any] | None:
        """The report being collected (see actions/draft.py), or None."""
        found = self.dialogue.get("draft")
        return found if isinstance(found, dict) else None

    @property
    def asked(self) -> str | None:
        """The slot the resident was last asked for."""
        return self.dialogue.get("asked")
