"""Short answers: every example finds its own and only its own, what is stated is carried by a source, faults are named with their line."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from committee.check import check_procedures
from committee.instruments import FOLDER
from committee.short_answers import short_answer, short_answers

ASKS = [(entry.id, sentence) for entry in short_answers() for sentence in entry.asks]


@pytest.mark.parametrize(("wanted", "sentence"), ASKS, ids=[sentence for _, sentence in ASKS])
def test_an_example_asks_for_its_own_answer_and_no_other(wanted: str, sentence: str) -> None:
    assert [entry.id for entry in short_answers() if entry.asks_for(sentence)] == [wanted]


@pytest.mark.parametrize(
    "sentence",
    [
        "我们想成立业委会",
        "怎么罢免业委会主任",
        "业委会党员要占多少",
        "计划12月20号开会",
        "1200户参加850户同意520户",
        "公共收益多久公示一次",
        "电梯坏了好几天没人修",
        "业主去世没过户，这票谁投",
        "给组建业委会掏钱的经费，以前提没提过",
        "业委会一年花了十二万办公费，没有票据",
        "物业费几年没涨了",
        "公共收益要分给业主，业委会怎么走程序",
    ],
)
def test_other_sentences_ask_for_none(sentence: str) -> None:
    assert short_answer(sentence, "donghe") is None


def test_what_is_stated_has_its_source_and_the_rest_is_hedged() -> None:
    for _, sentence in ASKS:
        found = short_answer(sentence, "donghe")
        assert found is not None
        assert found.carried == found.source_text.startswith("依据："), sentence
        assert found.verified or "待核实" in found.text, sentence
        assert found.carried or found.text.startswith("（待核实）"), sentence


def test_duties_that_are_stated_are_verified() -> None:
    duties = {d["id"]: d["verified"] for d in yaml.safe_load((FOLDER / "duties.yaml").read_text(encoding="utf-8"))["duties"]}
    for entry in short_answers():
        if entry.text:
            assert all(duties[duty] for duty in entry.duties), entry.id


def test_numbers_of_an_answer_stand_in_its_duties_or_the_law() -> None:
    """A deadline or share of an answer is one of the duties it names (or of the article of voting), never a new one."""
    duties = {d["id"]: d for d in yaml.safe_load((FOLDER / "duties.yaml").read_text(encoding="utf-8"))["duties"]}
    for entry in short_answers():
        known = " ".join(str(duties[duty]) for duty in entry.duties)
        for number in re.findall(r"\d+(?=日|年|%|人|名)", entry.text):
            assert number in known, (entry.id, number)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("procedure: renewal\n    asks: [业委会几年一届", "procedure: nothing\n    asks: [业委会几年一届", "没有办事步骤 nothing"),
        ("duties: [C06]", "duties: [C99]", "duties.yaml 里没有 C99"),
        ("step: 12", "step: 99", "first_formation 没有第 99 步"),
        ("{law: SPC1, article: 第八条}", "{law: SPC1, article: 第八百条}", "laws.yaml 里没有 SPC1 第八百条"),
        ('words: ["(换届|改选)', 'words: ["((换届|改选)', "正则写错了"),
        ("    unsure: 车位、储藏室", "    unknown: 车位、储藏室", "Extra inputs"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    folder = tmp_path / "procedures"
    shutil.copytree(FOLDER, folder)
    shutil.copytree(FOLDER.parent / "plans", tmp_path / "plans")
    path = folder / "short_answers.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = [fault for fault in check_procedures(folder) if fault.file == path.name]
    assert found and what in str(found[0]), found
    assert found[0].line > 3
