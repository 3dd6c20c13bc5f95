"""What an index keeps on disk gives the same answers when read back; a changed text builds it anew."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from knowledge.index import Index
from knowledge.library import Library
from knowledge.ngrams import GramMatrix, Vocabulary, grams
from knowledge.read_question import read_question
from knowledge.search import best_and_three, features, prepare
from knowledge.weights import load_weights


def small(library: Library, plan: str = "ejinhoro-2022") -> Library:
    return replace(library, plans={plan: library.plans[plan]}, provisions=library.by_plan[plan][:30], gaps=library.gaps[:6])


def test_read_back_it_scores_the_same(library: Library, tmp_path: Path) -> None:
    few = small(library)
    built, read = Index(few, None, tmp_path), Index(few, None, tmp_path)
    assert len(list(tmp_path.glob("index-*.npz"))) == 1
    asked = read_question("每年公布几次考核结果")
    one, two = (features(prepare(asked, index, None), load_weights()) for index in (built, read))
    assert np.allclose(one, two, atol=5e-3)


def test_matrices_joined_score_as_each_alone() -> None:
    vocabulary = Vocabulary.of(grams(text) for text in ("电梯坏了", "水管漏水", "电梯里没人", "停水了"))
    parts = [GramMatrix.of(vocabulary, texts) for texts in (["电梯坏了", "水管漏水"], [], ["电梯里没人", "停水了", "电梯"])]
    columns, total = vocabulary.weigh("电梯停水")
    alone = np.concatenate([part.scores(columns, total) for part in parts])
    assert alone.max() > 0
    assert np.allclose(GramMatrix.joined(parts).scores(columns, total), alone)


def test_a_changed_text_and_a_torn_file_build_it_anew(library: Library, tmp_path: Path) -> None:
    few = small(library)
    Index(few, None, tmp_path)
    file = next(tmp_path.glob("index-*.npz"))
    file.write_bytes(b"torn")
    Index(few, None, tmp_path)
    assert file.stat().st_size > 10_000
    changed = replace(few, provisions=(few.provisions[0].model_copy(update={"questions": ("换一个问法",)}), *few.provisions[1:]))
    Index(changed, None, tmp_path)
    assert len(list(tmp_path.glob("index-*.npz"))) == 2


def test_the_mean_of_the_three_best_counts_each_question_once(library: Library) -> None:
    asking = Index(small(library), None).folder.asking
    values = np.zeros(len(asking.seen), dtype=np.float32)
    mine = asking.places[3][asking.places[3] < len(values)]
    start, end = int(mine[0]), int(mine[-1]) + 1
    values[start:end] = np.linspace(0.9, 0.1, end - start)
    best, three = best_and_three(values, asking)
    assert best[3] == np.float32(0.9)
    assert np.isclose(three[3], np.sort(values[start:end])[-3:].mean())
    assert three[2] == 0
