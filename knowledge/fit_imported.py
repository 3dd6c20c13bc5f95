"""`python -m knowledge.fit_imported`: fits finding and refusing in imported plans and writes knowledge/imported_weights.yaml.

Each of the folder's plans in turn is taken out (of the library, the lens and the words), imported again from its bare text, and asked
its own lay questions, which nothing then knows; what must be refused are the questions no plan answers (gaps.yaml), each asked with the
gap it belongs to taken away.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge.candidates import Field, Finder
from knowledge.encoder import Encoder, load_encoder
from knowledge.fit import Rows as Fitted
from knowledge.fit import logistic
from knowledge.import_provisions import provisions_of
from knowledge.imported_shelf import ImportedShelf, Kin, Rows, make_segment
from knowledge.imported_weights import FILE, ImportedWeights, Judgement
from knowledge.index import Index
from knowledge.judge import SIGNS, signs
from knowledge.library import FOLDER, Library, load_library
from knowledge.plan import same_line, squeezed
from knowledge.provisions import Provision
from knowledge.read_question import read_question
from knowledge.search import FEATURES, features, prepare
from knowledge.weights import Linear, load_weights

_ASKED, _GAPS, _RIVALS, _REFUSED, _LEAST, _TAKEN_AWAY, _TRUST = 160, 120, 20, 0.95, 0.5, 0.15, 0.7
_RANKED_BY = ("q_best", "q_three", "answer", "quote", "g_question", "g_passage", "agree", "unit", "year", "covered")


class TakenOut:
    """One plan imported again into the library of the others."""

    def __init__(self, library: Library, plan_id: str, encoder: Encoder | None, cache: Path) -> None:
        self.plan, self.own = library.plans[plan_id], library.by_plan[plan_id]
        plans = {key: plan for key, plan in library.plans.items() if key != plan_id}
        rest = replace(library, plans=plans, provisions=tuple(p for p in library.provisions if p.plan != plan_id))
        self.index = Index(rest, encoder, cache)
        self.encoder, self.finder = encoder, Finder(self.index, encoder, load_weights())
        kin, empty = Kin(self.index), Judgement(Linear(0.0, {}), 1.0, Linear(0.0, {}), 0.5)
        arrays = make_segment(self.plan, provisions_of(self.plan), kin, Rows(self.index, encoder), ())
        self.shelf = ImportedShelf(plan_id, arrays, kin, ImportedWeights(empty, empty), with_encoder=True)
        self.provisions = list(self.shelf.provisions)
        self.index.imported = {plan_id: self.shelf}
        rng = np.random.default_rng(11)
        asked = [(q, p) for p in self.own for q in p.questions]
        gaps = [(q, number) for number, g in enumerate(rest.gaps) for q in g.questions]
        self.asked: list[tuple[str, Provision | None, int]] = [(*asked[i], -1) for i in rng.permutation(len(asked))[:_ASKED]]
        self.asked += [(gaps[i][0], None, gaps[i][1]) for i in rng.permutation(len(gaps))[:_GAPS]]

    def right(self, p: Provision, own: Provision | None) -> bool:
        """Whether an imported provision says what the folder's says."""
        if own is None or not same_line(p.clause, own.clause):
            return False
        mine, theirs = squeezed(p.quote), squeezed(own.quote)
        return mine in theirs or theirs in mine or len(set(mine) & set(theirs)) > 0.7 * len(set(theirs))

    def rivals(self) -> Fitted:
        """Rows for ranking: what answers a question against what does not."""
        rows: Fitted = []
        for text, own, _ in self.asked:
            if own is None:
                continue
            query = prepare(read_question(text), self.index, self.encoder)
            table = self.shelf.features(query, self.finder.weights, features(query, self.finder.weights))
            right = np.array([self.right(p, own) for p in self.provisions])
            first = np.argsort(-(table[:, 0] + table[:, 2] + table[:, 4] + table[:, 7]))[:_RIVALS]
            best = np.flatnonzero(right)[np.argsort(-table[right][:, 2])][:2]
            rows += [(table[i], True, 1.0) for i in best] + [(table[i], False, 1.0) for i in first if not right[i]]
        return rows

    def noise(self, rank: Linear) -> tuple[list[float], list[float]]:
        """The best score of what answers nothing, in the imported plan as `rank` has it and in the folder's plans: one pair per gap."""
        own, others = [], []
        for text, _, gap in self.asked:
            if gap >= 0:
                asked = read_question(text)
                query = prepare(asked, self.index, self.encoder)
                table = features(query, self.finder.weights)
                own.append(float(rank.scores(FEATURES, self.shelf.features(query, self.finder.weights, table)).max()))
                others.append(float(self.finder.rank.scores(FEATURES, table).max()))
        return own, others

    def found(self, judgement: Judgement) -> list[tuple[Field, Provision | None]]:
        """What is found for each question with this judgement."""
        self.shelf.judgement = judgement
        fields = []
        for text, own, gap in self.asked:
            asked = read_question(text)
            query = prepare(asked, self.index, self.encoder)
            candidates = tuple(self.finder.of_plan(query, self.plan.id, features(query, self.finder.weights)))
            fields.append((Field(asked, query, candidates, self.finder.gap_without(query, gap)), own))
        return fields


def judged(out: TakenOut, judgement: Judgement) -> tuple[Fitted, list[tuple[NDArray[np.float32], bool, bool]]]:
    """Rows for deciding, and for each question its signs, whether the first is right and whether it could be answered."""
    rows: Fitted = []
    tried = []
    for field, own in out.found(judgement):
        first = field.candidates[0].provision
        right = own is not None and same_line(first.clause, own.clause)
        rows.append((signs(field)[0], right, 1.0))
        tried.append((signs(field)[0], right, own is not None))
        rest = tuple(c for c in field.candidates if own is None or not same_line(c.provision.clause, own.clause))
        if own is not None and rest:
            rows.append((signs(replace(field, candidates=rest))[0], False, _TAKEN_AWAY))
    return rows, tried


def _levelled(noise: list[tuple[list[float], list[float]]]) -> float:
    """What the scores of an imported plan are multiplied by to stand beside the folder's: what answers nothing spreads _TRUST times as
    far in both (zero is even odds in both). At 1 what nobody reviewed stands before reviewed provisions too often."""
    own, others = (np.concatenate([pair[side] for pair in noise]) for side in (0, 1))
    return round(_TRUST * float(np.std(others) / max(float(np.std(own)), 1e-6)), 4)


def fit(library: Library, encoder: Encoder | None, cache: Path) -> dict[str, Any]:
    """The weights with or without the encoder, and what they reach on the questions (printed)."""
    outs = [TakenOut(library, plan, encoder, cache) for plan in library.plans]
    rank = logistic([row for out in outs for row in out.rivals()], FEATURES, _RANKED_BY, balanced=True)
    scale = _levelled([out.noise(rank) for out in outs])
    pairs = [judged(out, Judgement(rank, scale, Linear(0.0, {}), 0.5)) for out in outs]
    covers = logistic([row for rows, _ in pairs for row in rows], SIGNS, [s for s in SIGNS if not s.startswith("away")], balanced=False)
    tried = [one for _, some in pairs for one in some]
    chance = 1 / (1 + np.exp(-covers.scores(SIGNS, np.stack([t[0] for t in tried]))))
    answerable, right = np.array([t[2] for t in tried]), np.array([t[1] for t in tried])
    threshold = max(float(np.quantile(chance[~answerable], _REFUSED)), _LEAST)
    said = chance >= threshold
    print(
        f"编码器 {'有' if encoder else '无'}：首选条款对 {right[answerable].mean():.3f}；答 {said[answerable].mean():.3f}，"
        f"所答中条款对 {right[answerable & said].mean():.3f}；该拒的拒 {1 - said[~answerable].mean():.3f}（{len(tried)} 问）",
        flush=True,
    )
    return {"rank": vars(rank), "scale": scale, "covers": vars(covers), "threshold": round(threshold, 3)}


def main() -> int:
    """Fit with and without the encoder and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, default=FOLDER.parent / "var" / "encoder")
    parser.add_argument("--vectors", type=Path, default=FOLDER.parent / "var" / "index")
    options = parser.parse_args()
    library, encoder = load_library(), load_encoder(options.encoder)
    if encoder is None:
        print("没有句子编码器，不能拟合")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)  # an index of its own: the one in use keeps its files
        known = options.vectors / f"{encoder.digest}.npz"
        if known.is_file():
            copy(known, cache)
        found = {"encoder": fit(library, encoder, cache), "grams": fit(library, None, cache)}
    head = "# 由 python -m knowledge.fit_imported 写出；不要手改。\n"
    FILE.write_text(head + yaml.safe_dump(found, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
