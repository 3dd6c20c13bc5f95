"""`python -m knowledge.fit`: fits ranking and refusing on the authors' questions and writes knowledge/weights.yaml.

The authors of questions/ are dealt into GROUPS; each group's questions are asked of an index (and a lens) that knows all the others',
as a stranger's question is asked later. What must be refused: questions no plan answers.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from config.yaml_text import read_yaml
from knowledge.candidates import Candidate, Finder, forms_wanted
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

AUTHORS = FOLDER / "questions"  # one file an author or group of authors
GROUPS = 3  # indexes to learn; a group's authors are strangers to its index
_RIVALS, _REFUSED = 20, 0.905
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


class Group:
    """Some authors' entries, and the index that does not know them."""

    def __init__(self, entries: list[dict[str, Any]], library: Library, encoder: Encoder | None, cache: Path) -> None:
        texts, asked = Texts(library), {entry["q"] for entry in entries}
        self.entries, self.library, self.encoder = entries, library, encoder
        self.index = Index(library, encoder, cache, left_out=np.array([q in asked for q in texts.questions]))

    def ranked(self, weights: Weights) -> Rows:
        """For each question with a provision of its own: that one, and its rivals of the same plan."""
        rows: Rows = []
        for entry in self.entries:
            own = self.library.by_key.get(entry.get("provision", ""))
            if own is not None:
                rows += self._rivals(entry["q"], own, weights)
        return rows

    def _rivals(self, text: str, own: Provision, weights: Weights) -> Rows:
        shelf = self.index.shelves[own.plan]
        table = features(prepare(read_question(text), self.index, self.encoder), weights)[shelf.rows]
        first = np.argsort(-table[:, :5].sum(axis=1))[:_RIVALS]
        rows: Rows = [(table[shelf.provisions.index(own)], True, 1.0)]
        return rows + [(table[i], False, 1.0) for i in first if not _overlaps(shelf.provisions[i], own)]

    def judged(self, weights: Weights) -> Rows:
        """The signs of each question's candidates, and whether they answer it."""
        finder, binding = Finder(self.index, self.encoder, weights), self.library.binding
        rows: Rows = []
        for entry in self.entries:
            question = Question(entry["q"], entry["region"], entry.get("property_form"), entry.get("earlier"))
            asked = read_question(question.text, question.earlier)
            plans = tuple({c["plan"] for c in entry["cites"]}) if entry.get("elsewhere") else binding.plans_for(question.region)
            others = tuple(p for p in self.library.plans if p not in plans)
            found = finder.find(asked, plans, forms_wanted(asked, question), others=others)
            if found.candidates:
                right = entry["expect"] == "answered" and is_right(found.candidates[:3], entry["cites"])
                rows.append((signs(found)[0], right, 1.0))
        return rows


def is_right(candidates: Iterable[Candidate], cites: list[dict[str, str]]) -> bool:
    """Whether one of the candidates stands in a clause to be cited."""
    return any(c.provision.plan == w["plan"] and same_line(c.provision.clause, w["clause"]) for c in candidates for w in cites)


def threshold(judged: list[Rows]) -> float:
    """The chance to answer at which the wanted share of what must be refused is refused; each group judged by a model of the others."""
    chances: list[NDArray[np.float64]] = []
    for number, mine in enumerate(judged):
        kept = [row for place, other in enumerate(judged) if place != number for row in other]
        model = logistic(kept, SIGNS, SIGNS, balanced=False)
        chances.append(1 / (1 + np.exp(-model.scores(SIGNS, np.stack([row[0] for row in mine])))))
    chance, right = np.concatenate(chances), np.array([row[1] for mine in judged for row in mine])
    cut = float(np.quantile(chance[~right], _REFUSED))
    kept_share, refused_share = float((chance[right] >= cut).mean()), float((chance[~right] < cut).mean())
    print(f"  门槛 {cut:.3f}：该答的答 {kept_share:.3f}，不该答的拒 {refused_share:.3f}")
    return round(cut, 3)


def fitted(library: Library, encoder: Encoder | None, cache: Path, weights: Weights) -> tuple[Linear, Linear, float]:
    """The model that orders provisions, the one that decides whether the best answers, and its threshold."""
    files = [read_yaml(file.read_text(encoding="utf-8")) for file in sorted(AUTHORS.glob("*.yml"))]
    groups = []
    for number in range(GROUPS):
        print(f"  学习第 {number + 1}/{GROUPS} 份…", flush=True)
        groups.append(Group([entry for file in files[number::GROUPS] for entry in file], library, encoder, cache))
    rank = logistic([row for group in groups for row in group.ranked(weights)], FEATURES, _RANKED_BY, balanced=True)
    weights = replace(weights, rank=rank) if encoder else replace(weights, rank_grams=rank)
    judged = [group.judged(weights) for group in groups]
    return rank, logistic([row for rows in judged for row in rows], SIGNS, SIGNS, balanced=False), threshold(judged)


def main() -> int:
    """Fit with the encoder and without it, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, default=FOLDER.parent / "var" / "encoder")
    parser.add_argument("--cache", type=Path, default=FOLDER.parent / "var" / "fit")
    options = parser.parse_args()
    library, encoder = load_library(), load_encoder(options.encoder)
    if encoder is None:
        print(f"没有句子编码器：{options.encoder}；先运行 make 的安装步骤", file=sys.stderr)
        return 1
    data: dict[str, Any] = {}
    none = Linear(0.0, {})
    weights = Weights(none, none, none, none, kinds_agreement(library))
    for suffix, model in (("", encoder), ("_grams", None)):
        print("有编码器" if model else "无编码器")
        rank, covers, cut = fitted(library, model, options.cache, weights)
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
