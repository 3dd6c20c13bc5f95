"""The index: for each plan its lay questions, provisions and sentences, seen through the lens, and their character grams.

Building encodes every text and learns the lens (half a minute); what was built is kept in a folder under a name made of the texts and the
model, so that a second start only reads it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.encoder import Encoder, Vectors, VectorStore
from knowledge.kept import Kept, keep, kept
from knowledge.lens import LATENT, GramSpace, Lens, Lesson, Progress, learn, narrowed, singular_directions, tfidf
from knowledge.library import Library
from knowledge.ngrams import GramMatrix, Vocabulary, grams
from knowledge.plan import Plan
from knowledge.provisions import Provision
from knowledge.read_question import units_given
from knowledge.texts import ROLES, Sentence, Texts, answer_text, passage_text, quote_text, sentence_text, sentences_of

if TYPE_CHECKING:
    from knowledge.imported_shelf import ImportedShelf

_FORMAT = "9"


@dataclass(frozen=True)
class Asking:
    """Lay questions: rows seen through the lens, gram weights, and which questions each entry has.

    `places`, shape (entries, most questions of one): rows of `seen`; past an entry's last question the number of all questions.
    """

    seen: Vectors
    grams: GramMatrix
    places: NDArray[np.int64]


@dataclass(frozen=True)
class Folder:
    """The provisions of all plans of the folder, one plan behind the other, searched in one go. Row i of everything is provision i; the
    entries of `asking` are the provisions and, behind them, the known gaps."""

    provisions: tuple[Provision, ...]
    asking: Asking
    answers: Vectors
    asks: Vectors
    quotes: Vectors
    answer_grams: GramMatrix
    passage_grams: GramMatrix
    word_grams: GramMatrix
    kinds: tuple[str, ...]  # the kinds there are
    kind_of: NDArray[np.int64]  # which of them each provision is of
    units: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Shelf:
    """What the index holds of one plan; `rows`: where its provisions stand in the folder."""

    plan: str
    provisions: tuple[Provision, ...]
    rows: slice
    sentences: tuple[Sentence, ...]
    sentence_rows: Vectors
    sentence_grams: GramMatrix


def _lessons(texts: Texts, rows: dict[str, NDArray[np.float32]], left_out: NDArray[np.bool_]) -> list[Lesson]:
    """One lesson per plan: its own texts, and the questions no plan answers, each gap an entry of its own."""
    count = len(texts.library.provisions)
    lessons = []
    for number in range(len(texts.library.plans)):
        mine = np.flatnonzero(texts.plan_of == number)
        if len(mine):
            asked = (np.isin(texts.owner, mine) | (texts.owner >= count)) & ~left_out
            own = [rows["question"][asked], rows["answer"][mine], rows["asks"][mine], rows["quote"][mine]]
            lessons.append(Lesson(np.vstack(own), np.concatenate([texts.owner[asked], mine, mine, mine])))
    return lessons


def fit_lens(
    texts: Texts, vocabulary: Vocabulary, store: VectorStore | None, left_out: NDArray[np.bool_], progress: Progress | None
) -> Lens:  # fmt: skip
    """Learn the lens from all texts except the questions marked in `left_out` (for fitting; none at run time)."""
    roles = texts.by_role()
    vectors = {role: store.vectors(said) for role, said in roles.items()} if store else {}
    asked = [q for q, out in zip(texts.questions, left_out, strict=True) if not out]
    directions = singular_directions(tfidf(vocabulary, [*asked, *texts.answers, *texts.asks, *texts.quotes]), LATENT)
    space, means = GramSpace(vocabulary, directions), {role: v.mean(axis=0) for role, v in vectors.items()}
    plain = Lens(space, means, np.eye(1, dtype=np.float32))
    rows = {role: plain.raw(roles[role], vectors.get(role), role) for role in ROLES}
    lessons = _lessons(texts, rows, left_out)
    return Lens(space, means, narrowed(learn(lessons, progress), np.vstack([lesson.rows for lesson in lessons])))


class Index:
    """Shelves by plan id and the questions of the known gaps. `left_out` marks questions kept out of it (only for fitting)."""

    def __init__(
        self, library: Library, encoder: Encoder | None, folder: Path | None = None, *,
        left_out: NDArray[np.bool_] | None = None, progress: Progress | None = None,
    ) -> None:  # fmt: skip
        self.library = library
        self.imported: Mapping[str, ImportedShelf] = {}  # shelves of plans imported since (knowledge.live)
        texts = Texts(library)
        made_of = _FORMAT + (encoder.digest if encoder else "") + ("" if left_out is None else sha256(left_out.tobytes()).hexdigest())
        file = folder / f"index-{texts.digest(made_of)}.npz" if folder else None
        known = kept(file) if file else None
        if known is None:
            known = _built(texts, encoder, folder, left_out, progress)
            if file:
                keep(file, known)
        self.vocabulary, self.lens = known.vocabulary, known.lens
        self.folder = _folder(known, library)
        ends = np.cumsum([len(library.by_plan[plan]) for plan in library.plans]).tolist()
        self.shelves = {plan.id: _shelf(known, plan, library, end) for plan, end in zip(library.plans.values(), ends, strict=True)}


def _built(
    texts: Texts, encoder: Encoder | None, folder: Path | None, left_out: NDArray[np.bool_] | None, progress: Progress | None
) -> Kept:  # fmt: skip
    """Everything that takes time: vectors, lens, rows and gram weights of every plan."""
    out = left_out if left_out is not None else np.zeros(len(texts.questions), dtype=np.bool_)
    store = VectorStore(encoder, folder) if encoder else None
    if store:
        store.vectors([*(t for said in texts.by_role().values() for t in said), *texts.sentences], progress)
    vocabulary = Vocabulary.of(grams(t) for t in [*texts.questions, *texts.passages])
    made = Kept(vocabulary, fit_lens(texts, vocabulary, store, out, progress))
    builder = _Builder(made, store)
    at = 0
    for plan in texts.library.plans.values():
        at = builder.plan(plan, texts.library.by_plan[plan.id], out, at)
    builder.questions("gaps", [g.questions for g in texts.library.gaps], out[at:])
    builder.join([*texts.library.plans])
    return made


class _Builder:
    """Fills a Kept with the rows and gram weights of each plan, under `<plan>/<what>`."""

    def __init__(self, made: Kept, store: VectorStore | None) -> None:
        self._made, self._store = made, store

    def _rows(self, name: str, said: Sequence[str], role: str) -> Vectors:
        seen = self._made.lens.see(said, self._store.vectors(said) if self._store else None, role)
        self._made.rows[name] = seen
        return seen

    def _grams(self, name: str, said: Sequence[str]) -> None:
        self._made.grams[name] = GramMatrix.of(self._made.vocabulary, said)

    def join(self, plans: Sequence[str]) -> None:
        """Put what is searched in one go under `<what>` alone, the plans in order and the gaps' questions behind theirs."""
        rows, weights = self._made.rows, self._made.grams
        for what in ("questions", "answers", "asks", "quotes"):
            names = [*plans, "gaps"] if what == "questions" else plans
            rows[what] = np.concatenate([rows.pop(f"{name}/{what}") for name in names])
        for what in ("questions", "answers", "passages", "words"):
            names = [*plans, "gaps"] if what == "questions" else plans
            weights[what] = GramMatrix.joined([weights.pop(f"{name}/{what}") for name in names])

    def questions(self, name: str, entries: Sequence[tuple[str, ...]], out: NDArray[np.bool_]) -> int:
        """A question left out keeps its place with an empty row, so that places do not shift. Returns how many there are."""
        said = [q for entry in entries for q in entry]
        self._rows(f"{name}/questions", said, "question")[out[: len(said)]] = 0.0
        self._grams(f"{name}/questions", ["" if gone else q for q, gone in zip(said, out, strict=False)])
        return len(said)

    def plan(self, plan: Plan, mine: tuple[Provision, ...], out: NDArray[np.bool_], at: int) -> int:
        """One plan, whose questions begin at `at`; returns where the next plan's begin."""
        count = self.questions(plan.id, [p.questions for p in mine], out[at:])
        starts = np.cumsum([0, *[len(p.questions) for p in mine]])
        kept = [[q for q, gone in zip(p.questions, out[at + s :], strict=False) if not gone] for p, s in zip(mine, starts, strict=False)]
        words = [" ".join((*asked, passage_text(plan, p))) for p, asked in zip(mine, kept, strict=True)]
        self._made.grams[f"{plan.id}/words"] = GramMatrix.of(self._made.vocabulary, words, counted=False)
        answers, under = [answer_text(p) for p in mine], [sentence_text(plan, s) for s in sentences_of(plan)]
        self._rows(f"{plan.id}/answers", answers, "answer")
        self._rows(f"{plan.id}/asks", ["、".join(p.asks) for p in mine], "asks")
        self._rows(f"{plan.id}/quotes", [quote_text(plan, p) for p in mine], "quote")
        self._rows(f"{plan.id}/sentences", under, "quote")
        self._grams(f"{plan.id}/answers", answers)
        self._grams(f"{plan.id}/passages", [passage_text(plan, p) for p in mine])
        self._grams(f"{plan.id}/sentences", under)
        return at + count


def _places(entries: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
    lengths = np.array([len(e) for e in entries], dtype=np.int64)
    column = np.arange(max([1, *lengths.tolist()]))[None, :]
    firsts = (np.cumsum(lengths) - lengths)[:, None]
    return np.where(column < lengths[:, None], firsts + column, lengths.sum())


def _folder(known: Kept, library: Library) -> Folder:
    every = tuple(p for plan in library.plans for p in library.by_plan[plan])
    kinds = tuple(dict.fromkeys(p.kind for p in every))
    asked = [*(p.questions for p in every), *(g.questions for g in library.gaps)]
    rows, weights = known.rows, known.grams
    return Folder(
        every, Asking(rows["questions"], weights["questions"], _places(asked)), rows["answers"], rows["asks"], rows["quotes"],
        weights["answers"], weights["passages"], weights["words"],
        kinds, np.array([kinds.index(p.kind) for p in every], dtype=np.int64), tuple(units_given(p.answer) for p in every),
    )  # fmt: skip


def _shelf(known: Kept, plan: Plan, library: Library, end: int) -> Shelf:
    mine = library.by_plan[plan.id]
    said = known.rows[f"{plan.id}/sentences"], known.grams[f"{plan.id}/sentences"]
    return Shelf(plan.id, mine, slice(end - len(mine), end), sentences_of(plan), *said)
