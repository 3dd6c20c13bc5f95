"""The form of committee/templates/papers.yaml: what each paper holds, which fields it has, and by which source each part is required."""

import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from committee.duties import read_duties
from committee.instruments import Source, read_instruments
from committee.procedure_file import SourceEntry
from config.refusal import Refused
from config.words import Words
from config.yaml_text import read_yaml

TEMPLATES = Path(__file__).resolve().parent / "templates"
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
BLANK = "＿＿＿＿＿＿"  # what stands where nothing was filled in
KINDS = ("p", "rows", "grid", "table", "items", "sign", "small", "rule")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoteSource(SourceEntry):
    """A source as in the procedures, or the id of a duty whose source it is."""

    duty: str | None = Field(default=None, pattern=r"^[CPMGR]\d\d$")

    @model_validator(mode="after")
    def _one_kind(self) -> "NoteSource":
        if sum(x is not None for x in (self.law, self.plan, self.duty)) != 1:
            raise ValueError("依据写 duty、law、plan 之一")
        return self


class Note(_Entry):
    """A margin note: why this part stands there, and the sources that ask for it."""

    text: str = Field(min_length=4)
    sources: tuple[NoteSource, ...] = Field(alias="from", min_length=1)


class Block(_Entry):
    """One part of a paper; exactly one of the kinds is set (`table` names a list)."""

    p: str | None = None
    rows: tuple[tuple[str, str], ...] | None = None
    grid: tuple[tuple[str, ...], ...] | None = None
    table: str | None = None
    items: tuple[str, ...] | None = None
    sign: tuple[str, ...] | None = None
    small: str | None = None
    rule: bool | None = None
    indent: bool = True
    bold: bool = False
    note: Note | None = None

    @model_validator(mode="after")
    def _one(self) -> "Block":
        if len([k for k in KINDS if getattr(self, k) is not None]) != 1:
            raise ValueError(f"一块只写一种：{'、'.join(KINDS)}")
        return self

    @property
    def kind(self) -> str:
        """Which of the kinds it is."""
        return next(k for k in KINDS if getattr(self, k) is not None)

    def texts(self) -> list[str]:
        """Every text of the block that may hold placeholders."""
        single = [t for t in (self.p, self.small) if t]
        many = [*(self.items or ()), *(self.sign or ())]
        return [*single, *many, *(cell for row in (*(self.rows or ()), *(self.grid or ())) for cell in row)]


class ListEntry(_Entry):
    """A table that grows: columns as (key, heading, width in parts), and how many lines stand there at least."""

    columns: tuple[tuple[str, str, int], ...] = Field(min_length=1)
    least: int = Field(default=3, ge=1, le=20)


class PaperFile(_Entry):
    """One kind of paper as written."""

    id: str = Field(pattern=r"^[a-z_]+$")
    title: str
    procedures: tuple[str, ...] = ()
    scope: tuple[str, ...] = ("cn",)
    words: tuple[str, ...] = Field(min_length=1)  # patterns by which people ask for it; the longest match decides
    fields: dict[str, str]
    lists: dict[str, ListEntry] = {}
    blocks: tuple[Block, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees(self) -> "PaperFile":
        used = {name for block in self.blocks for text in block.texts() for name in PLACEHOLDER.findall(text)}
        used |= {block.table for block in self.blocks if block.table}
        if used - set(self.fields):
            raise ValueError(f"{self.id}：没有栏目 {'、'.join(sorted(used - set(self.fields)))}")
        if set(self.lists) != {block.table for block in self.blocks if block.table}:
            raise ValueError(f"{self.id}：lists 和 table 块对不上")
        return self

    def used_fields(self) -> list[str]:
        """The fields that really stand on the paper, in order of `fields`."""
        used = {name for block in self.blocks for text in block.texts() for name in PLACEHOLDER.findall(text)} | set(self.lists)
        used.add("estate")  # stands in every title
        return [name for name in self.fields if name in used]


@cache
def read_papers(folder: Path = TEMPLATES) -> dict[str, PaperFile]:
    """All kinds of papers by id. Refused when the file is not as it must be."""
    data = read_yaml((folder / "papers.yaml").read_text(encoding="utf-8"))
    try:
        papers = [PaperFile.model_validate(entry) for entry in data["papers"]]
    except ValueError as error:
        raise Refused(f"papers.yaml：{error}", "改正后再试", code="papers") from error
    return {paper.id: paper for paper in papers}


def note_text(note: Note, words: Words | None = None) -> str:
    """The margin note in words; what no source carries says that the authorities' answer decides. KeyError for an unknown duty or law."""
    say = words or Words()
    instruments = read_instruments()
    names, sure = [], True
    for entry in note.sources:
        duty = read_duties()[entry.duty] if entry.duty else None
        source, verified = (duty.source, duty.verified) if duty else (Source(entry.instrument, entry.article or entry.clause), True)
        names.append(instruments.name(source, say))
        sure = sure and verified
    key = "paper_note" if sure else "paper_note_unsure"
    return say(key, text=note.text, sources="、".join(dict.fromkeys(names)))
