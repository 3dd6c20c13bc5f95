"""Known gaps: what residents ask about and no plan of the library rules (knowledge/gaps.yaml)."""

from dataclasses import dataclass
from pathlib import Path

from config.yaml_text import read_yaml


@dataclass(frozen=True)
class Gap:
    """A matter residents ask about that no plan of the library rules: `reason` is that of NotCovered (nothing | local_law)."""

    id: str
    reason: str
    questions: tuple[str, ...]


def read_gaps(file: Path) -> tuple[Gap, ...]:
    """The gaps of a file; none when there is no file."""
    if not file.is_file():
        return ()
    data = read_yaml(file.read_text(encoding="utf-8"))
    return tuple(Gap(g["id"], g["reason"], tuple(g["questions"])) for g in data["gaps"])
