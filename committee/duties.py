"""The list of duties (knowledge/procedures/duties.yaml): who owes what, where, when, by which source."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from committee.instruments import FOLDER, Source, ancestry, read_instruments
from config.words import Words
from config.yaml_text import read_yaml


@dataclass(frozen=True)
class Duty:
    """One duty. `when` in words; `length`, `event`, `period` where it can be reckoned. `verified` false: not to be stated as certain."""

    id: str
    audience: str  # committee | company | community | government | resident
    region: str
    topics: tuple[str, ...]
    title: str
    what: str
    when: str
    length: str | None
    event: str | None
    period: str | None  # MONTHLY | QUARTERLY | HALF_YEARLY | YEARLY | PERIODIC
    source: Source
    verified: bool
    note: str

    def source_text(self, words: Words | None = None) -> str:
        """The source in words, with its standing, and a hedge when it was not verified."""
        say = words or Words()
        name = read_instruments().name(self.source, say)
        return name if self.verified else say("duty_unsure", source=name)


@cache
def read_duties(folder: Path = FOLDER) -> dict[str, Duty]:
    """All duties by id, in file order."""
    entries = read_yaml((folder / "duties.yaml").read_text(encoding="utf-8"))["duties"]
    return {e["id"]: _duty(e) for e in entries}


def duties_of(region: str | None, *audiences: str) -> list[Duty]:
    """The duties of these audiences that hold in the region."""
    line = ancestry(region)
    return [duty for duty in read_duties().values() if duty.region in line and duty.audience in audiences]


def _duty(e: dict[str, object]) -> Duty:
    when, source = e["when"], e["source"]
    assert isinstance(when, dict) and isinstance(source, dict)
    topics = e["topics"]
    assert isinstance(topics, list)
    return Duty(
        id=str(e["id"]),
        audience=str(e["audience"]),
        region=str(e["region"]),
        topics=tuple(topics),
        title=str(e["title"]),
        what=str(e["what"]),
        when=str(when["text"]),
        length=when.get("length"),
        event=when.get("event"),
        period=when.get("period"),
        source=Source(source["instrument"], source.get("clause"), source.get("quote")),
        verified=bool(e["verified"]),
        note=str(e.get("note", "")),
    )
