"""The form of config/regions/<id>.yaml and its check: every fault of every file is found before anybody speaks, each with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.yaml_text import compose_yaml, read_yaml

Level = Literal["company", "county", "league", "region"]
Kind = Literal["repair", "complaint", "emergency", "handoff"]
Form = Literal["market", "quasi", "basic", "community", "self"]
ClockName = Literal["respond", "handle", "resolve"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
# A length in hours, minutes or calendar days (ISO 8601) or in working days (P7W is not used; 7WD is ours).
Length = Annotated[str, Field(pattern=r"^(P\d+D|PT(\d+H)?(\d+M)?|\d+WD)$", min_length=3)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceEntry(_Entry):
    """The clause a rule comes from."""

    plan: Identifier
    clause: str = Field(min_length=1, max_length=40)


class CommunityEntry(_Entry):
    """One estate 小区; `company` is the name of its property company when known, `demo` marks an invented one."""

    id: Identifier
    name: str = Field(min_length=2, max_length=80)
    aliases: tuple[str, ...] = ()
    property_form: Form | None = None
    company: str | None = None
    demo: bool = False


class ClockEntry(_Entry):
    """A promise with a limit; `within` null means the plan sets no number."""

    name: ClockName
    within: Length | None
    kinds: tuple[Kind, ...] = ()
    forms: tuple[Form, ...] = ()
    categories: tuple[Identifier, ...] = ()
    source: SourceEntry


class RungEntry(_Entry):
    """One step of the ladder: which clock, after how long, who takes it up, what that desk does."""

    clock: ClockName
    within: Length | None
    climbs_to: Level
    action: Literal["urge", "mark_red", "supervise"]


class LadderEntry(_Entry):
    """The ladder 码上办 of a region: all steps come from one clause."""

    kinds: tuple[Kind, ...] = Field(min_length=1)
    source: SourceEntry
    rungs: tuple[RungEntry, ...] = Field(min_length=1)


class RouteEntry(_Entry):
    """Who is responsible for these categories; `item` is the number the plan itself gives, `kinds`/`forms` empty mean all."""

    item: int | None = None
    title: str = ""
    categories: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    forms: tuple[Form, ...] = ()
    lead: str = Field(min_length=2, max_length=120)
    support: tuple[str, ...] = ()
    level: Level = "company"
    deadline: str | None = None
    source: SourceEntry
    status: Literal["in_force", "ended", "draft"] = "in_force"


class TargetEntry(_Entry):
    """A figure a plan promises. Where it cannot be counted from tickets, `why` says what is missing; else `why` is empty.

    `value` null: the plan asks for the thing without a number. `base_year`: the year a fall is measured from, null when not written.
    """

    id: Identifier
    title: str = Field(min_length=2, max_length=80)
    op: Literal[">=", "<=", "="] = ">="
    value: float | None = None
    unit: str = Field(default="", max_length=12)
    forms: tuple[Form, ...] = ()
    base_year: int | None = Field(default=None, ge=2000, le=2100)
    by_year: int | None = Field(default=None, ge=2000, le=2100)
    why: str = ""
    source: SourceEntry


class RegionFile(_Entry):
    """One region's file as written; what a parent says is inherited by config.regions."""

    id: Identifier
    code: str = Field(pattern=r"^\d{6}$")
    name: str
    short_names: tuple[str, ...] = ()
    level: Literal["region", "league", "county"]
    parent: Identifier | None = None
    selectable: bool = False
    timezone: str | None = None
    plans: tuple[Identifier, ...] = ()
    reopen_days: int | None = Field(default=None, ge=1, le=365)
    emergency_phones: dict[str, Annotated[str, Field(pattern=r"^[\d-]{3,20}$")]] = {}
    desks: dict[Level, str] = {}
    communities: tuple[CommunityEntry, ...] = ()
    clocks: tuple[ClockEntry, ...] = ()
    ladder: LadderEntry | None = None
    routes: tuple[RouteEntry, ...] = ()
    targets: tuple[TargetEntry, ...] = ()


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a data file, with the line a person has to look at."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(frozen=True)
class ReadFile:
    """A file as read: its region when the form holds, the YAML tree for line numbers, and what is wrong."""

    path: Path
    region: RegionFile | None
    root: yaml.Node | None
    faults: tuple[Fault, ...]

    def fault(self, where: tuple[str | int, ...], what: str) -> Fault:
        """A fault at a place in this file, such as ("routes", 3, "categories")."""
        return Fault(self.path.name, line_of(self.root, where), what)


def line_of(node: yaml.Node | None, where: tuple[str | int, ...]) -> int:
    """The line (from 1) of the nearest existing place on the way to `where`."""
    line = 1
    for step in where:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    return None


def read_region_file(path: Path) -> ReadFile:
    """Read one file and gather all that its form forbids; never raises for what stands in the file."""
    try:
        text = path.read_text(encoding="utf-8")
        root = compose_yaml(text)
        data = read_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        return ReadFile(path, None, None, (Fault(path.name, line, f"不是合法的 YAML：{getattr(error, 'problem', error)}"),))
    except UnicodeDecodeError as error:
        return ReadFile(path, None, None, (Fault(path.name, 1, f"不是 UTF-8：第 {error.start} 字节"),))
    repeated = [Fault(path.name, line, f"键 {key} 写了两次") for key, line in _repeated_keys(root)]
    try:
        region = RegionFile.model_validate(data)
    except ValidationError as error:
        wrong = [Fault(path.name, line_of(root, e["loc"]), f"{_place(e['loc'])}：{e['msg']}") for e in error.errors()]
        return ReadFile(path, None, root, tuple(sorted([*repeated, *wrong])))
    return ReadFile(path, region, root, tuple(repeated))


def _place(where: tuple[Any, ...]) -> str:
    return ".".join(str(step) for step in where) or "文件"


def _repeated_keys(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)
