"""The laws and plans that steps stand on: their names, standing, and the exact words of the articles that may be quoted."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote as escaped

from config.regions import regions
from config.words import Words
from config.yaml_text import read_yaml

FOLDER = Path(__file__).resolve().parent.parent / "knowledge" / "procedures"
NATION = "cn"
WHOLE_ARTICLE = 200  # characters: a longer article is quoted in part


@dataclass(frozen=True)
class Instrument:
    """A law or a plan. `status`: in_force | ended | draft; `has_text` false means its words may not be quoted."""

    id: str
    kind: Literal["law", "plan"]
    title: str
    doc_number: str | None
    level: str
    status: str
    has_text: bool


@dataclass(frozen=True)
class Source:
    """One clause a sentence stands on; `quote` None means the whole article."""

    instrument: str
    clause: str | None = None
    quote: str | None = None


@dataclass(frozen=True)
class Instruments:
    """All instruments by id and the articles at hand, `articles[instrument][clause]` → exact text."""

    known: dict[str, Instrument]
    articles: dict[str, dict[str, str]]

    def binds(self, instrument: str, region: str | None) -> bool:
        """Whether it binds a resident of the region: laws bind everywhere, a plan only where the region lists it."""
        if self.known[instrument].kind == "law":
            return True
        here = regions().get(region or "")
        return here is not None and instrument in here.plans

    def quote_of(self, source: Source) -> str | None:
        """The words to quote, or None where no exact text is at hand."""
        if not self.known[source.instrument].has_text:
            return None
        if source.quote:
            return source.quote
        text = self.articles.get(source.instrument, {}).get(source.clause or "")
        if not text:
            return None
        return text if len(text) <= WHOLE_ARTICLE else text[:WHOLE_ARTICLE].rsplit("\n", 1)[0] or text

    def citation(self, source: Source, region: str | None) -> dict[str, Any] | None:
        """The contract's Citation as a dict (plan, title, …, quote, url); None where no exact text is at hand."""
        quote = self.quote_of(source)
        if quote is None or source.clause is None:
            return None
        what = self.known[source.instrument]
        return {
            "plan": f"law:{what.id}" if what.kind == "law" else what.id,
            "title": what.title,
            "doc_number": what.doc_number,
            "status": what.status,
            "binding": self.binds(what.id, region),
            "clause": source.clause,
            "heading": what.level if what.kind == "law" else "",
            "quote": quote,
            "url": f"/{'plans' if what.kind == 'plan' else 'laws'}/{what.id}#{escaped(source.clause)}",
        }

    def name(self, source: Source, words: Words) -> str:
        """The source in words, with its standing when it is not plainly in force: 《物业管理条例》第十四条."""
        what = self.known[source.instrument]
        standing = "" if what.status == "in_force" else words(f"committee_standing_{what.status}")
        return words("committee_source", title=what.title, clause=source.clause or "", standing=standing)


def ancestry(region: str | None) -> tuple[str, ...]:
    """The region, its parents, and the nation: what is written for any of these holds for its residents."""
    line: list[str] = []
    known = regions()
    here = region
    while here is not None and here in known:
        line.append(here)
        here = known[here].parent
    return (*line, NATION)


@cache
def read_instruments(folder: Path = FOLDER) -> Instruments:
    """The instruments and law articles of a folder of procedures."""
    entries = read_yaml((folder / "instruments.yaml").read_text(encoding="utf-8"))["instruments"]
    known = {
        e["id"]: Instrument(e["id"], e["kind"], e["title"], e["doc_number"], e["level"], e["status"], e["text"] == "full") for e in entries
    }
    laws = read_yaml((folder / "laws.yaml").read_text(encoding="utf-8"))["articles"]
    articles = {law: {clause: str(text).strip() for clause, text in by_clause.items()} for law, by_clause in laws.items()}
    return Instruments(known, articles)
