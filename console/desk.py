"""What the console needs, handed to it by the process that mounts it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from config.regions import Region
from config.regions import regions as known_regions
from knowledge.encoder import Encoder
from knowledge.library import Library, load_library
from storage.database import Database
from storage.personal_data import PersonalData


class OperatorChats(Protocol):
    """Operators' own chats in a messenger, by which its staff groups know who writes; each within the caller's transaction."""

    def linked(self, session: Session, operator_id: int) -> bool:
        """Whether this operator has a chat."""
        ...

    def offer(self, session: Session, login: str, actor: str, now: datetime) -> str:
        """A code he types in his chat, told this once."""
        ...

    def end(self, session: Session, login: str, actor: str, now: datetime) -> bool:
        """Take his chat and an open code away; False when there was none."""
        ...


@cache
def folder_library() -> Library:
    """The plans of the folder alone."""
    return load_library()


@dataclass(frozen=True)
class ConsoleDesk:
    """The database, the clock (aware UTC), and the data directory (photos in `attachments`, the master key in `person.key`)."""

    database: Database
    clock: Callable[[], datetime]
    data_dir: Path
    regions: Mapping[str, Region] = field(default_factory=known_regions)
    vendor_url: str = "/static/vendor"
    library: Callable[[date], Library] = lambda _day: folder_library()  # the plans of a day in Beijing
    encoder: Encoder | None = None  # groups questions by meaning; without it by their characters
    chats: OperatorChats | None = None  # with staff groups in a messenger only

    @property
    def photos(self) -> Path:
        """Where re-encoded photos are kept."""
        return self.data_dir / "attachments"

    @property
    def people(self) -> PersonalData:
        """The residents' personal data, opened only when an operator asks for a contact."""
        return PersonalData(self.data_dir / "person.key")
