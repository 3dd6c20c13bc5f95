"""Questions that one sentence answers (knowledge/procedures/short_answers.yaml): 业委会几年一届, 一家三套房算几票, each with its source."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, model_validator

from committee.instruments import FOLDER, Source, read_instruments
from committee.procedure_file import Entry, Identifier, SourceEntry
from config.words import Words
from config.yaml_text import read_yaml

FILE = "short_answers.yaml"


class ShortAnswerEntry(Entry):
    """One answer as written: `words` and `not_words` are patterns of the question, `asks` sentences that must find it.

    `text` is carried by `sources`, `unsure` is what no source carries; `procedure` and `step` (its number in the file) lead on."""

    id: Identifier
    words: tuple[str, ...] = Field(min_length=1)
    not_words: tuple[str, ...] = ()
    text: str = ""
    unsure: str = ""
    sources: tuple[SourceEntry, ...] = ()
    duties: tuple[str, ...] = ()
    procedure: Identifier | None = None
    step: int | None = None
    asks: tuple[str, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _carried(self) -> "ShortAnswerEntry":
        if not (self.text or self.unsure):
            raise ValueError("没有写答什么")
        if bool(self.text) != bool(self.sources):
            raise ValueError("text 要有依据，有依据就要有 text；没有核实的写在 unsure")
        if self.step is not None and self.procedure is None:
            raise ValueError("有 step 就要有 procedure")
        return self

    def asks_for(self, text: str) -> bool:
        """Whether a sentence asks for this."""
        return any(re.search(word, text) for word in self.words) and not any(re.search(word, text) for word in self.not_words)


@dataclass(frozen=True)
class ShortAnswer:
    """An answer ready to be said; `verified` false: part of it stands in no source and a person is to be offered.

    `carried`: at least part of it does stand in a source."""

    text: str
    source_text: str
    citations: tuple[dict[str, Any], ...]
    verified: bool
    carried: bool
    procedure: str | None
    step: int | None


def read_short_answers(folder: Path) -> tuple[ShortAnswerEntry, ...]:
    """Every answer of a folder, in file order; ValidationError when the form is wrong (committee.check names the place)."""
    data = read_yaml((folder / FILE).read_text(encoding="utf-8"))
    return TypeAdapter(tuple[ShortAnswerEntry, ...]).validate_python(data["answers"])


@cache
def short_answers() -> tuple[ShortAnswerEntry, ...]:
    """The answers that ship."""
    return read_short_answers(FOLDER)


def short_answer(text: str, region: str | None, words: Words | None = None) -> ShortAnswer | None:
    """The answer to a question, the first of the file that it asks for; None when it asks for none of them."""
    found = next((entry for entry in short_answers() if entry.asks_for(text)), None)
    return _said(found, region, words or Words()) if found is not None else None


def _said(entry: ShortAnswerEntry, region: str | None, say: Words) -> ShortAnswer:
    instruments = read_instruments()
    sources = [Source(one.instrument, one.article or one.clause, one.quote) for one in entry.sources]
    sentences = [entry.text] if entry.text else []
    if entry.unsure:
        sentences.append(say("committee_unsure", text=entry.unsure))
    names = "、".join(instruments.name(source, say) for source in sources)
    citations = tuple(c for source in sources if (c := instruments.citation(source, region)))
    source_text = say("committee_sources", sources=names) if names else say("committee_source_none")
    return ShortAnswer("".join(sentences), source_text, citations, not entry.unsure, bool(entry.text), entry.procedure, entry.step)


def patterns_of(entries: tuple[ShortAnswerEntry, ...]) -> Iterator[tuple[int, str, int, str]]:
    """Every pattern with its place: (entry, `words` or `not_words`, position, pattern)."""
    for i, entry in enumerate(entries):
        for name in ("words", "not_words"):
            for j, pattern in enumerate(getattr(entry, name)):
                yield i, name, j, pattern
