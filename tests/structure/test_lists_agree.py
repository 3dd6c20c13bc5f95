"""The lists that must agree: words, intents, actions, categories, module names, file sizes."""

import re
from pathlib import Path

import pytest
import yaml

from actions.emergency import PHONES
from actions.rasa_adapter import NAMES
from config.categories import categories
from config.words import LOCALES, Words, _catalogue
from processes.evaluate import IN_CONTEXT, OUTCOMES

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "actions", "understanding", "knowledge", "tickets", "committee", "storage", "backend", "console", "config", "processes")
BANNED = {"utils", "helpers", "common", "base", "manager", "misc", "constants"}
SOURCES = [p for package in PACKAGES for p in (ROOT / package).rglob("*.py") if "versions" not in p.parts]
SENTENCES = sorted((ROOT / "nlu" / "capabilities").glob("*/examples/*.yml"))


def _blocks() -> list[dict[str, object]]:
    return [b for file in SENTENCES for b in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]]


def _lines(block: dict[str, object]) -> list[str]:
    return [line[2:].strip() for line in str(block["examples"]).splitlines() if line.startswith("- ")]


def test_every_message_id_used_has_words() -> None:
    used = set()
    for path in SOURCES:
        used |= set(re.findall(r'words\(\s*"([a-z_0-9]+)"', path.read_text(encoding="utf-8")))
    words = Words()
    assert {u for u in used if not words.has(u)} == set()
    assert len(used) > 60


def test_every_message_id_is_used() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in SOURCES)
    prefixes = set(re.findall(r'f"([a-z_]+_)\{', text))
    main = (LOCALES / "zh_Hans" / "LC_MESSAGES" / "linda.po").read_text(encoding="utf-8")
    own = set(re.findall(r'^msgid "([a-z_]+)"', main, re.M))
    data = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "knowledge").glob("*.yaml"))
    unused = {m for m in own if m not in data and not re.search(rf"""["']{m}["']""", text) and not any(m.startswith(p) for p in prefixes)}
    assert unused == set()
    assert len(own) > 100


def test_words_of_other_locales_exist_in_chinese() -> None:
    for folder in LOCALES.iterdir():
        assert set(_catalogue(folder.name)) <= set(_catalogue("zh_Hans"))


def test_every_intent_is_labelled_trained_and_judged() -> None:
    labels = set(re.findall(r"^\| `([a-z_]+)`", (ROOT / "docs" / "labels.md").read_text(encoding="utf-8"), re.M))
    trained = {str(b["intent"]) for b in _blocks()}
    assert labels == trained == set(OUTCOMES) | IN_CONTEXT


def test_every_intent_has_enough_sentences_by_several_hands() -> None:
    hands: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    for block in _blocks():
        intent = str(block["intent"])
        hands.setdefault(intent, set()).add(str(block["metadata"]["voice"]))  # type: ignore[index]
        counts[intent] = counts.get(intent, 0) + len(_lines(block))
    assert sum(counts.values()) >= 1500
    assert {i: c for i, c in counts.items() if c < 70} == {}
    assert {i for i, voices in hands.items() if len(voices) < 3} == set()


def test_every_category_has_sentences_and_every_emergency_a_number() -> None:
    told = {str(b["metadata"].get("category")) for b in _blocks() if "category" in b["metadata"]}  # type: ignore[attr-defined,operator]
    known = {c.id for c in categories().values()}
    assert known - told <= {"other_repair", "other_complaint"}
    assert {c.id for c in categories().values() if c.kind == "emergency"} == set(PHONES)


def test_rasa_and_we_know_the_same_actions() -> None:
    declared: set[str] = set()
    for path in (ROOT / "nlu" / "capabilities").glob("*/domain.yml"):
        declared |= set(yaml.safe_load(path.read_text(encoding="utf-8")).get("actions", []))
    assert declared == set(NAMES)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_banned_module_names(package: str) -> None:
    assert {p.stem for p in (ROOT / package).rglob("*.py")} & BANNED == set()


def test_every_module_says_what_it_is_for() -> None:
    assert [str(p) for p in SOURCES if p.stat().st_size and not p.read_text(encoding="utf-8").lstrip().startswith('"""')] == []


def test_held_out_sentences_are_not_in_the_training_data() -> None:
    """No held-out sentence equals a training sentence, also apart from punctuation; near twins (character trigrams ≥ 0.8) neither."""

    def bare(text: str) -> str:
        return re.sub(r"\W+", "", text)

    def grams(text: str) -> set[str]:
        return {text[i : i + 3] for i in range(max(1, len(text) - 2))}

    marked = (ROOT / "tests" / "understanding").glob("fitting_*.yml")
    fitting = [row["text"] for f in marked for row in yaml.safe_load(f.read_text(encoding="utf-8"))]
    training = [bare(t) for t in [*(t for b in _blocks() for t in _lines(b)), *fitting]]  # the latter teach where a spot is told
    seen = set(training)
    held = [row for f in (ROOT / "tests" / "understanding").glob("held_out*.yml") for row in yaml.safe_load(f.read_text(encoding="utf-8"))]
    assert len(held) >= 300
    # very short answers (对, 取消) have only one way to be said
    equal = [row["text"] for row in held if bare(row["text"]) in seen and len(bare(row["text"])) > 5]
    assert equal == []
    by_gram: dict[str, set[int]] = {}
    sets = [grams(t) for t in training]
    for number, found in enumerate(sets):
        for gram in found:
            by_gram.setdefault(gram, set()).add(number)
    twins = []
    for row in held:
        mine = grams(bare(row["text"]))
        if len(mine) < 6:
            continue
        near = {n for g in mine for n in by_gram.get(g, ())}
        if any(len(mine & sets[n]) / len(mine | sets[n]) >= 0.8 for n in near):
            twins.append(row["text"])
    assert twins == []


def test_held_out_questions_are_not_in_the_index() -> None:
    def bare(text: str) -> str:
        return re.sub(r"\W+", "", text)

    lay = set()
    for path in (ROOT / "knowledge").rglob("*.y*ml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith("- "):
                lay.add(bare(line.strip()[2:]))
    held = [r for f in (ROOT / "tests" / "policy_questions").glob("held_out*.yml") for r in yaml.safe_load(f.read_text(encoding="utf-8"))]
    assert len(held) >= 150
    assert [r["q"] for r in held if bare(r["q"]) in lay] == []
