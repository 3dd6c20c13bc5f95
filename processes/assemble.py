"""Puts the parts of one process together from the settings."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from actions.turn import Parts
from bot.rasa_client import RasaClient
from bot.turn import Desk, TurnDesk
from committee.procedures import Procedures
from config.categories import categories
from config.regions import regions
from config.settings import PROJECT, Settings
from knowledge.answer_question import Answerer
from knowledge.encoder import Encoder, load_encoder
from knowledge.finding import Finding, Question
from knowledge.index import Index
from knowledge.library import load_library
from knowledge.live import LiveLibrary
from storage.database import Database
from storage.personal_data import PersonalData
from understanding.agree import agree
from understanding.models import load as load_models
from understanding.read_message import Reader
from understanding.spot_tagger import SpotTagger

LOOK_EVERY_S = 0.25  # an imported plan or a reviewed answer of another process is known after this long at most
BEIJING = ZoneInfo("Asia/Shanghai")
SHORTEST_ALIAS = 3  # “和平” alone is found in 和平里小区 as well; short names are understood only when the estate was asked for


def clock() -> datetime:
    """The wall clock, aware and in UTC; passed in everywhere."""
    return datetime.now(UTC)


class RememberedAnswers:
    """The answerer with the findings of the day kept, until the library changes; their standing changes at midnight in Beijing."""

    def __init__(self, live: LiveLibrary) -> None:
        self._live = live
        self._known: tuple[Answerer | None, Callable[[Question, date], Finding]] = (None, live.answerer(today()).answer)

    def answer(self, question: Question) -> Finding:
        """Answer as of today, from memory when the same was asked the same way of the same library."""
        day = today()
        answerer, find = self._known
        now = self._live.answerer(day)
        if now is not answerer:
            find = lru_cache(maxsize=4096)(now.answer)
            self._known = (now, find)
        return find(question, day)


def today() -> date:
    """The day in Beijing."""
    return clock().astimezone(BEIJING).date()


@dataclass(frozen=True)
class Assembly:
    """All parts of one process."""

    settings: Settings
    database: Database
    turns: TurnDesk
    live: LiveLibrary
    people: PersonalData
    rasa: RasaClient
    encoder: Encoder | None

    @property
    def photos(self) -> Path:
        """Where re-encoded photos are kept."""
        return self.settings.data_dir / "attachments"


def action_token(settings: Settings) -> str:
    """The secret between Rasa and us: from the settings, else made once and kept under the data directory (0600)."""
    given = settings.action_token.get_secret_value()
    if given:
        return given
    path = settings.data_dir / "action.token"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _reader(settings: Settings, encoder: Encoder | None) -> Reader:
    estates = {
        region.id: [name for c in region.communities for name in (c.name, *c.aliases) if len(name) >= SHORTEST_ALIAS]
        for region in regions().values()
    }
    return Reader(load_models(settings.data_dir / "understanding"), estates, encoder, SpotTagger(encoder) if encoder else None)


def assemble_reader(settings: Settings) -> Reader:
    """The reader alone, for measuring."""
    return _reader(settings, load_encoder(settings.encoder_dir))


def assemble(settings: Settings) -> Assembly:
    """Load models, plans and regions; open the database. Raises Refused for anything unsafe or faulty."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    encoder = load_encoder(settings.encoder_dir)
    reader = _reader(settings, encoder)
    library = load_library(PROJECT / "knowledge")
    # Connections of its own: a turn that holds one asks it, and a pool shared by both could wait for itself.
    reads = Database(settings.database_url, pool_size=4)
    kept = settings.data_dir / "index"
    live = LiveLibrary(reads, library, encoder, Index(library, encoder, kept), kept, look_every_s=LOOK_EVERY_S)
    known = regions()
    people = PersonalData(settings.data_dir / "person.key")
    rasa = RasaClient(settings.rasa_url, action_token(settings), settings.rasa_timeout_s, on=settings.rasa == "on")
    parts = Parts(
        knowledge=RememberedAnswers(live),
        regions=known,
        categories=categories(),
        people=people,
        encoder=encoder,
        procedures=Procedures.load(PROJECT / "knowledge" / "procedures"),
        default_region=settings.default_region,
        plan_numbers={key: p.identity.doc_number or p.identity.title for key, p in library.plans.items()},
        plan_regions={key: p.identity.region for key, p in library.plans.items()},
    )
    desk = Desk(database, reader, rasa, parts, clock, lambda reading, rasa: agree(reading, rasa, reader.intents_of(reading)))
    return Assembly(settings, database, TurnDesk(desk), live, people, rasa, encoder)
