"""The spot heard by meaning: the arithmetic on small arrays, and the shipped network with the real encoder on marked sentences."""

from pathlib import Path

import numpy as np
import pytest

from config.yaml_text import read_yaml
from knowledge.encoder import Encoder, load_encoder
from understanding.features import Floats
from understanding.places import find_place
from understanding.spot_tagger import LONGEST, Layers, SpotTagger, Tokens, best_span, load_layers, marks_of
from understanding.text_gate import clean

ROOT = Path(__file__).resolve().parents[3]
MARKED = sorted((ROOT / "tests" / "understanding").glob("fitting_*.yml"))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    found = load_encoder(ROOT / "var" / "encoder")
    assert found is not None, "linda prepare puts the encoder there"
    return found


@pytest.fixture(scope="module")
def tagger(encoder: Encoder) -> SpotTagger:
    return SpotTagger(encoder)


def rows(*pairs: tuple[float, float]) -> Floats:
    return np.array(pairs, dtype=np.float32)


def test_the_likeliest_stretch_is_taken_whole() -> None:
    scores = rows((9, 9), (-5, -5), (4, -3), (-4, 3), (-4, 2), (-4, -6), (9, 9))
    assert best_span(scores, lean=0.0) == (2, 4)


def test_the_edge_marks_and_unlikely_stretches_are_none() -> None:
    assert best_span(rows((9, 9), (-2, -2), (9, 9)), lean=0.0) is None
    assert best_span(rows((9, 9), (-2, -2), (9, 9)), lean=2.5) == (1, 1)
    assert best_span(rows((9, 9), (9, 9)), lean=0.0) is None


def test_a_spot_has_an_end() -> None:
    scores = np.full((60, 2), 1.0, dtype=np.float32)
    first, last = best_span(scores) or (0, 0)
    assert last - first + 1 == LONGEST


def test_the_grammar_marks_the_tokens_of_its_words() -> None:
    spans = ((0, 0), (0, 1), (1, 2), (2, 4), (4, 5), (0, 0))
    marks = marks_of("三楼东门外", "三楼 东门", spans)
    assert marks[:, 0].tolist() == [0, 1, 0, 1, 0, 0]
    assert marks[:, 1].tolist() == [0, 0, 1, 0, 0, 0]
    assert marks_of("三楼东门外", None, spans)[:, :2].sum() == 0


def test_the_weights_survive_the_file(tmp_path: Path) -> None:
    kept = load_layers()
    kept.save(tmp_path / "again.npz")
    again = load_layers(tmp_path / "again.npz")
    assert kept.of.keys() == again.of.keys()
    states, marks = np.ones((5, 512), dtype=np.float32), np.ones((5, 3), dtype=np.float32)
    assert np.allclose(kept.scores(states, marks), again.scores(states, marks))


def test_a_letter_that_grows_in_lower_case_leaves_it_to_the_grammar() -> None:
    class Never:
        def tokens(self, text: str) -> Tokens:
            raise AssertionError("its spans would point elsewhere")

    assert SpotTagger(Never(), Layers({})).hear("İ栋电梯口漏水", "电梯口") == "电梯口"


@pytest.mark.parametrize(
    "text", ["加装电梯要多少户同意", "小区啥时候建个活动室", "停车场怎么收费", "物业办公室几点下班", "路灯不亮了", "电梯又坏了"]
)
def test_what_is_only_talked_about_is_no_spot(tagger: SpotTagger, text: str) -> None:
    assert find_place(text, spots=tagger).spot is None


@pytest.mark.parametrize(
    ("text", "spot"),
    [
        ("锅炉房后面那个小门锁坏了", "锅炉房后面"),
        ("老槐树底下那个石凳裂了", "老槐树底下"),
        ("左边那部电梯按键失灵", "左边那部电梯"),
        ("3号楼2单元502厨房水管一直漏水", "厨房"),
    ],
)
def test_a_place_is_heard_with_and_without_a_word_for_it(tagger: SpotTagger, text: str, spot: str) -> None:
    said = find_place(text, spots=tagger).spot
    assert said is not None
    assert spot in said or said in spot


def test_the_words_stand_in_the_message(tagger: SpotTagger) -> None:
    for row in read_yaml(MARKED[0].read_text(encoding="utf-8"))[:150]:
        said = clean(str(row["text"]))
        spot = find_place(said, spots=tagger).spot
        assert spot is None or spot in said


def test_marked_sentences_are_heard(tagger: SpotTagger) -> None:
    """A floor for the shipped weights: a wrong file, other features or another encoder would fall far below."""
    told, quiet = [], []
    for file in MARKED:
        for row in read_yaml(file.read_text(encoding="utf-8")):
            text, spot = clean(str(row["text"])), (row.get("place") or {}).get("spot")
            said = find_place(text, spots=tagger).spot
            if spot:
                told.append(bool(said) and (said in clean(spot) or clean(spot) in said))
            else:
                quiet.append(said is None)
    assert np.mean(told) >= 0.9
    assert np.mean(quiet) >= 0.85


def test_the_sentence_vector_comes_along(encoder: Encoder) -> None:
    tokens = encoder.tokens("Lift 东门外路灯不亮")
    assert tokens.states.shape == (len(tokens.spans), 512)
    assert "".join("lift 东门外路灯不亮"[a:b] for a, b in tokens.spans) == "lift东门外路灯不亮"
    fresh = load_encoder(ROOT / "var" / "encoder")
    assert fresh is not None
    assert np.allclose(fresh.encode("Lift 东门外路灯不亮"), encoder.encode("lift 东门外路灯不亮"))
