"""Stock DIET against the chosen pipeline, on one sample: `nlu/.venv/bin/python nlu/stock/accuracy.py [--massive DIR] [--each N]`.

Of the three authors who wrote most: train on N sentences an intent of each of two (drawn with a fixed seed, both pipelines get the same),
test on all the third wrote, three times, as experiment.py does. MASSIVE zh-CN: 8 rows an intent (its first draw), all test rows.
The stock side trains in nlu/stock/.venv, a process of its own each time. Figures stand in docs/nlu.md.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from contenders import CONTENDERS, Contender  # noqa: E402
from experiment import Rows, _fold, fitted, massive_rows, own_rows, predict  # noqa: E402

from prepare import QUIET  # isort: skip  # noqa: E402
from project import nlu_file, write  # isort: skip  # noqa: E402

STOCK, CHOSEN = "stock DIET", "both, kernel (chosen)"
PYTHON = HERE / ".venv" / "bin" / "python"


class Diet(Contender):
    """Rasa's DIETClassifier as config.yml has it; trained when the first texts to read are known."""

    def fit(self, texts: list[str], labels: list[str], voices: list[str]) -> None:
        self._examples: dict[str, list[str]] = {label: [] for label in sorted(set(labels))}
        for text, label in zip(texts, labels, strict=True):
            self._examples[label].append(text)
        self.classes = list(self._examples)
        self._read: dict[str, list[tuple[str, float]]] = {}

    def probabilities(self, texts: list[str]) -> np.ndarray:
        unread = [text for text in dict.fromkeys(texts) if text not in self._read]
        if unread:
            self._read.update(zip(unread, self._rankings(unread), strict=True))
        column = {name: i for i, name in enumerate(self.classes)}
        result = np.zeros((len(texts), len(self.classes)))
        for row, text in enumerate(texts):
            for name, confidence in self._read[text]:
                result[row, column[name]] = confidence
        return result

    def _rankings(self, texts: list[str]) -> list[list[tuple[str, float]]]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder / "nlu.yml", nlu_file(self._examples))
            (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
            environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"} | QUIET
            with (folder / "log").open("w+", encoding="utf-8") as log:
                done = subprocess.run([PYTHON, HERE / "diet.py", folder], env=environment, stdout=log, stderr=log, check=False)
                if done.returncode:
                    log.seek(0)
                    raise SystemExit(log.read()[-3000:])
            return [[(n, c) for n, c in one] for one in json.loads((folder / "rankings.json").read_text(encoding="utf-8"))]


CONTENDERS[STOCK] = Diet


def big_three(rows: Rows) -> Rows:
    """The sentences of the three authors with most of them."""
    authors = [voice for voice, _ in Counter(rows.voices).most_common(3)]
    return rows.where(lambda i: rows.voices[i] in authors)


def sample(rows: Rows, each: int) -> Rows:
    """At most `each` sentences of each intent of each author."""
    taken: dict[tuple[str, str], int] = {}
    chosen = set()
    for i in random.Random(1).sample(range(len(rows.texts)), len(rows.texts)):
        key = (rows.voices[i], rows.labels[i])
        taken[key] = taken.get(key, 0) + 1
        if taken[key] <= each:
            chosen.add(i)
    return rows.where(chosen.__contains__)


def by_author(name: str, rows: Rows, each: int) -> dict[str, float]:
    """experiment.by_author's figures, the training rows sampled."""
    folds = []
    for voice in sorted(set(rows.voices)):
        train = sample(rows.where(lambda i, v=voice: rows.voices[i] != v), each)  # type: ignore[misc]
        known = set(train.texts)
        test = rows.where(lambda i, v=voice, k=known: rows.voices[i] == v and rows.texts[i] not in k)  # type: ignore[misc]
        folds.append(_fold(fitted(name, train), test, []))
        print(f"{name}: {len(train.texts)} -> {len(test.texts)} of {voice}: {folds[-1]['accuracy']:.3f}", flush=True)
    return {key: float(np.mean([fold[key] for fold in folds])) for key in folds[0]}


def on_massive_8(name: str, folder: Path) -> float:
    """Accuracy on MASSIVE's test rows after 8 rows an intent: experiment.on_massive's first draw."""
    train, test = massive_rows(folder, "train"), massive_rows(folder, "test")
    taken: dict[str, list[int]] = {}
    for i in random.Random(0).sample(range(len(train.texts)), len(train.texts)):
        taken.setdefault(train.labels[i], []).append(i)
    chosen = {i for rows in taken.values() for i in rows[:8]}
    guesses, _ = predict(fitted(name, train.where(chosen.__contains__)), test.texts)
    return float(np.mean([g == label for g, label in zip(guesses, test.labels, strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--massive", type=Path, help="folder with train.csv and test.csv of MASSIVE zh-CN")
    parser.add_argument("--each", type=int, default=12, help="training sentences an intent an author (12)")
    parser.add_argument("--only", choices=CONTENDERS)
    options = parser.parse_args()
    if not PYTHON.exists():
        raise SystemExit("没有 nlu/stock/.venv：先运行 LINDA_BENCH_STOCK=on python3 nlu/stock/measure.py")
    rows = big_three(own_rows())
    print(f"{len(rows.texts)} sentences: {dict(Counter(rows.voices))}, {len(set(rows.labels))} intents", flush=True)
    for name in [options.only] if options.only else [CHOSEN, STOCK]:
        started = time.perf_counter()
        figures = by_author(name, rows, options.each)
        if options.massive:
            figures["MASSIVE 8"] = on_massive_8(name, options.massive)
        figures["seconds"] = time.perf_counter() - started
        print(name, {key: round(value, 3) for key, value in figures.items()}, flush=True)


if __name__ == "__main__":
    main()
