from pathlib import Path

import numpy as np
import pytest

from components.calibration import best_temperature, softmax
from components.character_ngrams import CharacterNgrams, ngrams
from components.kernel_model import DOUBT, Features, KernelModel, Shape

TEXTS = ["电梯坏了", "电梯不动了", "楼道灯坏了", "灯不亮了", "物业费多少钱", "物业费怎么收", "停车费多少钱", "停车怎么收钱"] * 3
LABELS = (["repair"] * 4 + ["ask"] * 4) * 3
VOICES = [str(i // 8) for i in range(24)]


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def features(with_vectors: bool) -> Features:
    vectors = unit(np.random.default_rng(1).normal(size=(24, 6)) * 0.2 + [[label == "ask", 1, 0, 0, 0, 0] for label in LABELS])
    return Features(CharacterNgrams.fit(TEXTS).rows(TEXTS), vectors if with_vectors else None)


def test_ngrams_mark_edges_and_unify_digits() -> None:
    assert ngrams("3号楼502", 2)[:3] == ["\u0002", "0", "号"]
    assert ngrams("13800000000", 1) == ngrams("15912345678", 1)


def test_rows_are_of_length_one_or_empty() -> None:
    fitted = CharacterNgrams.fit(TEXTS)
    rows = fitted.rows(["电梯坏了没人修", "☃☃"])
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()[0]
    assert length == pytest.approx(1, abs=1e-5)
    assert rows.shape == (2, len(fitted.vocabulary))
    assert fitted.rows([]).shape == (0, len(fitted.vocabulary))


def test_characters_round_trip(tmp_path: Path) -> None:
    fitted = CharacterNgrams.fit(TEXTS)
    fitted.save(tmp_path)
    again = CharacterNgrams.load(tmp_path)
    assert (fitted.rows(TEXTS) != again.rows(TEXTS)).nnz == 0


def test_damaged_characters_are_refused(tmp_path: Path) -> None:
    CharacterNgrams.fit(TEXTS).save(tmp_path)
    (tmp_path / "characters.json").write_text('{"longest": 3, "vocabulary": ["电"]}', encoding="utf-8")
    with pytest.raises(ValueError, match="do not belong together"):
        CharacterNgrams.load(tmp_path)


@pytest.mark.parametrize("with_vectors", [False, True])
def test_the_model_learns_and_round_trips(tmp_path: Path, with_vectors: bool) -> None:
    given = features(with_vectors)
    model = KernelModel.fit(given, LABELS, VOICES, Shape())
    probabilities = model.probabilities(given)
    assert [model.classes[i] for i in probabilities.argmax(axis=1)] == LABELS
    assert np.allclose(probabilities.sum(axis=1), 1)
    model.save(tmp_path, "m")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.json", "m.npz"]
    again = KernelModel.load(tmp_path, "m")
    assert again.needs_vectors is with_vectors
    assert np.allclose(again.probabilities(given), probabilities, atol=0.02)
    KernelModel.load(tmp_path, "m").save(tmp_path, "n")
    assert np.array_equal(KernelModel.load(tmp_path, "n").scores(given), again.scores(given))


def test_with_every_sentence_a_landmark_it_is_the_closed_solution() -> None:
    """(K + ridge / weight) · duals = targets, where all weights are 1: both intents are equally frequent."""
    given, shape = features(True), Shape(ridge=0.5, encoder_weight=2.0, narrowness=1.5)
    assert given.vectors is not None
    distance = ((given.vectors[:, None, :] - given.vectors[None, :, :]) ** 2).sum(axis=2)
    kernel = (given.characters @ given.characters.T).toarray() + shape.encoder_weight * np.exp(-shape.narrowness * distance)
    targets = np.array([[1.0 if label == name else -1.0 for name in ("ask", "repair")] for label in LABELS])
    duals = np.linalg.solve(kernel + shape.ridge * np.eye(len(LABELS)), targets)
    assert np.allclose(KernelModel.fit(given, LABELS, VOICES, shape).scores(given), kernel @ duals, atol=1e-2)


def test_an_unfamiliar_sentence_is_doubted() -> None:
    given = features(True)
    model = KernelModel.fit(given, LABELS, VOICES, Shape())
    assert given.vectors is not None
    stranger = Features(given.characters[:1], unit(np.array([[0.0, 0, 0, 0, 0, 1]])))
    assert model.probabilities(Features(given.characters[:1], given.vectors[:1])).sum() == pytest.approx(1)
    assert model.probabilities(stranger).sum() == pytest.approx(DOUBT)


def test_missing_vectors_and_damaged_files_are_refused(tmp_path: Path) -> None:
    model = KernelModel.fit(features(True), LABELS, VOICES, Shape())
    with pytest.raises(ValueError, match="vectors"):
        model.scores(features(False))
    model.save(tmp_path, "m")
    document = (tmp_path / "m.json").read_text(encoding="utf-8").replace('"ask", ', "")
    (tmp_path / "m.json").write_text(document, encoding="utf-8")
    with pytest.raises(ValueError, match="do not belong together"):
        KernelModel.load(tmp_path, "m")


def test_an_intent_one_author_alone_wrote_is_no_obstacle() -> None:
    model = KernelModel.fit(features(False), LABELS[:-4] + ["rare"] * 4, VOICES, Shape())
    assert set(model.classes) == {"ask", "rare", "repair"} and model.temperature > 0


def test_one_author_alone_gives_an_uncalibrated_model() -> None:
    assert KernelModel.fit(features(False), LABELS, ["a"] * 24, Shape()).temperature == 1.0


@pytest.mark.parametrize("sharpness", [0.1, 1.0, 25.0])
def test_the_temperature_makes_confidences_honest(sharpness: float) -> None:
    generator = np.random.default_rng(1)
    scores = generator.normal(size=(4000, 3))
    honest = softmax(scores)
    right = np.array([generator.choice(3, p=p) for p in honest])  # the truth is drawn with exactly these probabilities
    temperature = best_temperature(scores * sharpness, right)
    assert temperature == pytest.approx(sharpness, rel=0.15)
    confidence = softmax(scores * sharpness, temperature).max(axis=1).mean()
    assert confidence == pytest.approx((scores.argmax(axis=1) == right).mean(), abs=0.03)


def test_softmax_of_large_scores_is_finite() -> None:
    assert np.allclose(softmax(np.array([[1e6, 0.0]])), [[1, 0]])
