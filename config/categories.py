"""The categories of repair, complaint and emergency (config/categories.yaml); their ids are a public promise."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.yaml_text import read_yaml

FILE = Path(__file__).resolve().parent / "categories.yaml"
KINDS = ("repair", "complaint", "emergency")


@dataclass(frozen=True)
class Category:
    """One category: machine id, what people read, the safety line of an emergency."""

    id: str
    kind: str
    title: str
    examples: tuple[str, ...] = ()
    first_line: str = ""


@cache
def categories() -> dict[str, Category]:
    """All categories by id, in file order."""
    data = read_yaml(FILE.read_text(encoding="utf-8"))
    found: dict[str, Category] = {}
    for kind in KINDS:
        for entry in data[kind]:
            if entry["id"] in found:
                raise ValueError(f"{FILE.name}: category id {entry['id']} stands twice")
            found[entry["id"]] = Category(
                entry["id"], kind, entry["title"], tuple(map(str, entry.get("examples", ()))), entry.get("first_line", "")
            )
    return found
