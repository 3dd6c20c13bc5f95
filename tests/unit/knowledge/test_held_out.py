"""No question that measures us is among those we learn from (compared without punctuation; only a count is ever shown)."""

import re
from pathlib import Path

import yaml

from knowledge.library import FOLDER, Library, load_library

HELD_OUT = sorted((Path(__file__).resolve().parents[2] / "policy_questions").glob("held_out*.yml"))


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def test_no_held_out_question_is_learned_from(library: Library) -> None:
    held = {bare(entry["q"]) for file in HELD_OUT for entry in yaml.safe_load(file.read_text(encoding="utf-8"))}
    developed = [e for f in (FOLDER / "questions").glob("*.yml") for e in yaml.safe_load(f.read_text(encoding="utf-8"))]
    learned = {bare(q) for p in library.provisions for q in p.questions} | {bare(q) for g in library.gaps for q in g.questions}
    learned |= {bare(entry["q"]) for entry in developed}
    assert len(held) >= 150
    assert len(held & learned) == 0


def test_no_development_question_is_among_the_lay_questions() -> None:
    library = load_library(authors=False)
    developed = [e for f in (FOLDER / "questions").glob("*.yml") for e in yaml.safe_load(f.read_text(encoding="utf-8"))]
    learned = {bare(q) for p in library.provisions for q in p.questions} | {bare(q) for g in library.gaps for q in g.questions}
    assert [entry["q"] for entry in developed if bare(entry["q"]) in learned] == []
