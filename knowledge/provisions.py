"""Provisions: below the clause, the unit that carries one rule (knowledge/provisions/<plan>.yaml, SCHEMA.md), proved against the text.

Every fault of a file is found in one pass and named with file and line. A provision with a fault is never said to anybody.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.numbers import unsupported_numbers
from knowledge.plan import Plan

Kind = Literal[
    "number", "deadline", "frequency", "target", "list", "responsible", "procedure", "term", "duty", "right", "prohibition",
    "consequence", "support",
]  # fmt: skip
Form = Literal["market", "quasi", "basic", "community", "self"]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Value(BaseModel):
    """One number of a rule with its unit; `comparator` as in <=, >=, =, -."""

    model_config = ConfigDict(extra="forbid")
    name: str
    comparator: str
    value: float | int | str
    unit: str


class Provision(BaseModel):
    """One rule of one plan; field by field as SCHEMA.md says."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    plan: str
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    clause: str
    quote: str = Field(min_length=4)
    kind: Kind
    subject: str
    modality: Literal["must", "may", "must_not", "target", "encourage"]
    asks: tuple[str, ...] = Field(min_length=1)
    answer: str = Field(min_length=4)
    values: tuple[Value, ...] = ()
    property_form: Form | None = None
    year: int | None = Field(default=None, ge=2000, le=2100)
    lead_units: tuple[str, ...] = ()
    support_units: tuple[str, ...] = ()
    questions: tuple[str, ...] = Field(min_length=1)
    twin: str | None = None  # only of imported plans: the key of the folder's provision it was carried over from

    @property
    def key(self) -> str:
        """The provision's name in the whole library: <plan>/<id>."""
        return f"{self.plan}/{self.id}"


@dataclass(frozen=True)
class Fault:
    """Something wrong in a data file, with where it stands (line from 1)."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value  # type: ignore[no-any-return]
    return None


def _line(node: yaml.Node, *path: Any) -> int:
    """The line of the deepest part of `path` that exists below the node."""
    for step in path:
        deeper = _child(node, str(step)) if isinstance(node, yaml.MappingNode) else None
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            deeper = node.value[step]
        if deeper is None:
            break
        node = deeper
    return int(node.start_mark.line) + 1


def faults_against(plan: Plan, provision: Provision) -> list[tuple[str, str]]:
    """What a provision claims that its plan's text does not bear: (field, what)."""
    found: list[tuple[str, str]] = []
    if provision.clause not in plan.clauses:
        found.append(("clause", f"没有条款 {provision.clause}"))
    elif not plan.holds(provision.quote):
        found.append(("quote", f"原文里找不到这段引文：{provision.quote[:24]}…"))
    elif not plan.holds(provision.quote, provision.clause):
        found.append(("quote", f"引文不在条款 {provision.clause} 里：{provision.quote[:24]}…"))
    missing = unsupported_numbers(provision.answer, provision.quote)
    if missing:
        found.append(("answer", f"引文里没有答语所说的数字 {'、'.join(missing)}"))
    return found


def _read_one(node: yaml.Node, data: dict[str, Any], plan: Plan, file: str) -> tuple[Provision | None, list[Fault]]:
    name = data.get("id", "?") if isinstance(data, dict) else "?"
    try:
        provision = Provision(plan=plan.id, **data)
    except (ValidationError, TypeError) as error:
        details = error.errors() if isinstance(error, ValidationError) else [{"loc": (), "msg": str(error)}]
        return None, [Fault(file, _line(node, *d["loc"]), f"{name}: {'.'.join(map(str, d['loc']))} {d['msg']}") for d in details]
    wrong = [Fault(file, _line(node, where), f"{name}: {what}") for where, what in faults_against(plan, provision)]
    return provision, wrong


def read_provisions(path: Path, plan: Plan) -> tuple[list[Provision], list[Fault]]:
    """The sound provisions of one file, and all its faults. Questions or ids that stand twice are faults too."""
    file = f"{path.parent.name}/{path.name}"
    text = path.read_text(encoding="utf-8")
    try:
        root = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [], [Fault(file, mark.line + 1 if mark else 1, f"不是合法的 YAML：{getattr(error, 'problem', error)}")]
    if not isinstance(data, dict) or data.get("plan") != plan.id or not isinstance(data.get("provisions"), list):
        return [], [Fault(file, 1, f"文件应含 plan: {plan.id} 和 provisions 列表")]
    nodes = _child(root, "provisions").value  # type: ignore[union-attr]
    sound: list[Provision] = []
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for node, entry in zip(nodes, data["provisions"], strict=True):
        provision, wrong = _read_one(node, entry, plan, file)
        if provision and provision.id in seen:
            wrong.append(Fault(file, _line(node), f"{provision.id}: 这个 id 已经用过"))
        faults += wrong
        if provision and not wrong:
            seen[provision.id] = provision.id
            sound.append(provision)
    return sound, faults
