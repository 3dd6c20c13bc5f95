"""Compiles the training sentences into the classifiers of `var/understanding` and says how far it is.

    python -m understanding.train --out var/understanding [--encoder var/encoder] [--force]

Progress lines: `PROGRESS <0..100> <words>`. Nothing is done when the inputs did not change.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from config.categories import categories
from understanding import models as store
from understanding.emergencies import without_unsaid
from understanding.examples import CAPABILITIES, Example, digest_of, example_files, read_examples, read_lessons
from understanding.features import Encoder, Featurizer, Floats, Vector, cues, meaning_of
from understanding.kernel import Landmarks, learn
from understanding.linear import CUE_SCALE, MEANING_SCALE, LinearModel, softmax
from understanding.models import TASKS, Models, load, stamp_of
from understanding.sentence_vectors import RememberingEncoder, vectors_file
from understanding.spelling import mended

__all__ = ["load", "train", "train_if_changed"]

HEARD_APART = 2  # voices left out in turn to set the temperature
LEAST_TEXTS = 2  # n-grams seen in fewer sentences say nothing
STRENGTH = {"intent": 2.0, "category": 1.0, "danger": 1.0, "danger_category": 1.0}
_HERE = Path(__file__).resolve().parent
_CODE = ["train.py", "kernel.py", "features.py", "linear.py", "spelling.py", "text_gate.py", "emergencies.py", "models.py"]
_WORDS = ["cues.yml", "lessons.yml", "emergency_words.yml", "spelling.yml"]
_SOURCES = [_HERE / name for name in (*_CODE, *_WORDS)]
Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class Lesson:
    """What one task learns from: vectors with their labels, and the voice that wrote each (for calibration)."""

    vectors: list[Vector]
    labels: list[str]
    voices: list[str]


def say_progress(percent: int, words: str) -> None:
    """One progress line for whoever started us."""
    print(f"PROGRESS {percent} {words}", flush=True)


def input_digest(folder: Path = CAPABILITIES, encoder: Encoder | None = None) -> str:
    """What the models depend on: sentences, this code, categories, the encoder's own digest."""
    known = str(getattr(encoder, "digest", "yes")) if encoder is not None else "none"
    return digest_of([*example_files(folder), *_SOURCES], known, *categories())


def train_if_changed(out: Path, encoder: Encoder | None = None, progress: Progress = say_progress, folder: Path = CAPABILITIES) -> bool:
    """Train unless `out` already holds models of these very inputs; whether anything was trained."""
    digest = input_digest(folder, encoder)
    if stamp_of(out) == digest:
        progress(100, "理解模型没有变化")
        return False
    examples = read_examples(folder)
    known = RememberingEncoder(encoder, vectors_file(out, str(getattr(encoder, "digest", "yes")))) if encoder is not None else None
    found = train(examples, known, progress, digest)
    store.save(found, out, {"sentences": len(examples), "encoder": encoder is not None, "grams": len(found.featurizer.vocabulary)})
    progress(100, "理解模型已就绪")
    return True


def train(examples: Sequence[Example], encoder: Encoder | None, progress: Progress = say_progress, digest: str = "") -> Models:
    """The classifiers of all tasks, without and (given an encoder) with the encoder's vectors."""
    progress(2, f"读取例句 {len(examples)} 句")
    featurizer = Featurizer.learn([example.text for example in examples], LEAST_TEXTS)
    vectors = _vectors(examples, featurizer, encoder, progress)
    taught = [*examples, *read_lessons()]
    heard = _heard(taught, vectors, featurizer, encoder)
    if isinstance(encoder, RememberingEncoder):
        encoder.keep()  # before the long part: Rasa's training, begun next, reads them
    plain, rich = {}, {}
    for at, task in enumerate(TASKS):
        progress(40 + at * 15, f"训练 {task}")
        lesson = _lesson(task, taught, heard) if task.startswith("danger") else _lesson(task, examples, vectors)
        plain[task] = fit(lesson, len(featurizer.vocabulary), STRENGTH[task], with_meaning=False)
        if encoder is not None:
            rich[task] = fit_by_landmarks(lesson, len(featurizer.vocabulary)) if task == "intent" else fit(
                lesson, len(featurizer.vocabulary), STRENGTH[task], with_meaning=True
            )
    return Models(featurizer, plain, rich, digest)


def _vectors(examples: Sequence[Example], featurizer: Featurizer, encoder: Encoder | None, progress: Progress) -> list[Vector]:
    found: list[Vector] = []
    for at, example in enumerate(examples):
        if at % 500 == 0:
            progress(5 + 35 * at // max(len(examples), 1), f"编码例句 {at}/{len(examples)}")
        found.append(featurizer.vector(example.text, meaning_of(example.text, encoder)))
    return found


def _heard(examples: Sequence[Example], vectors: list[Vector], featurizer: Featurizer, encoder: Encoder | None) -> list[Vector]:
    """The vectors of what is left when the denied and the figurative is taken out; those already known are reused."""
    found: list[Vector] = []
    for at, example in enumerate(examples):
        heard = without_unsaid(mended(example.text))
        same = at < len(vectors) and heard == mended(example.text)
        found.append(vectors[at] if same else featurizer.vector(heard, meaning_of(heard, encoder)))
    return found


def _lesson(task: str, examples: Sequence[Example], vectors: list[Vector]) -> Lesson:
    """The sentences a task learns from, with its own labels."""
    known = categories()
    chosen: list[tuple[Vector, str, str]] = []
    for example, vector in zip(examples, vectors, strict=True):
        kind = known[example.category].kind if example.category in known else None
        label: str | None = None
        if task == "intent":
            label = example.intent
        elif task == "danger":
            label = "danger" if example.intent == "report_emergency" else "none"
        elif (task == "category" and kind in {"repair", "complaint"}) or (task == "danger_category" and kind == "emergency"):
            label = example.category
        if label is not None:
            chosen.append((vector, label, example.voice))
    return Lesson([v for v, _, _ in chosen], [label for _, label, _ in chosen], [voice for _, _, voice in chosen])


def fit(lesson: Lesson, width: int, strength: float, *, with_meaning: bool) -> LinearModel:
    """One linear model, its temperature set on sentences of voices it did not learn from."""
    matrix = _matrix(lesson.vectors, width, with_meaning)
    labels = np.array(lesson.labels)
    model = _learn(matrix, labels, width, strength)
    voices = np.array(lesson.voices)
    held: list[tuple[Floats, Any]] = []
    names, sizes = np.unique(voices, return_counts=True)
    for voice in names[np.argsort(-sizes, kind="stable")][:HEARD_APART]:
        others = voices != voice
        if len(names) < 2 or set(labels[others]) != set(model.labels):
            continue
        partial = _learn(matrix[others], labels[others], width, strength)
        rows = np.flatnonzero(~others)
        scores = np.stack([partial.scores(_stripped(lesson.vectors[row], with_meaning)) for row in rows])
        held.append((scores, np.searchsorted(np.array(partial.labels), labels[rows])))
    return LinearModel(model.labels, model.grams, model.cues, model.meaning, model.bias, _temperature(held))


def fit_by_landmarks(lesson: Lesson, width: int) -> LinearModel:
    """One model with landmarks of the encoder's vectors, its temperature set on a voice it did not learn from."""
    matrix, labels, voices = _matrix(lesson.vectors, width, with_meaning=False), np.array(lesson.labels), np.array(lesson.voices)
    vectors = np.stack([v.meaning for v in lesson.vectors if v.meaning is not None])
    landmarks = Landmarks.among(vectors)
    rows = landmarks.features(vectors)
    names, right = np.unique(labels, return_inverse=True)
    held: list[tuple[Floats, Any]] = []
    heard, sizes = np.unique(voices, return_counts=True)
    apart = voices == heard[np.argmax(sizes)]
    if len(heard) > 1 and len(np.unique(right[~apart])) == len(names):
        grams, near = learn(matrix[~apart], rows[~apart], right[~apart], len(names))
        held.append((np.asarray(matrix[apart] @ grams + rows[apart] @ near), right[apart]))
    grams, near = learn(matrix, rows, right, len(names))
    return LinearModel(
        tuple(str(name) for name in names), grams[:width], grams[width:] * CUE_SCALE, None, np.zeros(len(names), dtype=np.float32),
        _temperature(held), landmarks.vectors, np.asarray(landmarks.whitening @ near, dtype=np.float32),
    )  # fmt: skip


def _stripped(vector: Vector, with_meaning: bool) -> Vector:
    return vector if with_meaning else Vector(vector.indices, vector.weights, vector.cues, None)


def _matrix(vectors: list[Vector], width: int, with_meaning: bool) -> Any:
    from scipy import sparse

    starts = np.cumsum([0] + [len(vector.indices) for vector in vectors])
    grams = sparse.csr_matrix(
        (np.concatenate([v.weights for v in vectors]), np.concatenate([v.indices for v in vectors]), starts), shape=(len(vectors), width)
    )
    parts = [grams, sparse.csr_matrix(np.stack([v.cues for v in vectors]) * CUE_SCALE)]
    if with_meaning:
        parts.append(sparse.csr_matrix(np.stack([v.meaning for v in vectors if v.meaning is not None]) * MEANING_SCALE))
    return sparse.hstack(parts).tocsr()


def _learn(matrix: Any, labels: Any, width: int, strength: float) -> LinearModel:
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=strength, class_weight={"danger": 2.0, "none": 1.0} if "danger" in labels else None, random_state=7)
    machine.fit(matrix, labels)
    weights, bias = machine.coef_.T.astype(np.float32), machine.intercept_.astype(np.float32)
    names = tuple(str(name) for name in machine.classes_)
    if weights.shape[1] == 1:  # two labels: the first is the other way round
        weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    end = width + len(cues())
    meaning = weights[end:] * MEANING_SCALE if matrix.shape[1] > end else None
    return LinearModel(names, weights[:width], weights[width:end] * CUE_SCALE, meaning, bias)


def _temperature(held: list[tuple[Floats, Any]]) -> float:
    """The temperature with the least log loss on the held-back voices; 0.5 where there is nothing to measure on."""
    if not held:
        return 0.5

    def loss(temperature: float) -> float:
        chances = [softmax(scores / temperature)[np.arange(len(gold)), gold] for scores, gold in held]
        return float(-np.mean(np.log(np.maximum(np.concatenate(chances), 1e-9))))

    return float(min(np.geomspace(0.05, 3.0, 60), key=loss))


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 done, 1 refused with the reason."""
    parser = argparse.ArgumentParser(prog="python -m understanding.train")
    parser.add_argument("--out", type=Path, default=Path("var/understanding"))
    parser.add_argument("--encoder", type=Path, default=None, help="folder of the sentence encoder")
    parser.add_argument("--force", action="store_true")
    options = parser.parse_args(arguments)
    encoder = _encoder(options.encoder)
    try:
        if options.force:
            (options.out / store.STAMP).unlink(missing_ok=True)
        train_if_changed(options.out, encoder)
    except (OSError, ValueError) as fault:
        print(f"理解模型训练失败：{fault}", file=sys.stderr)
        return 1
    return 0


def _encoder(folder: Path | None) -> Encoder | None:
    if folder is None:
        return None
    from importlib import import_module  # this folder does not depend on knowledge/; only the command line looks for it

    loaded: Encoder | None = import_module("knowledge.encoder").load_encoder(folder)
    return loaded


if __name__ == "__main__":
    raise SystemExit(main())
