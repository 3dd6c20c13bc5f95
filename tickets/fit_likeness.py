"""`python -m tickets.fit_likeness FITTING... --validate FILE`: learn the weights of the duplicate finder and write likeness_weights.yaml.

A logistic regression over the features of tickets/likeness.py, once with the sentence encoder and once for words alone. The threshold is
the lowest that keeps the precision asked for (0.95) on the validation pairs and on the fitting pairs judged by weights learnt without them.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from tickets.likeness import WEIGHTS, features, look
from tickets.measure_likeness import Pair, encoder_here, read_pairs
from understanding.features import Encoder

PRECISION = 0.95
FOLDS = 10
STRENGTH = 10.0
SHORTEST = 4  # characters of a clause that still reports something
PLAIN_SHARE = 3  # every so many-th report also stands for itself, as a neighbour would say it


def main(arguments: Sequence[str]) -> int:
    """Fit, print the figures on the validation pairs, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fitting", nargs="+", type=Path)
    parser.add_argument("--validate", type=Path, required=True)
    given = parser.parse_args(arguments)
    fitting = [pair for file in given.fitting for pair in read_pairs(file)]
    validation = read_pairs(given.validate)
    encoder = encoder_here()
    if encoder is None:
        print("句向量编码器没有装（linda prepare），不能算两套权重", file=sys.stderr)
        return 1
    lines = ["# 由 python -m tickets.fit_likeness 写成，不要手改；每项的意思见 tickets/likeness.py 的 features。"]
    for name, one in (("with_encoder", encoder), ("words_only", None)):
        learnt = fit(fitting, one)
        unseen = [(score(pair, learnt, one), pair.same) for pair in validation]
        limit, precision, recall = choose_threshold(unseen + out_of_fold(fitting, one))
        print(f"{name}: unseen precision {precision:.3f}, recall {recall:.3f} from {limit:.3f} on")
        lines += [f"{name}:", f"  threshold: {limit:.3f}", "  weights:", *(f"    {k}: {v:.3f}" for k, v in learnt.items())]
    WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def fit(pairs: Sequence[Pair], encoder: Encoder | None) -> dict[str, float]:
    """The weight of each feature, learnt from the pairs that nothing rules out.

    The pairs were written to be hard: like words are often of different things there, as they are not among residents' reports. So some
    reports stand beside themselves as well, word for word and cut to their first clause.
    """
    seen = [(found, pair.same) for pair in [*pairs, *plain_pairs(pairs)] if (found := features(pair.a, pair.b, encoder)) is not None]
    names = list(seen[0][0])
    table = np.array([[found[name] for name in names] for found, _ in seen])
    model = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=3000).fit(table, [same for _, same in seen])
    return dict(zip(names, map(float, model.coef_[0]), strict=True))


def plain_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Reports said twice of one building an hour apart, in the same words and in their first clause alone: each is one thing."""
    found = []
    for one in (pair.a for pair in pairs[::PLAIN_SHARE] if pair.a.report.place.building):
        first = re.split("[，。；！？,;!?\\s]", one.report.text)[0]
        for said in {one.report.text, first if len(first) >= SHORTEST else one.report.text}:
            found.append(Pair(one, look(replace(one.report, text=said, at=one.report.at + timedelta(hours=1))), same=True))
    return found


def out_of_fold(pairs: Sequence[Pair], encoder: Encoder | None) -> list[tuple[float, bool]]:
    """(likeness, same) of each pair by weights learnt from the other folds."""
    folds = [(pairs[k::FOLDS], [pair for i, pair in enumerate(pairs) if i % FOLDS != k]) for k in range(FOLDS)]
    learnt = [(asked, fit(others, encoder)) for asked, others in folds]
    return [(score(pair, of, encoder), pair.same) for asked, of in learnt for pair in asked]


def choose_threshold(scored: Sequence[tuple[float, bool]]) -> tuple[float, float, float]:
    """(threshold, precision, recall): the lowest likeness that keeps PRECISION among what stands above it."""
    scored = sorted(scored, reverse=True)
    every, best, right = sum(same for _, same in scored), (1.0, 1.0, 0.0), 0
    for count, (likelihood, same) in enumerate(scored, 1):
        right += same
        if same and likelihood > 0 and right / count >= PRECISION:
            below = scored[count][0] if count < len(scored) else 0.0
            best = ((likelihood + below) / 2, right / count, right / every)
    return best


def score(pair: Pair, learnt: dict[str, float], encoder: Encoder | None) -> float:
    """The likeness of a pair by these weights; 0 when something rules it out."""
    found = features(pair.a, pair.b, encoder)
    return 0.0 if found is None else float(1 / (1 + np.exp(-sum(learnt[name] * value for name, value in found.items()))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
