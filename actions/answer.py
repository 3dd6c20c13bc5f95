"""What a decision gives back: the contract's Reply and the ending of a turn (contract 2)."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from knowledge.finding import Citation

Outcome = Literal[
    "answered", "not_covered", "clarify", "report_open", "filed", "emergency", "guide", "vote_result",
    "status", "handed_off", "smalltalk", "cancelled", "out_of_scope", "failed",
]  # fmt: skip
Slot = Literal["place", "time", "description", "contact", "category", "photo", "confirm", "region", "property_form"]
ReplyKind = Literal["text", "card", "emergency", "document", "notice"]


@dataclass(frozen=True)
class Choice:
    """A button. `meaning` is kept server-side; the resident's side only ever sees an opaque token."""

    title: str
    meaning: dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One bubble said to the resident."""

    text: str
    kind: ReplyKind = "text"
    choices: tuple[Choice, ...] = ()
    citations: tuple[Citation, ...] = ()
    document: dict[str, str] | None = None

    def as_record(self, tokens: list[str]) -> dict[str, Any]:
        """The contract's Reply; `tokens[i]` is the opaque token of choice i."""
        record: dict[str, Any] = {
            "kind": self.kind,
            "text": self.text,
            "choices": [{"title": c.title, "choice": t} for c, t in zip(self.choices, tokens, strict=True)],
            "citations": [asdict(c) for c in self.citations],
        }
        if self.document:
            record["document"] = self.document
        return record


@dataclass(frozen=True)
class Answer:
    """The end of one turn. `tickets` are contract Ticket records opened or changed by it; `draft` the report being collected."""

    outcome: Outcome
    replies: tuple[Reply, ...]
    asks_for: Slot | None = None
    tickets: tuple[dict[str, Any], ...] = ()
    draft: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # for figures and review only
