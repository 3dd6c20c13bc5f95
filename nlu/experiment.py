"""Chooses the pipeline by experiment: `python experiment.py [--massive DIR] [--only NAME]`; results stand in docs/nlu.md.

Own sentences: train on two authors, test on the third, three times; sentences the others wrote too are left out of the test.
MASSIVE zh-CN (somebody else's data, 60 intents): official training and test rows, and 8 rows of each intent (mean of three draws).
Each pipeline runs in a process of its own, so that its memory is its own. The project's held-out sentences are never read here.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np

from components.sentence_encoder import encoder_folder, shared_encoder
from components.text_gate import clean
from contenders import CONTENDERS, Contender
from training_sentences import read_sentences

THRESHOLD = 0.4
LEFT_OUT = "out_of_scope"


class Rows(NamedTuple):
    """Sentences with their labels and authors, in step."""

    texts: list[str]
    labels: list[str]
    voices: list[str]

    def where(self, keep: Callable[[int], bool]) -> "Rows":
        """The rows whose number `keep` accepts."""
        chosen = [i for i in range(len(self.texts)) if keep(i)]
        return Rows(*([column[i] for i in chosen] for column in self))


def own_rows() -> Rows:
    """The product's training sentences."""
    sentences = read_sentences()
    return Rows([clean(s.text) for s in sentences], [s.intent for s in sentences], [s.voice for s in sentences])


def massive_rows(folder: Path, name: str) -> Rows:
    """MASSIVE names no authors: two arbitrary halves stand for them."""
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    return Rows([clean(r["text"]) for r in lines], [r["label_text"] for r in lines], [str(i % 2) for i in range(len(lines))])


def predict(fitted: Contender, texts: list[str]) -> tuple[list[str], np.ndarray]:
    """Best class and its confidence for each text."""
    probabilities = fitted.probabilities(texts)
    return [fitted.classes[i] for i in probabilities.argmax(axis=1)], probabilities.max(axis=1)


def fitted(name: str, rows: Rows) -> Contender:
    """A contender trained on rows."""
    contender = CONTENDERS[name]()
    contender.fit(*rows)
    return contender


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error over 15 equal bins."""
    bins = np.minimum((confidence * 15).astype(int), 14)
    return float(sum(abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in set(bins)))


def macro_f1(guesses: list[str], labels: list[str]) -> float:
    """Mean F1 over the labels."""
    scores = []
    for name in sorted(set(labels)):
        hit = sum(g == name == label for g, label in zip(guesses, labels, strict=True))
        scores.append(2 * hit / (guesses.count(name) + labels.count(name)))
    return float(np.mean(scores))


def by_author(name: str, rows: Rows, strangers: list[str]) -> dict[str, float]:
    """Means over the authors. `strangers`: sentences about anything but a housing estate, by others."""
    folds = []
    for voice in sorted(set(rows.voices)):
        train = rows.where(lambda i, v=voice: rows.voices[i] != v)  # type: ignore[misc]
        known = set(train.texts)
        test = rows.where(lambda i, v=voice, k=known: rows.voices[i] == v and rows.texts[i] not in k)  # type: ignore[misc]
        folds.append(_fold(fitted(name, train), test, strangers))
    return {key: float(np.mean([fold[key] for fold in folds])) for key in folds[0]}


def _fold(model: Contender, test: Rows, strangers: list[str]) -> dict[str, float]:
    guesses, confidence = predict(model, test.texts)
    right = np.array([g == label for g, label in zip(guesses, test.labels, strict=True)])
    outside = np.array([label == LEFT_OUT for label in test.labels])
    low = confidence < THRESHOLD
    away = np.array([g == LEFT_OUT for g in guesses]) | low
    figures = {
        "accuracy": float(right.mean()),
        "macro F1": macro_f1(guesses, test.labels),
        "ECE": calibration_error(confidence, right),
        "outside turned away": float(away[outside].mean()),
        "inside turned away": float(away[~outside].mean()),
        "asked back": float(low.mean()),
        "wrong of the rest": float((~right & ~low).sum() / (~low).sum()),
    }
    if strangers:
        guesses, confidence = predict(model, strangers)
        figures["strangers turned away"] = float(
            np.mean([g == LEFT_OUT or c < THRESHOLD for g, c in zip(guesses, confidence, strict=True)])
        )
    return figures


def cost(name: str, rows: Rows) -> dict[str, float]:
    """Seconds to train on everything (encoding included), milliseconds per message, resident memory."""
    encoder = shared_encoder(encoder_folder())
    started = time.perf_counter()
    model = fitted(name, rows)
    trained = time.perf_counter() - started
    sample = random.Random(1).sample(rows.texts, 200)
    started = time.perf_counter()
    for text in sample:
        model.forget(text)
        predict(model, [text])
    milliseconds = (time.perf_counter() - started) / len(sample) * 1000
    del encoder
    with open("/proc/self/status", encoding="ascii") as file:
        resident = int(next(line for line in file if line.startswith("VmRSS")).split()[1]) // 1024
    return {"train s": trained, "ms": milliseconds, "RSS MB": resident}


def on_massive(name: str, folder: Path) -> dict[str, float]:
    """Accuracy and calibration with all training rows, accuracy with 8 an intent."""
    train, test = massive_rows(folder, "train"), massive_rows(folder, "test")
    guesses, confidence = predict(fitted(name, train), test.texts)
    right = np.array([g == label for g, label in zip(guesses, test.labels, strict=True)])
    few = []
    for draw in range(3):
        order = random.Random(draw).sample(range(len(train.texts)), len(train.texts))
        taken: dict[str, list[int]] = {}
        for i in order:
            taken.setdefault(train.labels[i], []).append(i)
        chosen = {i for rows in taken.values() for i in rows[:8]}
        guesses, _ = predict(fitted(name, train.where(chosen.__contains__)), test.texts)
        few.append(np.mean([g == label for g, label in zip(guesses, test.labels, strict=True)]))
    return {"MASSIVE all": float(right.mean()), "MASSIVE ECE": calibration_error(confidence, right), "MASSIVE 8": float(np.mean(few))}


def measure(name: str, massive: Path | None) -> dict[str, Any]:
    """All figures of one contender, in this process."""
    rows, strangers = own_rows(), []
    figures = cost(name, rows)
    if massive:
        test = massive_rows(massive, "test")
        strangers = [t for t, label in zip(test.texts, test.labels, strict=True) if not label.startswith("general_")][:600]
    figures = {**by_author(name, rows, strangers), **figures}
    if massive:
        figures.update(on_massive(name, massive))
    return {key: round(value, 3 if value < 1 else 1) for key, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--massive", type=Path, help="folder with train.csv and test.csv of MASSIVE zh-CN")
    parser.add_argument("--only", choices=CONTENDERS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.only, options.massive)))
        return
    for number, name in enumerate([options.only] if options.only else CONTENDERS):
        command = [sys.executable, "-W", "ignore", __file__, "--child", "--only", name]
        command += ["--massive", str(options.massive)] if options.massive else []
        answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        figures = json.loads(answer.stdout.strip().splitlines()[-1])
        if number == 0:
            print("| pipeline | " + " | ".join(figures) + " |\n|" + "---|" * (len(figures) + 1))
        print(f"| {name} | " + " | ".join(str(v) for v in figures.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
