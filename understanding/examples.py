"""The training sentences beside the capabilities (nlu/capabilities/*/examples/*.yml)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml

from config.yaml_text import read_yaml
from understanding.text_gate import clean

LESSONS = Path(__file__).resolve().parent / "lessons.yml"
CAPABILITIES = Path(__file__).resolve().parent.parent / "nlu" / "capabilities"


@dataclass(frozen=True)
class Example:
    """One training sentence, cleaned; `category` only for reports and emergencies."""

    text: str
    intent: str
    category: str | None
    voice: str


def example_files(folder: Path = CAPABILITIES) -> list[Path]:
    """The files, in a fixed order."""
    return sorted(folder.glob("*/examples/*.yml"))


def read_examples(folder: Path = CAPABILITIES) -> list[Example]:
    """Every sentence of every file, in order. ValueError names the file whose shape is wrong."""
    found: list[Example] = []
    for file in example_files(folder):
        try:
            blocks = read_yaml(file.read_text(encoding="utf-8"))["nlu"]
            found += [example for block in blocks for example in _of_block(block)]
        except (yaml.YAMLError, KeyError, TypeError, AttributeError) as fault:
            raise ValueError(f"{file.name}: {fault}") from fault
    return found


def read_lessons(file: Path = LESSONS) -> list[Example]:
    """The sentences for the emergency classifier alone; intent report_emergency, or empty for what only sounds like one."""
    data = read_yaml(file.read_text(encoding="utf-8"))
    found = [Example(clean(line), "", None, "lessons") for line in data["none"]]
    for category, lines in data["danger"].items():
        found += [Example(clean(line), "report_emergency", category, "lessons") for line in lines]
    return found


def _of_block(block: dict[str, object]) -> list[Example]:
    told = block.get("metadata") or {}
    if not isinstance(told, dict) or "intent" not in block:
        return []  # synonyms, look-up tables
    lines = [line.strip()[2:].strip() for line in str(block["examples"]).splitlines() if line.strip().startswith("- ")]
    category = told.get("category")
    return [Example(clean(line), str(block["intent"]), category, str(told.get("voice", ""))) for line in lines if clean(line)]


def digest_of(files: list[Path], *more: str) -> str:
    """One digest over the contents of the files and the extra words."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    for words in more:
        digest.update(b"\0" + words.encode())
    return digest.hexdigest()
