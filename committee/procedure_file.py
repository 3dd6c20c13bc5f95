"""The form of knowledge/procedures/<id>.yaml and its check: every fault of a file is gathered, each with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.region_file import Fault, line_of
from config.yaml_text import compose_yaml, read_yaml

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Article = Annotated[str, Field(pattern=r"^第[一二三四五六七八九十百千零]+条(第（[一二三四五六七八九十]+）项)?$")]
# Calendar days, months, years (ISO 8601) or working days (7WD is ours).
Length = Annotated[str, Field(pattern=r"^(P\d+[DMY]|\d+WD)$")]
SHARED = (
    "instruments.yaml", "laws.yaml", "voting.yaml", "duties.yaml", "holidays.yaml", "disclosure.yaml", "annexes.yaml", "events.yaml",
    "short_answers.yaml",
)  # fmt: skip


class Entry(BaseModel):
    """What every record of these files is: nothing unknown in it, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceEntry(Entry):
    """Where a sentence comes from: an article of a law, or a clause of a plan with the exact run of its text."""

    law: str | None = None
    article: Article | None = None
    plan: Identifier | None = None
    clause: str | None = None
    quote: str | None = Field(default=None, min_length=4)

    @model_validator(mode="after")
    def _one_kind(self) -> "SourceEntry":
        if (self.law is None) == (self.plan is None):
            raise ValueError("依据要写 law 或 plan 之一")
        if self.plan is not None and (not self.clause or not self.quote):
            raise ValueError("方案的依据要写 clause 和 quote")
        if self.law is not None and self.clause:
            raise ValueError("法律的依据写 article，不写 clause")
        return self

    @property
    def instrument(self) -> str:
        """The id of the law or plan."""
        return str(self.law or self.plan)


class DeadlineEntry(Entry):
    """By when, in words; with `length`, `relation`, `event` where it can be reckoned. `sure` false: the number was not seen in a source."""

    text: str = Field(min_length=2, max_length=60)
    length: Length | None = None
    relation: Literal["before", "after", "every"] | None = None
    event: Identifier | None = None
    sure: bool = True
    moves: bool = True  # a last day off moves to the next working day; a term of office does not
    regions: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "DeadlineEntry":
        if self.relation in {"before", "after"} and not (self.length and self.event):
            raise ValueError("before、after 要有 length 和 event")
        if self.length and not self.relation:
            raise ValueError("有 length 就要有 relation")
        return self


class LocalEntry(Entry):
    """What one region adds to a step."""

    region: Identifier
    text: str = Field(min_length=4)
    source: SourceEntry
    duties: tuple[str, ...] = ()


class NoteEntry(Entry):
    """A caution or a local note of a procedure; `sure` false: not verified, said with the offer of a person."""

    text: str = Field(min_length=4)
    regions: tuple[Identifier, ...] = ()
    conflict: str | None = Field(default=None, pattern=r"^K\d\d$")
    sure: bool = True
    source: SourceEntry | None = None
    duties: tuple[str, ...] = ()


class StageEntry(Entry):
    """How people say that this step is behind them: `title` for a button, `words` (patterns) in their own sentences."""

    title: str = Field(min_length=4, max_length=20)
    words: tuple[str, ...] = Field(min_length=1)


class StepEntry(Entry):
    """One step: `text` is carried by `sources`, `unsure` is what no source carries yet."""

    n: int = Field(ge=1)
    title: str = Field(min_length=2, max_length=30)
    who: str = Field(min_length=2, max_length=60)
    text: str = ""
    unsure: str = ""
    deadline: DeadlineEntry | None = None
    papers: tuple[str, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    local: tuple[LocalEntry, ...] = ()
    regions: tuple[Identifier, ...] = ()
    duties: tuple[str, ...] = ()
    stage: StageEntry | None = None
    verified: bool

    @model_validator(mode="after")
    def _carried(self) -> "StepEntry":
        if not (self.text or self.unsure or self.local):
            raise ValueError("这一步没有写做什么")
        if self.text and not self.sources:
            raise ValueError("text 没有依据；没有核实的写在 unsure")
        if self.verified and not (self.text or self.local):
            raise ValueError("verified 的步骤要有 text 或 local")
        if not self.verified and not self.unsure:
            raise ValueError("没有核实的步骤要写 unsure")
        return self


class ProcedureFile(Entry):
    """One procedure as written."""

    id: Identifier
    title: str = Field(min_length=4, max_length=60)
    audience: Literal["committee", "community", "resident"]
    scope: tuple[Identifier, ...] = Field(min_length=1)
    intro: str = Field(min_length=10)
    phrases: tuple[str, ...] = Field(min_length=8)
    words: tuple[str, ...] = Field(min_length=1)
    not_words: tuple[str, ...] = ()
    cautions: tuple[NoteEntry, ...] = ()
    steps: tuple[StepEntry, ...] = Field(min_length=1)
    notes: tuple[NoteEntry, ...] = ()


@dataclass(frozen=True)
class ReadProcedure:
    """A file as read: the procedure when its form holds, the YAML tree for line numbers, and what is wrong."""

    path: Path
    procedure: ProcedureFile | None
    root: yaml.Node | None
    faults: tuple[Fault, ...]

    def fault(self, where: tuple[str | int, ...], what: str) -> Fault:
        """A fault at a place in this file, such as ("steps", 3, "sources")."""
        return Fault(self.path.name, line_of(self.root, where), what)


def procedure_paths(folder: Path) -> list[Path]:
    """The procedure files of a folder, without the shared ones, by name."""
    return [path for path in sorted(folder.glob("*.yaml")) if path.name not in SHARED]


def read_procedure_file(path: Path) -> ReadProcedure:
    """Read one file and gather all that its form forbids; never raises for what stands in the file."""
    try:
        text = path.read_text(encoding="utf-8")
        root = compose_yaml(text)
        data = read_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        return ReadProcedure(path, None, None, (Fault(path.name, line, f"不是合法的 YAML：{getattr(error, 'problem', error)}"),))
    except UnicodeDecodeError as error:
        return ReadProcedure(path, None, None, (Fault(path.name, 1, f"不是 UTF-8：第 {error.start} 字节"),))
    repeated = [Fault(path.name, line, f"键 {key} 写了两次") for key, line in repeated_keys(root)]
    try:
        procedure = ProcedureFile.model_validate(data)
    except ValidationError as error:
        wrong = [Fault(path.name, line_of(root, e["loc"]), f"{_place(e['loc'])}：{e['msg']}") for e in error.errors()]
        return ReadProcedure(path, None, root, tuple(sorted([*repeated, *wrong])))
    return ReadProcedure(path, procedure, root, tuple(repeated))


def repeated_keys(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Every mapping key that stands twice, with its line (YAML itself keeps silent about it)."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from repeated_keys(item)


def _place(where: tuple[Any, ...]) -> str:
    return ".".join(str(step) for step in where) or "文件"
