"""矛盾溯源: why a matter arose, as an operator said it, else as the words of the report and its ending suggest."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from config.refusal import Refused
from config.yaml_text import read_yaml
from storage.models import OperatorRow, TicketRow
from tickets.change_ticket import Change, change_ticket, lock_ticket

FILE = Path(__file__).resolve().parent / "causes.yaml"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cause:
    """One cause; `plan` and `clause` when a plan names it."""

    id: str
    title: str
    words: re.Pattern[str]
    plan: str | None = None
    clause: str | None = None


@cache
def causes() -> dict[str, Cause]:
    """All causes by id, in file order (the first that fits is the one suggested)."""
    raw = read_yaml(FILE.read_text(encoding="utf-8"))
    return {k: Cause(k, v["title"], re.compile(v["words"]), v.get("plan"), v.get("clause")) for k, v in raw.items()}


def cause_title(cause: str) -> str:
    """What people read."""
    known = causes().get(cause)
    return known.title if known else "未查明"


def suggested_cause(description: str, ending: str) -> str:
    """The cause the words suggest: what was found when it was ended counts before what was reported."""
    for text in (ending, description):
        for cause in causes().values():
            if text and cause.words.search(text):
                return cause.id
    return UNKNOWN


def set_cause(session: Session, row: TicketRow, operator: OperatorRow, cause: str, now: datetime) -> TicketRow:
    """An operator says why it arose. Refused for an unknown cause."""
    if cause not in causes():
        raise Refused("没有这种原因", "从列表里选", status=422, code="cause")
    lock_ticket(session, row)
    if row.cause == cause:
        return row
    row.cause = cause
    return change_ticket(session, row, Change("cause_set", operator.name, cause_title(cause), data={"cause": cause}, public=False), now)
