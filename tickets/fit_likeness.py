"""`python -m tickets.fit_likeness PAIRS... --incidents FILES... --validate FILE`: learn the duplicate finder, write what was learnt.

The directions of the measure (report_metric.npz) come from incidents, each told by several residents, and the pairs; the weights
(likeness_weights.yaml) are a logistic regression over the features of tickets/likeness.py, once with the sentence encoder and once for
words alone. A pair's features of the measure are those of a measure that has not seen its author. The threshold is the lowest that keeps
the precision asked for (0.95) on the validation pairs.
"""

import argparse
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from tickets.likeness import WEIGHTS, Look, features, look
from tickets.matters import matters
from tickets.measure_likeness import Pair, encoder_here, read_incidents, read_pairs
from tickets.report_metric import Metric, learn_metric, load_metric
from tickets.sentence_meaning import nearness
from understanding.features import Encoder

PRECISION = {"with_encoder": 0.95, "words_only": 0.9}  # words alone do not reach more but by finding nothing
STRENGTH = 10.0
UNLIKE_SHARE = 0.3  # of the pairs of two incidents of one estate
SHORTEST = 4  # characters of a clause that still reports something
PLAIN_SHARE = 3  # every so many-th report also stands for itself, as a neighbour would say it


def main(arguments: Sequence[str]) -> int:
    """Fit, print the figures on the validation pairs, write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="+", type=Path)
    parser.add_argument("--incidents", nargs="+", type=Path, required=True)
    parser.add_argument("--validate", type=Path, required=True)
    given = parser.parse_args(arguments)
    encoder = encoder_here()
    if encoder is None:
        print("句向量编码器没有装（linda prepare），不能算两套权重", file=sys.stderr)
        return 1
    known = [pair for file in given.pairs for pair in read_pairs(file)]
    authors = [_Author(read_incidents(file), []) for file in given.incidents] + [_Author([], known)]
    _measured(authors, encoder).save()
    load_metric.cache_clear()
    validation = read_pairs(given.validate)
    lines = ["# 由 python -m tickets.fit_likeness 写成，不要手改；每项的意思见 tickets/likeness.py 的 features。"]
    for name, one in (("with_encoder", encoder), ("words_only", None)):
        taught = authors if one else authors[-1:]  # told so differently, incidents teach words alone only to find nothing
        learnt = fit(_unseen(taught, one), plain_pairs(known), one)
        limit, precision, recall = choose_threshold([(score(pair, learnt, one), pair.same) for pair in validation], PRECISION[name])
        print(f"{name}: validation precision {precision:.3f}, recall {recall:.3f} from {limit:.3f} on")
        lines += [f"{name}:", f"  threshold: {limit:.3f}", "  weights:", *(f"    {k}: {v:.3f}" for k, v in learnt.items())]
    WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


@dataclass(frozen=True)
class _Author:
    """What one author wrote: estates of incidents, or labelled pairs."""

    estates: list[list[list[Look]]]
    labelled: list[Pair]

    def pairs(self) -> list[Pair]:
        """All pairs of one incident, and some of two of the same estate; or those labelled."""
        rng, found = random.Random(3), list(self.labelled)
        for estate in self.estates:
            told = [(number, one) for number, reports in enumerate(estate) for one in reports]
            for (mine, a), (yours, b) in combinations(told, 2):
                if mine == yours or rng.random() < UNLIKE_SHARE:
                    found.append(Pair(a, b, mine == yours))
        return found


def _measured(authors: Sequence[_Author], encoder: Encoder) -> Metric:
    """The measure learnt from these authors; a labelled pair is an estate of one incident or of two."""

    def told(one: Look) -> NDArray[np.float32]:
        return np.asarray(encoder.encode(one.matter), dtype=np.float32)

    estates = [[[told(one) for one in reports] for reports in estate] for author in authors for estate in author.estates]
    for pair in (pair for author in authors for pair in author.labelled):
        a, b = told(pair.a), told(pair.b)
        estates.append([[a, b]] if pair.same else [[a], [b]])
    phrases = [np.stack([encoder.encode(p) for p in m.phrases]) for ones in matters().values() for m in ones]
    return learn_metric(estates, phrases)


def _unseen(authors: Sequence[_Author], encoder: Encoder | None) -> list[tuple[dict[str, float], bool]]:
    """The features of every pair nothing rules out, those of the measure by one learnt from the other authors, and whether it is one."""
    found: list[tuple[dict[str, float], bool]] = []
    for author in authors:
        metric = _measured([other for other in authors if other is not author], encoder) if encoder else None
        for pair in author.pairs():
            row = features(pair.a, pair.b, encoder)
            if row is not None:
                if metric and encoder:
                    row |= nearness(pair.a.matter, pair.b.matter, encoder, metric)
                found.append((row, pair.same))
    return found


def fit(seen: Sequence[tuple[dict[str, float], bool]], plain: Sequence[Pair], encoder: Encoder | None) -> dict[str, float]:
    """The weight of each feature.

    The pairs were written to be hard: like words are often of different things there, as they are not among residents' reports. So some
    reports stand beside themselves as well (`plain`), word for word and cut to their first clause.
    """
    rows = [*seen, *((found, pair.same) for pair in plain if (found := features(pair.a, pair.b, encoder)) is not None)]
    names = list(rows[0][0])
    table = np.array([[row[name] for name in names] for row, _ in rows])
    model = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=5000).fit(table, [same for _, same in rows])
    return dict(zip(names, map(float, model.coef_[0]), strict=True))


def plain_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Reports said twice of one building an hour apart, in the same words and in their first clause alone: each is one thing."""
    found = []
    for one in (pair.a for pair in pairs[::PLAIN_SHARE] if pair.a.report.place.building):
        first = re.split("[，。；！？,;!?\\s]", one.report.text)[0]
        for said in {one.report.text, first if len(first) >= SHORTEST else one.report.text}:
            found.append(Pair(one, look(replace(one.report, text=said, at=one.report.at + timedelta(hours=1))), same=True))
    return found


def choose_threshold(scored: Sequence[tuple[float, bool]], least: float) -> tuple[float, float, float]:
    """(threshold, precision, recall): the lowest likeness that keeps the precision `least` among what stands above it."""
    scored = sorted(scored, reverse=True)
    every, best, right = sum(same for _, same in scored), (1.0, 1.0, 0.0), 0
    for count, (likelihood, same) in enumerate(scored, 1):
        right += same
        if same and likelihood > 0 and right / count >= least:
            below = scored[count][0] if count < len(scored) else 0.0
            best = ((likelihood + below) / 2, right / count, right / every)
    return best


def score(pair: Pair, learnt: dict[str, float], encoder: Encoder | None) -> float:
    """The likeness of a pair by these weights; 0 when something rules it out."""
    found = features(pair.a, pair.b, encoder)
    return 0.0 if found is None else float(1 / (1 + np.exp(-sum(learnt[name] * value for name, value in found.items()))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
