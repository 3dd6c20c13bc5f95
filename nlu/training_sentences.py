"""The training sentences as they stand in capabilities/*/examples/*.yml, and what is wrong with them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.text_gate import clean

HERE = Path(__file__).resolve().parent
ANNOTATION = re.compile(r"\[[^\]]*\][({]")


@dataclass(frozen=True)
class Sentence:
    """One sentence with its intent, its author's voice and, for reports, its category."""

    text: str
    intent: str
    voice: str
    category: str
    file: str


def read_sentences(root: Path = HERE) -> list[Sentence]:
    """All sentences, not cleaned. Raises ValueError naming the file when a block has another form than Rasa's with metadata."""
    return [s for path in sorted(root.glob("capabilities/*/examples/*.yml")) for s in _read(path)]


def _read(path: Path) -> Iterator[Sentence]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for block in document.get("nlu") or []:
        metadata = block.get("metadata") or {}
        for line in block["examples"].splitlines():
            if not line.strip():
                continue
            if not line.startswith("- ") or "voice" not in metadata:
                raise ValueError(f"{path}: 每行应以“- ”开头，且每块要有 metadata.voice：{line!r}")
            yield Sentence(line[2:].strip(), block["intent"], metadata["voice"], metadata.get("category", ""), path.name)


def problems(sentences: list[Sentence], known_intents: set[str]) -> list[str]:
    """What must be put right before training: each entry one line for the author."""
    found: list[str] = []
    first: dict[str, Sentence] = {}
    for sentence in sentences:
        text = clean(sentence.text)
        where = f"{sentence.file} {sentence.intent}「{sentence.text}」"
        if not text:
            found.append(f"{where}: 清洗后为空")
        if ANNOTATION.search(sentence.text):
            found.append(f"{where}: 不要标注实体（由程序解析）")
        if sentence.intent not in known_intents:
            found.append(f"{where}: domain.yml 里没有这个意图")
        earlier = first.setdefault(text, sentence)
        if earlier is not sentence and earlier.intent != sentence.intent:
            found.append(f"{where}: 同一句话已标为 {earlier.intent}（{earlier.file}）")
        elif earlier is not sentence and earlier.voice == sentence.voice:
            found.append(f"{where}: 同一作者重复写了这句话")
    return found
