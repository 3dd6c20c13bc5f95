"""The procedures of committee duties (knowledge/procedures): which one is meant, and its steps for a region."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from committee.check import check_procedures
from committee.instruments import FOLDER, Instruments, Source, ancestry, read_instruments
from committee.matching import Matcher, is_meant
from committee.procedure_file import (
    DeadlineEntry,
    NoteEntry,
    ProcedureFile,
    SourceEntry,
    StepEntry,
    procedure_paths,
    read_procedure_file,
)
from config.refusal import Refused
from config.regions import regions
from config.words import Words


@dataclass(frozen=True)
class Match:
    """The procedure a person means; `score` 0..1 (and a little more when words decide)."""

    procedure_id: str
    title: str
    score: float


@dataclass(frozen=True)
class Step:
    """One step ready to be said. `text` holds its hedge when part of it is not verified; `citation` is the contract's record."""

    number: int
    who: str
    text: str
    deadline: str
    papers: tuple[str, ...]
    source_text: str
    verified: bool
    citation: dict[str, Any] | None
    title: str = ""
    citations: tuple[dict[str, Any], ...] = ()
    due: DeadlineEntry | None = None
    n: int = 0  # the number in the procedure's file: the same in every region


@dataclass(frozen=True)
class Guide:
    """A procedure for one region: what it is, its steps in order, and what to beware of."""

    title: str
    intro: str
    steps: list[Step]
    cautions: list[str]


class Procedures:
    """All procedures of a folder. Build with `load`."""

    def __init__(self, procedures: list[ProcedureFile], instruments: Instruments, words: Words) -> None:
        self._by_id = {procedure.id: procedure for procedure in procedures}
        self._instruments = instruments
        self._words = words
        self.words = words
        self._matcher = Matcher(procedures)

    @classmethod
    def load(cls, folder: Path = FOLDER, words: Words | None = None) -> "Procedures":
        """Read and check a folder; Refused with every fault, each with file and line, when one is wrong."""
        faults = check_procedures(folder)
        if faults:
            raise Refused("\n".join(map(str, faults)), "改正后运行 python -m committee.check 再看一遍", code="procedures")
        read = [read_procedure_file(path).procedure for path in procedure_paths(folder)]
        return cls([p for p in read if p is not None], read_instruments(folder), words or Words())

    def titles(self) -> list[tuple[str, str]]:
        """Every procedure as (id, title), in file order."""
        return [(procedure.id, procedure.title) for procedure in self._by_id.values()]

    def find(self, text: str) -> Match | None:
        """The procedure this sentence means, or None when it means none clearly."""
        ranked = self.ranked(text)
        return ranked[0] if len(ranked) > 1 and is_meant(ranked[0].score, ranked[1].score) else None

    def ranked(self, text: str) -> list[Match]:
        """Every procedure with its score, best first (for offering a choice)."""
        scores = self._matcher.score(text)
        found = [Match(name, self._by_id[name].title, round(score, 4)) for name, score in scores.items()]
        return sorted(found, key=lambda match: -match.score)

    def entry(self, procedure_id: str) -> ProcedureFile:
        """The procedure as written; Refused when there is none of this id."""
        if procedure_id not in self._by_id:
            raise Refused(f"没有办事步骤 {procedure_id}", "可选：" + "、".join(self._by_id), status=404, code="no_procedure")
        return self._by_id[procedure_id]

    def guide(self, procedure_id: str, region: str | None) -> Guide:
        """The procedure for a resident of the region (None: only what holds everywhere). Refused for an unknown id."""
        procedure = self.entry(procedure_id)
        line = ancestry(region)
        steps = [step for entry in procedure.steps if _holds(entry.regions, line) and (step := self._step(entry, region)) is not None]
        numbered = [replace(step, number=number) for number, step in enumerate(steps, start=1)]
        cautions = [self._note(note) for note in (*procedure.notes, *procedure.cautions) if _holds(note.regions, line)]
        if not _holds(procedure.scope, line):
            cautions.insert(0, self._words("committee_out_of_scope"))
        if any(not step.verified for step in numbered):
            cautions.append(self._words("committee_some_unsure"))
        return Guide(procedure.title, procedure.intro, numbered, cautions)

    def _step(self, entry: StepEntry, region: str | None) -> Step | None:
        line = ancestry(region)
        sentences = [entry.text] if entry.text else []
        sources = [_source(source) for source in entry.sources]
        for local in entry.local:
            if local.region in line:
                sentences.append(self._words("committee_local", region=regions()[local.region].name, text=local.text))
                sources.append(_source(local.source))
        carried = bool(sentences)
        if entry.unsure:
            sentences.append(self._words("committee_unsure", text=entry.unsure))
        if not sentences:
            return None
        due = entry.deadline if entry.deadline and _holds(entry.deadline.regions, line) else None
        citations = tuple(c for source in sources if (c := self._instruments.citation(source, region)))
        return Step(
            number=entry.n,
            who=entry.who,
            text=self._words("committee_step", title=entry.title, text="".join(sentences)),
            deadline=self._deadline(due),
            papers=entry.papers,
            source_text=self._source_text(sources if carried else []),
            verified=entry.verified and carried,
            citation=citations[0] if citations else None,
            title=entry.title,
            citations=citations,
            due=due,
            n=entry.n,
        )

    def _deadline(self, due: DeadlineEntry | None) -> str:
        if due is None:
            return ""
        return due.text if due.sure else self._words("committee_deadline_unsure", text=due.text)

    def _source_text(self, sources: list[Source]) -> str:
        if not sources:
            return self._words("committee_source_none")
        return self._words("committee_sources", sources="、".join(self._instruments.name(source, self._words) for source in sources))

    def _note(self, note: NoteEntry) -> str:
        text = note.text if note.sure else self._words("committee_unsure", text=note.text)
        if note.source is None:
            return text
        return self._words("committee_note_sourced", text=text, source=self._instruments.name(_source(note.source), self._words))


def _holds(written_for: tuple[str, ...], line: tuple[str, ...]) -> bool:
    """Whether what is written for these regions (none: all) holds for a resident with this ancestry."""
    return not written_for or any(region in line for region in written_for)


def _source(entry: SourceEntry) -> Source:
    return Source(entry.instrument, entry.article or entry.clause, entry.quote)
