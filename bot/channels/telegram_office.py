"""What the staff groups need of the office: which tickets a group may know, and what an operator may do. The console's own rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from storage.models import MessageRow, OperatorRow, TicketRow


@dataclass(frozen=True)
class StaffGroup:
    """A group with topics. `side` company | street | county, `regions` ids with all below, `communities` names (empty: all)."""

    address: str
    side: str
    regions: tuple[str, ...]
    communities: tuple[str, ...] = ()


class Office(Protocol):
    """The office behind the groups. What an operator may not do is Refused with its remedy."""

    @property
    def groups(self) -> Sequence[StaffGroup]:
        """All staff groups."""
        ...

    @property
    def rooms(self) -> bool:
        """Whether rooms may stand on cards (the deployment keeps personal data in this messenger)."""
        ...

    def tickets(self, group: StaffGroup) -> ColumnElement[bool]:
        """The tickets a group may know of, as a condition on TicketRow."""
        ...

    def heard(self, session: Session, group: StaffGroup, row: TicketRow, message: MessageRow) -> str:
        """What a resident said, as this group may read it; empty when it may not."""
        ...

    def claim(self, session: Session, operator: OperatorRow, row: TicketRow, now: datetime) -> str:
        """Take the ticket; gives the name of who has it now: the operator's own when he won. Refused outside his scope."""
        ...

    def reply(self, session: Session, operator: OperatorRow, row: TicketRow, text: str, now: datetime) -> None:
        """Say it to the resident as the console does. Refused when he may not or nobody can be reached."""
        ...

    def note(self, session: Session, operator: OperatorRow, row: TicketRow, text: str, now: datetime) -> None:
        """Keep it in the office's history only."""
        ...
