"""Training: stamp, round trip, what the models are made of; the scorer's sums."""

from pathlib import Path

import numpy as np
import pytest

from config.categories import categories
from understanding.evaluate import Score, report, score
from understanding.examples import Example, digest_of, read_examples, read_lessons
from understanding.features import Featurizer, cue_hits
from understanding.models import TASKS, Models, load, save, stamp_of
from understanding.read_message import Reader
from understanding.reading import Reading
from understanding.train import input_digest, train, train_if_changed


def quiet(percent: int, words: str) -> None:
    """No progress lines in tests."""


def test_the_same_inputs_train_nothing(model_folder: Path) -> None:
    assert stamp_of(model_folder) == input_digest()
    assert train_if_changed(model_folder, None, quiet) is False


def test_a_torn_stamp_trains_again(tmp_path: Path) -> None:
    (tmp_path / "stamp.json").write_text("{", encoding="utf-8")
    assert stamp_of(tmp_path) == ""


def test_missing_models_are_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path)


def test_models_know_every_label(models: Models) -> None:
    known = categories()
    assert set(models.plain) == set(TASKS)
    assert set(models.plain["category"].labels) == {c.id for c in known.values() if c.kind != "emergency"}
    assert set(models.plain["danger_category"].labels) == {c.id for c in known.values() if c.kind == "emergency"}
    assert set(models.plain["intent"].labels) == {example.intent for example in read_examples()}


def test_saved_and_loaded_answer_alike(models: Models, tmp_path: Path) -> None:
    save(models, tmp_path, {"sentences": 1})
    again = load(tmp_path)
    for text in ("楼道灯不亮", "物业费涨价合法吗", "水管爆了"):
        vector, same = models.featurizer.vector(text), again.featurizer.vector(text)
        for task in TASKS:
            assert np.allclose(models.plain[task].probabilities(vector), again.plain[task].probabilities(same), atol=1e-3)


class _Toy:
    """Encodes a text by whether it speaks of lamps."""

    digest = "toy"

    def encode(self, text: str) -> np.ndarray:
        return np.array([1.0, 0.0] if "灯" in text else [0.0, 1.0], dtype=np.float32)


def test_the_encoder_makes_a_second_set_of_models() -> None:
    pool = read_examples()
    chosen = [e for e in pool if e.intent in {"report_emergency", "greet"} or e.category in {"lighting", "elevator"}]
    found = train(chosen, _Toy(), quiet)
    assert set(found.with_meaning) == set(TASKS) and found.with_meaning["category"].meaning is not None
    vector = Reader(found, {}, _Toy())._vector("楼道灯不亮了")
    assert found.of("category", vector).ranking(vector)[0][0] == "lighting"


def test_other_cues_than_the_trained_are_refused(models: Models, tmp_path: Path) -> None:
    save(models, tmp_path, {})
    with np.load(tmp_path / "models.npz") as kept:
        arrays = {name: kept[name] for name in kept.files}
    arrays["cue_names"] = arrays["cue_names"][:-1]
    np.savez(tmp_path / "models.npz", **arrays)
    with pytest.raises(ValueError, match="train again"):
        load(tmp_path)


def test_digest_changes_with_contents(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text("1", encoding="utf-8")
    before = digest_of([file])
    file.write_text("2", encoding="utf-8")
    assert digest_of([file]) != before and digest_of([file], "x") != digest_of([file])


def test_a_wrong_example_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "report" / "examples"
    folder.mkdir(parents=True)
    (folder / "broken.yml").write_text("nlu: 3", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.yml"):
        read_examples(tmp_path)


def test_lessons_do_not_repeat_the_development_cases() -> None:
    import yaml

    cases = yaml.safe_load((Path(__file__).parent / "emergencies.yml").read_text(encoding="utf-8"))
    told = {text for texts in cases["emergencies"].values() for text in texts} | set(cases["ordinary"])
    assert not {lesson.text for lesson in read_lessons()} & told


def test_vectors_have_unit_length() -> None:
    featurizer = Featurizer.learn(["楼道灯不亮", "电梯不动了", "灯不亮了"], 2)
    vector = featurizer.vector("灯不亮")
    assert np.isclose(np.linalg.norm(vector.weights), 1.0) and vector.meaning is None
    assert len(featurizer.vector("").indices) == 2  # the edge marks alone
    assert cue_hits("楼道灯不亮").sum() >= 1


def test_the_scorer_counts() -> None:
    rows = [
        {"text": "楼道灯不亮", "intent": "report_repair", "category": "lighting", "place": {"spot": "楼道灯"}, "time": None},
        {"text": "着火了", "intent": "report_emergency", "category": "fire", "place": None, "time": None},
    ]
    found = score(rows, lambda text: Reading(text, text), lambda reading: ("report_repair", 0.8))
    assert (found.hits["intent"], found.trials["intent"]) == (1, 2)
    assert found.rate("emergency_recall") == 0 and found.rate("category") == 0 and found.rate("building") == 1
    assert found.rate("spot") == 0.5 and found.rate("time") == 1
    assert found.intents["report_emergency", "report_repair"] == 1
    assert "着火了" not in report(found) and "楼道灯" not in report(found)
    assert Score().figures()["ms_p95"] == 0


def test_examples_carry_their_voice() -> None:
    assert all(isinstance(example, Example) and example.voice and example.text for example in read_examples())
