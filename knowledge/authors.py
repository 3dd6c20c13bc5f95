"""The questions of knowledge/questions/ beside the provisions they ask for, and beside the known gaps.

Each was written by an author who saw only the plans (one file an author or a group of them), judged once as a question never seen, and
then kept to be found by. An entry names the provision that answers it (`provision: <plan>/<id>`), or the gap it falls into (`gap`); one
that is not covered and names none is a gap of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.yaml_text import compose_yaml, read_yaml
from knowledge.gaps import Gap
from knowledge.provisions import Fault, Provision


@dataclass
class Asked:
    """What the authors' files hold: questions by provision key and by gap id, and entries that name what is not there."""

    of_provisions: dict[str, list[str]] = field(default_factory=dict)
    of_gaps: dict[str, list[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def beside_provisions(self, provisions: Sequence[Provision]) -> list[Provision]:
        """The provisions with these questions after their own, each once."""
        return [self._asked_too(p) for p in provisions]

    def beside_gaps(self, gaps: Sequence[Gap]) -> tuple[Gap, ...]:
        """The gaps with these questions after their own, then those that only an author asked about."""
        known = {gap.id: gap for gap in gaps}
        new = [Gap(name, "nothing", tuple(asked)) for name, asked in self.of_gaps.items() if name not in known]
        more = [Gap(g.id, g.reason, tuple(dict.fromkeys((*g.questions, *self.of_gaps.get(g.id, ()))))) for g in gaps]
        return (*more, *new)

    def _asked_too(self, provision: Provision) -> Provision:
        more = self.of_provisions.get(provision.key)
        if not more:
            return provision
        return provision.model_copy(update={"questions": tuple(dict.fromkeys((*provision.questions, *more)))})


def read_authors(folder: Path, provisions: Sequence[Provision], gaps: Sequence[Gap]) -> Asked:
    """Read every file of the folder; faults of all files are reported together, with the line of their entry."""
    asked, keys, known = Asked(), {p.key for p in provisions}, {gap.id for gap in gaps}
    for file in sorted(folder.glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        wrong = [n for n, entry in enumerate(read_yaml(text)) if not _take(asked, entry, f"{file.stem}-{n}", keys, known)]
        nodes = compose_yaml(text).value if wrong else []
        said = "没有它所指的条目（provision）或空白（gap）"
        asked.faults += [Fault(f"questions/{file.name}", nodes[n].start_mark.line + 1, said) for n in wrong]
    return asked


def _take(asked: Asked, entry: dict[str, Any], name: str, keys: set[str], known: set[str]) -> bool:
    """Whether the entry could be put where it belongs; one that is answered but names no provision teaches nothing here."""
    if entry["expect"] == "answered":
        key = entry.get("provision")
        if key in keys:
            asked.of_provisions.setdefault(key, []).append(entry["q"])
        return key is None or key in keys
    gap = entry.get("gap", name)
    asked.of_gaps.setdefault(gap, []).append(entry["q"])
    return gap == name or gap in known
