"""The records of a plan: its identity, its clauses in the order of the text, and exact look-up of a quotation."""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from knowledge.finding import Standing

_UNNUMBERED = ("文头", "附件目录", "文尾")  # parts without a numeral, which may be cited under the clause beside them
WHITE = re.compile(r"\s+")


def squeezed(text: str) -> str:
    """The text without any white space: the form in which quotations are compared with a plan."""
    return WHITE.sub("", text)


@dataclass(frozen=True)
class Block:
    """One run of the text: the clause it belongs to and its paragraphs without hard line breaks. `heading` marks a heading line."""

    clause: str
    paragraphs: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True)
class Clause:
    """A clause by its id (三（二）1), its own heading, and its own text without that of the clauses below it."""

    id: str
    heading: str
    text: str
    parent: str | None


@dataclass(frozen=True)
class PlanIdentity:
    """What plans.yaml says of a plan. `status` is as declared; `standing_on` dates it."""

    id: str
    title: str
    doc_number: str | None
    issuer: str
    issued: date | None
    starts: date | None
    ends: date | None
    region: str
    status: Standing
    followed_by: str | None = None
    replaced: bool = False  # another plan took its place: once ended, it answers only for its own time

    def standing_on(self, day: date | None) -> Standing:
        """The plan's standing on a day: a plan in force has ended once its period is over; a draft stays a draft."""
        if self.status == "in_force" and day is not None and self.ends is not None and day > self.ends:
            return "ended"
        return self.status

    def is_replaced_on(self, day: date | None) -> bool:
        """Whether another plan has taken this one's place by the day."""
        return self.replaced and day is not None and self.ends is not None and day > self.ends


@dataclass(frozen=True)
class Plan:
    """A plan with its text cut into clauses. `blocks` joined give the source text back, white space and page furniture aside."""

    identity: PlanIdentity
    blocks: tuple[Block, ...]
    clauses: dict[str, Clause] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The plan's id, for example donghe-2025."""
        return self.identity.id

    @cached_property
    def plain(self) -> str:
        """The whole text without white space."""
        return "".join(squeezed(p) for b in self.blocks for p in b.paragraphs)

    @cached_property
    def _spans(self) -> list[tuple[int, int, str]]:
        spans, at = [], 0
        for block in self.blocks:
            length = sum(len(squeezed(p)) for p in block.paragraphs)
            spans.append((at, at + length, block.clause))
            at += length
        return spans

    def holds(self, quote: str, clause: str | None = None) -> bool:
        """Whether `quote` is an exact run of the text (white space aside), touching `clause` or one below or above it when given."""
        run = squeezed(quote)
        if not run:
            return False
        at = self.plain.find(run)
        while at >= 0:
            if clause is None:
                return True
            touched = [c for start, end, c in self._spans if start < at + len(run) and at < end]
            if any(c in _UNNUMBERED or same_line(clause, c) for c in touched):
                return True
            at = self.plain.find(run, at + 1)
        return False

    def clause_at(self, quote: str, wanted: str) -> str | None:
        """The clause a run of the text stands in, `wanted` when it does so there; None when it is not in the text."""
        if self.holds(quote, wanted) and wanted in self.clauses:
            return wanted
        at = self.plain.find(squeezed(quote))
        inside = (c for start, end, c in self._spans if start <= at < end and c in self.clauses)
        return next(inside, None) if at >= 0 else None

    def run(self, quote: str) -> tuple[int, int]:
        """Where a quotation begins and ends in `plain`; (0, 0) when it is not there."""
        at = self.plain.find(squeezed(quote))
        return (at, at + len(squeezed(quote))) if at >= 0 else (0, 0)

    @cached_property
    def _sentence_ends(self) -> list[int]:
        ends, at = {0}, 0
        for block in self.blocks:
            for paragraph in block.paragraphs:
                plain = squeezed(paragraph)
                ends |= {at + i + 1 for i, character in enumerate(plain) if character in "。；;"}
                at += len(plain)
                ends.add(at)
        return sorted(ends)

    def whole_sentence(self, quote: str, longest: int) -> str:
        """The quotation widened to whole sentences of the text, as it stands there; itself when that is longer than `longest`."""
        start, end = self.run(quote)
        if end == start:
            return quote
        first = self._sentence_ends[bisect_right(self._sentence_ends, start) - 1]
        last = self._sentence_ends[bisect_left(self._sentence_ends, end)]
        return self.plain[first:last] if last - first <= longest else quote

    def heading_path(self, clause: str) -> list[str]:
        """The headings from the top down to this clause, empty ones left out."""
        path: list[str] = []
        here: str | None = clause
        while here and here in self.clauses:
            if self.clauses[here].heading:
                path.insert(0, self.clauses[here].heading)
            here = self.clauses[here].parent
        return path

    def heading(self, clause: str) -> str:
        """The nearest heading at or above the clause."""
        path = self.heading_path(clause)
        return path[-1] if path else clause


def same_line(one: str, other: str) -> bool:
    """Whether two clause ids are equal or one stands above the other, on a clause boundary (三（二） above 三（二）1; not 二1 and 二12)."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if not long.startswith(short):
        return False
    following = long[len(short)]
    return not (short[-1].isdigit() and following.isdigit()) and not (following in "一二三四五六七八九十" and short[-1] not in "）项")
