"""Writes the stock project's training files: `.venv/bin/python project.py FOLDER`. Runs in the stock environment (it needs yaml).

FOLDER gets domain.yml, rules.yml and stories.yml with the product's intents, actions and rules, and nlu.yml with 25 sentences an intent,
the same ones each time. Prints one line of JSON: {"sentences": ..., "intents": ...}.
"""

import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
CAPABILITIES = HERE.parent / "capabilities"
EACH = 25


def gathered(name: str, key: str) -> list[Any]:
    """The entries under `key` of all capabilities' files of this name, each once, in a fixed order."""
    entries: list[Any] = []
    for path in sorted(CAPABILITIES.glob(f"*/{name}")):
        found = yaml.safe_load(path.read_text(encoding="utf-8")).get(key) or []
        entries += [entry for entry in found if entry not in entries]
    return entries


def sampled() -> dict[str, list[str]]:
    """EACH sentences of each intent, of all authors alike."""
    from training_sentences import read_sentences

    texts: dict[str, set[str]] = {}
    for sentence in read_sentences(HERE.parent):
        texts.setdefault(sentence.intent, set()).add(sentence.text)
    return {intent: random.Random(intent).sample(sorted(known), min(EACH, len(known))) for intent, known in sorted(texts.items())}


def nlu_file(examples: dict[str, list[str]]) -> dict[str, Any]:
    """Sentences by intent, as Rasa reads them."""
    blocks = [{"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in examples.items()]
    return {"version": "3.1", "nlu": blocks}


def write(path: Path, content: dict[str, Any]) -> None:
    """As YAML with JSON below each key (a file that is all JSON, Rasa takes for an older format)."""
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in content.items()]
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    folder, examples = Path(sys.argv[1]), sampled()
    write(folder / "nlu.yml", nlu_file(examples))
    write(folder / "rules.yml", {"version": "3.1", "rules": gathered("rules.yml", "rules")})
    domain = {name: gathered("domain.yml", name) for name in ("intents", "actions")}
    write(folder / "domain.yml", {"version": "3.1", **domain})
    shutil.copy(HERE / "stories.yml", folder)
    print(json.dumps({"sentences": sum(map(len, examples.values())), "intents": len(examples)}))


if __name__ == "__main__":
    main()
