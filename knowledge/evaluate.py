"""`python -m knowledge.evaluate FILE…`: how often answers are right, on questions with known answers (aggregate figures as JSON).

An entry is {q, region, property_form, expect: answered|not_covered, cites: [{plan, clause}], all_of, must_say, elsewhere,
or_not_covered, earlier?}. A citation counts when the plan is the same and one clause is the other or stands above it.
"""

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.answer_question import Answerer
from knowledge.encoder import load_encoder
from knowledge.finding import Answered, Finding, OfPlan, Question, Statement
from knowledge.index import Index
from knowledge.library import FOLDER, load_library
from knowledge.numbers import unsupported_numbers
from knowledge.plan import same_line, squeezed


@dataclass
class Score:
    """The outcome of one entry."""

    entry: dict[str, Any]
    finding: Finding
    right: bool
    cited: bool
    ms: float
    stray_numbers: int = 0
    stray_quotes: int = 0


def is_cited(finding: Answered, entry: dict[str, Any]) -> bool:
    """Whether the citations wanted (all of them, or one) are among the answer's; one from elsewhere must say it does not bind."""
    stated = [s.citation for s in finding.statements]
    hits = [any(c["plan"] == s.plan and same_line(c["clause"], s.clause) for s in stated) for c in entry["cites"]]
    found = all(hits) if entry.get("all_of") else any(hits)
    unbinding = not entry.get("elsewhere") or not finding.statements[0].citation.binding
    return bool(hits) and found and unbinding


def _first_cited(finding: Answered, entry: dict[str, Any]) -> bool:
    return is_cited(Answered(finding.statements[:1], 1.0), entry | {"all_of": False})


def is_said(finding: Answered, wanted: list[str]) -> bool:
    """Whether every wanted word is in the answer or its quotations (white space aside)."""
    text = squeezed("".join(s.text + s.citation.quote for s in finding.statements))
    return all(squeezed(str(word)) in text for word in wanted)


def _judged_as(finding: Finding) -> Finding:
    """Who a document is counts as an answer where the text states it; only its quotation is judged, the rest is confirmed identity."""
    if isinstance(finding, OfPlan) and finding.citation is not None:
        return Answered((Statement("", finding.citation),), finding.confidence)
    return finding


def score(answerer: Answerer, entry: dict[str, Any]) -> Score:
    """Ask one entry's question and judge the finding."""
    question = Question(entry["q"], entry.get("region"), entry.get("property_form"), entry.get("earlier"), entry.get("earlier_provision"))
    started = time.perf_counter()
    finding = _judged_as(answerer.answer(question))
    ms = (time.perf_counter() - started) * 1000
    answered = isinstance(finding, Answered)
    cited = isinstance(finding, Answered) and is_cited(finding, entry)
    right = cited and isinstance(finding, Answered) and is_said(finding, entry.get("must_say") or [])
    if entry["expect"] == "not_covered" or entry.get("or_not_covered"):
        right = right or not answered
    found = Score(entry, finding, right, cited, ms)
    for s in finding.statements if isinstance(finding, Answered) else ():
        found.stray_numbers += len(unsupported_numbers(s.text, s.citation.quote))
        found.stray_quotes += not answerer.library.plans[s.citation.plan].holds(s.citation.quote, s.citation.clause)
    return found


def figures(scores: list[Score]) -> dict[str, Any]:
    """The aggregate figures of some scores."""
    wanted = [s for s in scores if s.entry["expect"] == "answered"]
    refused = [s for s in scores if s.entry["expect"] == "not_covered"]
    times = sorted(s.ms for s in scores)
    first = [s for s in wanted if isinstance(s.finding, Answered) and _first_cited(s.finding, s.entry)]

    def share(part: int, whole: int) -> float | None:
        return round(part / whole, 3) if whole else None

    return {
        "n": len(scores),
        "right_fact_and_citation": share(sum(s.right for s in wanted), len(wanted)),
        "right_citation": share(sum(s.cited for s in wanted), len(wanted)),
        "right_citation_first": share(len(first), len(wanted)),
        "wrongly_declined": share(sum(not isinstance(s.finding, Answered) for s in wanted), len(wanted)),
        "refusals_right": share(sum(s.right for s in refused), len(refused)),
        "statements_per_answer": round(
            statistics.mean([len(s.finding.statements) for s in scores if isinstance(s.finding, Answered)] or [0]), 2
        ),
        "numbers_not_in_quote": sum(s.stray_numbers for s in scores),
        "quotes_not_in_text": sum(s.stray_quotes for s in scores),
        "p50_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[int(len(times) * 0.95)], 1),
    }


def _shown(found: Score) -> str:
    said = "；".join(f"[{s.citation.plan} {s.citation.clause}] {s.text}" for s in getattr(found.finding, "statements", ()))
    near = "；".join(f"[{s.citation.plan} {s.citation.clause}] {s.text}" for s in getattr(found.finding, "nearest", ()))
    ending = said or f"{getattr(found.finding, 'reason', '')}（近：{near}）"
    return f"✗ {found.entry['q']} | {found.entry['region']} | {found.entry.get('cites')} | {found.finding.confidence:.2f} | {ending}"


def main() -> int:
    """Score the files and print one JSON object per file; `--show` lists what was wrong (never for held-out files)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--encoder", type=Path, default=FOLDER.parent / "var" / "encoder")
    parser.add_argument("--cache", type=Path, default=FOLDER.parent / "var" / "index")
    parser.add_argument("--without-encoder", action="store_true")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    library = load_library()
    encoder = None if options.without_encoder else load_encoder(options.encoder)
    answerer = Answerer(library, encoder, index=Index(library, encoder, options.cache))
    answerer.answer(Question("电梯坏了多久修好", "donghe"))
    for file in options.files:
        scores = [score(answerer, entry) for entry in yaml.safe_load(file.read_text(encoding="utf-8"))]
        if options.show and "held_out" not in file.name:
            print("\n".join(_shown(s) for s in scores if not s.right))
        print(json.dumps({"file": file.name, "encoder": encoder is not None, **figures(scores)}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
