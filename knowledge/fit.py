"""`python -m knowledge.fit`: fits ranking and refusing on development questions and writes knowledge/weights.yaml.

Every lay question is asked once with itself (and the sixth of the questions it was drawn with) kept out of the index and of the lens.
What must be refused: questions whose clause is taken away, questions no plan answers (gaps.yaml, questions/*.yml).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge.candidates import Candidate, Field, Finder, forms_wanted
from knowledge.encoder import Encoder, load_encoder
from knowledge.finding import Question
from knowledge.index import Index
from knowledge.judge import SIGNS, signs
from knowledge.library import FOLDER, Library, load_library
from knowledge.plan import same_line
from knowledge.provisions import Provision
from knowledge.read_question import read_question, types_of
from knowledge.search import FEATURES, features, prepare
from knowledge.texts import Texts
from knowledge.weights import FILE, Linear, Weights

DEVELOPMENT = FOLDER / "questions"  # one file an author or group of authors
_FOLDS, _RIVALS, _DEVELOPED, _ASKED, _TAKEN_AWAY, _REFUSED = 6, 20, 8.0, 1.0, 0.15, 0.92
_UNFORESEEN = 0.75  # share of the weight of what must be refused that is judged as if nobody had written its gap down
_RANKED_BY = ("q_best", "q_three", "answer", "asks", "quote", "g_passage", "agree")
Rows = list[tuple[NDArray[np.float32], bool, float]]


def kinds_agreement(library: Library) -> dict[str, dict[str, float]]:
    """For each kind of question and kind of provision, how much more often they meet than by chance (log)."""
    types: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    total = 0
    for p in library.provisions:
        for q in p.questions:
            kinds[p.kind] += 1
            total += 1
            for t in types_of(q):
                types[t] += 1
                both[t, p.kind] += 1
    return {t: {k: round(log((both[t, k] + 3) / (types[t] * kinds[k] / total + 3)), 3) for k in kinds} for t in types}


def logistic(rows: Rows, names: tuple[str, ...], used: Iterable[str], *, balanced: bool) -> Linear:
    """A logistic model over the columns `used`."""
    from sklearn.linear_model import LogisticRegression

    columns = [names.index(n) for n in used]
    table = np.stack([r[0] for r in rows])[:, columns]
    model = LogisticRegression(C=1.0, max_iter=3000, class_weight="balanced" if balanced else None)
    model.fit(table, [r[1] for r in rows], sample_weight=[r[2] for r in rows])
    found = {names[c]: round(float(v), 4) for c, v in zip(columns, model.coef_[0], strict=True)}
    return Linear(round(float(model.intercept_[0]), 4), found)


def _overlaps(one: Provision, other: Provision) -> bool:
    """Whether two provisions rest on overlapping quotations, so that either may answer the other's questions."""
    return one.plan == other.plan and same_line(one.clause, other.clause) and (one.quote in other.quote or other.quote in one.quote)


class Fitting:
    """One fit, with or without the encoder."""

    def __init__(self, library: Library, encoder: Encoder | None, cache: Path, folds: int) -> None:
        self.library, self.encoder, self.cache = library, encoder, cache
        self.texts = Texts(library)
        self.entries = (*library.provisions, *library.gaps)
        empty = Linear(0.0, {})
        self.weights = Weights(empty, empty, empty, empty, kinds_agreement(library))
        draw = np.random.default_rng(5).integers(0, _FOLDS, len(self.texts.questions))
        self.folds = [draw == f for f in range(folds)]
        self.indexes = []
        for number, out in enumerate(self.folds):
            print(f"  学习第 {number + 1}/{folds} 份…", flush=True)
            self.indexes.append(Index(library, encoder, cache, left_out=out))

    def rank(self) -> Linear:
        """The model that orders provisions: each question's own provision against its rivals of the same plan."""
        rows: Rows = []
        for out, index in zip(self.folds, self.indexes, strict=True):
            for number in np.flatnonzero(out):
                entry = self.entries[self.texts.owner[number]]
                if isinstance(entry, Provision):
                    rows += self._rivals(index, self.texts.questions[number], entry)
        return logistic(rows, FEATURES, _RANKED_BY, balanced=True)

    def _rivals(self, index: Index, text: str, own: Provision) -> Rows:
        shelf = index.shelves[own.plan]
        table = features(prepare(read_question(text), index, self.encoder), shelf, self.weights)
        first = np.argsort(-table[:, :5].sum(axis=1))[:_RIVALS]
        rows: Rows = [(table[shelf.provisions.index(own)], True, 1.0)]
        rows += [(table[i], False, 1.0) for i in first if not _overlaps(shelf.provisions[i], own)]
        return rows

    def covers(self, weights: Weights, development: list[list[dict[str, Any]]]) -> tuple[Linear, float]:
        """The model that decides whether the best candidate answers, and the threshold that refuses what must be refused."""
        rows: Rows = []
        whole = Index(self.library, self.encoder, self.cache)
        asking = Finder(whole, self.encoder, weights)
        developed = [_developed(asking, self.library, entries) for entries in development]
        for out, index in zip(self.folds, self.indexes, strict=True):
            finder = Finder(index, self.encoder, weights)
            for number in np.flatnonzero(out):
                rows += self._judged(finder, self.texts.questions[number], self.entries[self.texts.owner[number]])
        return logistic([*rows, *chain.from_iterable(developed)], SIGNS, SIGNS, balanced=False), threshold(rows, developed)

    def _judged(self, finder: Finder, text: str, own: object) -> Rows:
        asked = read_question(text)
        if not isinstance(own, Provision):
            return _refused(finder, finder.find(asked, ("donghe-2025", "nmg-2026"), others=("minle-draft", "ejinhoro-2022")), 1.0)
        others = [p for p in self.library.plans if not self.library.binding.binds(p, self.library.plans[own.plan].identity.region)]
        found = finder.find(asked, (own.plan,), others=tuple(p for p in others if p != own.plan))
        rows: Rows = [(signs(found)[0], same_line(found.candidates[0].provision.clause, own.clause), _ASKED)]
        rest = tuple(c for c in found.candidates if not same_line(c.provision.clause, own.clause))
        if rest:
            rows.append((signs(replace(found, candidates=rest))[0], False, _TAKEN_AWAY))
        return rows


def is_right(candidates: Iterable[Candidate], cites: list[dict[str, str]]) -> bool:
    """Whether one of the candidates stands in a clause to be cited."""
    return any(c.provision.plan == w["plan"] and same_line(c.provision.clause, w["clause"]) for c in candidates for w in cites)


def _developed(finder: Finder, library: Library, development: list[dict[str, Any]]) -> Rows:
    rows: Rows = []
    for entry in development:
        question = Question(entry["q"], entry["region"], entry.get("property_form"), entry.get("earlier"))
        asked = read_question(question.text, question.earlier)
        plans = library.binding.plans_for(question.region)
        found = finder.find(asked, plans, forms_wanted(asked, question), others=tuple(p for p in library.plans if p not in plans))
        if not found.candidates:
            continue
        if entry["expect"] == "not_covered":
            rows += _refused(finder, found, _DEVELOPED)
        else:
            rows.append((signs(found)[0], is_right(found.candidates[:3], entry["cites"]), _DEVELOPED))
    return rows


def _refused(finder: Finder, found: Field, weight: float) -> Rows:
    """A question to be refused, as it is and as if its gap were unknown: gaps were written for the questions we know."""
    if not found.candidates:
        return []
    blind = replace(found, gap=finder.gap_without(found.query, found.gap[2]))
    return [(signs(found)[0], False, weight * (1 - _UNFORESEEN)), (signs(blind)[0], False, weight * _UNFORESEEN)]


def threshold(rows: Rows, developed: list[Rows]) -> float:
    """The highest chance to answer at which the wanted share of development questions is still refused.

    The questions of each file (its own authors) are judged by a model fitted without them."""
    chances: list[NDArray[np.float64]] = []
    for number, mine in enumerate(developed):
        kept = chain.from_iterable(other for place, other in enumerate(developed) if place != number)
        model = logistic([*rows, *kept], SIGNS, SIGNS, balanced=False)
        chances.append(1 / (1 + np.exp(-model.scores(SIGNS, np.stack([row[0] for row in mine])))))
    chance = np.concatenate(chances)
    asked = [row for mine in developed for row in mine]
    as_it_is = np.array([row[2] != _DEVELOPED * _UNFORESEEN for row in asked])
    chance, right = chance[as_it_is], np.array([row[1] for row in asked])[as_it_is]
    cut = float(np.quantile(chance[~right], _REFUSED))
    kept_share, refused_share = float((chance[right] >= cut).mean()), float((chance[~right] < cut).mean())
    print(f"  门槛 {cut:.3f}：开发题中该答的答 {kept_share:.3f}，不该答的拒 {refused_share:.3f}")
    return round(cut, 3)


def main() -> int:
    """Fit with the encoder and without it, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, default=FOLDER.parent / "var" / "encoder")
    parser.add_argument("--cache", type=Path, default=FOLDER.parent / "var" / "index")
    parser.add_argument("--folds", type=int, default=_FOLDS, help="how many of the six parts to ask (fewer is quicker)")
    options = parser.parse_args()
    library, encoder = load_library(), load_encoder(options.encoder)
    if encoder is None:
        print(f"没有句子编码器：{options.encoder}；先运行 make 的安装步骤", file=sys.stderr)
        return 1
    development = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(DEVELOPMENT.glob("*.yml"))]
    data: dict[str, Any] = {}
    none = Linear(0.0, {})
    weights = Weights(none, none, none, none, kinds_agreement(library))
    for suffix, model in (("", encoder), ("_grams", None)):
        print("有编码器" if model else "无编码器")
        fitting = Fitting(library, model, options.cache, options.folds)
        rank = fitting.rank()
        weights = replace(weights, rank=rank) if model else replace(weights, rank_grams=rank)
        covers, cut = fitting.covers(weights, development)
        for name, linear in ((f"rank{suffix}", rank), (f"covers{suffix}", covers)):
            data[name] = {"intercept": linear.intercept, "coefficients": linear.coefficients}
        data[f"threshold{suffix}"] = cut
        print(data[f"rank{suffix}"], data[f"covers{suffix}"], cut)
    data["kinds"] = weights.kinds
    head = "# 由 python -m knowledge.fit 写出；不要手改。\n"
    FILE.write_text(head + yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
