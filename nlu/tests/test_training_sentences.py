from pathlib import Path

import pytest
import yaml

from train import HERE, inputs_digest, is_current, known_intents
from training_sentences import Sentence, problems, read_sentences

# docs/labels.md: what each intent must end in
ACTIONS = {
    "ask_policy": "action_ask_policy",
    "report_repair": "action_report",
    "report_complaint": "action_report",
    "report_emergency": "action_emergency",
    **dict.fromkeys(("ask_status", "chase_ticket", "withdraw_ticket", "confirm_fixed", "dispute_fixed"), "action_follow_up"),
    "guide_committee": "action_guide",
    "ask_vote": "action_vote",
    "ask_human": "action_human",
    **dict.fromkeys(("greet", "thank", "ask_ability"), "action_smalltalk"),
    **{name: f"action_{name}" for name in ("inform", "correct", "affirm", "deny", "cancel", "out_of_scope")},
}


def said(text: str, intent: str = "greet", voice: str = "a") -> Sentence:
    return Sentence(text, intent, voice, "", f"{voice}.yml")


def test_the_sentences_are_in_order() -> None:
    assert problems(read_sentences(), known_intents()) == []


def test_every_intent_was_written_by_three_authors_and_belongs_to_its_capability() -> None:
    voices: dict[str, set[str]] = {}
    for sentence in read_sentences():
        voices.setdefault(sentence.intent, set()).add(sentence.voice)
    assert set(voices) == known_intents()
    assert {intent: len(names) for intent, names in voices.items() if len(names) < 3} == {}
    for folder in (HERE / "capabilities").iterdir():
        domain = yaml.safe_load((folder / "domain.yml").read_text(encoding="utf-8"))
        examples = [yaml.safe_load(p.read_text(encoding="utf-8")) for p in folder.glob("examples/*.yml")]
        assert {block["intent"] for document in examples for block in document["nlu"]} == set(domain["intents"])


@pytest.mark.parametrize(
    ("sentences", "complaint"),
    [
        ([said("你好"), said("你好")], "重复"),
        ([said("你好"), said("你　好".replace("　", ""), "thank", "b")], "已标为 greet"),
        ([said("物业"), said("物業", "thank", "b")], "已标为 greet"),
        ([said("我在[3号楼](place)")], "不要标注实体"),
        ([said('我在[3号楼]{"entity": "place"}')], "不要标注实体"),
        ([said("你好", "nonsense")], "没有这个意图"),
        ([said("\u200b")], "清洗后为空"),
    ],
)
def test_wrong_sentences_are_a_failure(sentences: list[Sentence], complaint: str) -> None:
    found = problems(sentences, {"greet", "thank"})
    assert len(found) == 1 and complaint in found[0]


def test_the_same_sentence_of_two_authors_is_welcome() -> None:
    assert problems([said("你好"), said("你好", voice="b")], {"greet"}) == []


@pytest.mark.parametrize("examples", ["你好\n- 您好", "* 你好"])
def test_a_line_that_is_no_example_is_a_failure(tmp_path: Path, examples: str) -> None:
    folder = tmp_path / "capabilities" / "x" / "examples"
    folder.mkdir(parents=True)
    block = {"intent": "greet", "metadata": {"voice": "a"}, "examples": examples}
    (folder / "a.yml").write_text(yaml.safe_dump({"nlu": [block]}, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.yml"):
        read_sentences(tmp_path)


def test_every_intent_has_its_rule() -> None:
    rules: dict[str, str] = {}
    for path in HERE.glob("capabilities/*/rules.yml"):
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]:
            asked, answered = rule["steps"]
            assert asked["intent"] not in rules
            rules[asked["intent"]] = answered["action"]
    assert rules == {**ACTIONS, "nlu_fallback": "action_default_fallback"}
    assert known_intents() == set(ACTIONS)


def test_rasa_reads_the_domain_we_wrote() -> None:
    from rasa.shared.core.domain import Domain

    domain = Domain.load(str(HERE / "capabilities"))
    assert set(ACTIONS.values()) | {"action_default_fallback"} == set(domain.user_actions)
    assert domain.session_config.session_expiration_time == 0
    assert not domain.forms and not [s for s in domain.slots if s.name != "session_started_metadata"]


def test_any_changed_input_asks_for_training(tmp_path: Path) -> None:
    (tmp_path / "capabilities" / "x" / "examples").mkdir(parents=True)
    (tmp_path / "config.yml").write_text("a", encoding="utf-8")
    before = inputs_digest(tmp_path)
    assert inputs_digest(tmp_path) == before
    (tmp_path / "capabilities" / "x" / "examples" / "a.yml").write_text("b", encoding="utf-8")
    assert inputs_digest(tmp_path) != before


def test_a_missing_or_changed_model_is_not_current(tmp_path: Path) -> None:
    assert not is_current(tmp_path, "d")
    (tmp_path / "linda.json").write_text('{"inputs": "d", "sha256": "0"}', encoding="utf-8")
    (tmp_path / "linda.tar.gz").write_bytes(b"x")
    assert not is_current(tmp_path, "d")
