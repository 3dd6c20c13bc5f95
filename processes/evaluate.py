"""`linda eval`: understanding and policy answers on held-out files, through the whole way; fails below the stored baseline."""

import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from config.refusal import Refused
from config.settings import PROJECT, Settings
from config.yaml_text import read_yaml
from processes.assemble import assemble_reader
from processes.scratch import Scratch, running_linda
from processes.talk import ServerLine
from understanding.read_message import Reader
from understanding.text_gate import clean

BASELINE = PROJECT / "tests" / "baseline.json"
# docs/labels.md: the outcomes a first message of each intent may have
OUTCOMES: dict[str, set[str]] = {
    "ask_policy": {"answered", "not_covered"},
    "report_repair": {"report_open"},
    "report_complaint": {"report_open"},
    "report_emergency": {"emergency"},
    "ask_status": {"status"},
    "chase_ticket": {"status"},
    "withdraw_ticket": {"status"},
    "confirm_fixed": {"status", "smalltalk"},
    "dispute_fixed": {"status", "report_open"},
    "guide_committee": {"guide"},
    "ask_vote": {"vote_result", "guide"},
    "ask_human": {"handed_off"},
    "greet": {"smalltalk"},
    "thank": {"smalltalk"},
    "ask_ability": {"smalltalk"},
    "cancel": {"cancelled", "smalltalk"},
    "out_of_scope": {"out_of_scope"},
}
IN_CONTEXT = {"affirm", "deny", "inform", "correct"}  # judged by intent alone: a first message of these has no right outcome
out = Console()


def run(settings: Settings, suite: str, files: list[Path]) -> None:
    """Evaluate `suite` on `files` (default: the project's own held-out sets)."""
    suites = {"understanding": (evaluate_understanding, "understanding"), "policy": (evaluate_policy, "policy_questions")}
    if suite not in suites:
        raise Refused(f"没有 {suite} 这个评测", f"现有：{'、'.join(suites)}")
    function, folder = suites[suite]
    chosen = files or sorted((PROJECT / "tests" / folder).glob("held_out*.yml"))
    rows = [row for file in chosen for row in read_yaml(file.read_text(encoding="utf-8"))]
    with tempfile.TemporaryDirectory() as folder, running_linda(settings, Path(folder)) as scratch:
        figures = function(scratch, rows)
    _tell(suite, figures)
    if not files:
        _hold_baseline(suite, figures)


def evaluate_understanding(scratch: Scratch, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Outcome, intent, category, place, time over fresh conversations in 东河区, one each."""
    hits: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    worst: Counter[str] = Counter()
    times: list[float] = []
    reader = assemble_reader(scratch.settings)
    for row in track(rows, description="理解"):
        channel = ServerLine(scratch.api.removesuffix("/api/v1"), "donghe")
        began = time.perf_counter()
        turn = channel.say(row["text"])
        channel.close()
        times.append((time.perf_counter() - began) * 1000)
        _score_intent(row, turn, hits, totals, worst)
        _score_reading(row, reader, hits, totals)
    figures = {name: hits[name] / totals[name] for name in sorted(totals)}
    figures["turn_p95_ms"] = sorted(times)[int(len(times) * 0.95) - 1]
    for pair, count in worst.most_common(10):
        out.print(f"  混淆 {count:3d}  {pair}")
    return figures


def _score_intent(row: dict[str, Any], turn: dict[str, Any], hits: Counter[str], totals: Counter[str], worst: Counter[str]) -> None:
    wanted = row["intent"]
    got = "report_emergency" if turn["outcome"] == "emergency" else str(turn["intent"])
    totals["intent"] += 1
    hits["intent"] += got == wanted
    right = got == wanted if wanted in IN_CONTEXT else turn["outcome"] in OUTCOMES[wanted]
    totals["outcome"] += 1
    hits["outcome"] += right
    if not right:
        worst[f"{wanted} → {turn['outcome']}（{got}）"] += 1
    danger = wanted == "report_emergency"
    name = "emergency_recall" if danger else "near_miss_quiet" if row.get("near") else "emergency_quiet"
    totals[name] += 1
    hits[name] += (turn["outcome"] == "emergency") == danger


def _score_reading(row: dict[str, Any], reader: Reader, hits: Counter[str], totals: Counter[str]) -> None:
    reading = reader.read(row["text"], "donghe")
    category = row.get("category")
    if category and row["intent"] in {"report_repair", "report_complaint"}:
        kind = row["intent"].removeprefix("report_")
        guesses = sorted(reading.categories, key=lambda g: -g.confidence * (1.0 if g.kind == kind else 0.35))
        totals["category"] += 1
        hits["category"] += bool(guesses) and guesses[0].category in {category, *(row.get("also_category") or [])}
    place = row.get("place") or {}
    for name in ("building", "unit", "room") if "place" in row else ():
        totals[f"place_{name}"] += 1
        hits[f"place_{name}"] += getattr(reading.place, name) == (place.get(name) or None)
    if place.get("spot"):
        said, wanted = clean(reading.place.spot or ""), clean(place["spot"])
        totals["place_spot"] += 1
        hits["place_spot"] += bool(said) and (said in wanted or wanted in said)
    if row.get("time"):
        totals["time"] += 1
        hits["time"] += any(row["time"] in t or t in row["time"] for t in reading.times)


def evaluate_policy(scratch: Scratch, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Right fact with right citation, right refusals, numbers without quote, through the whole way."""
    hits: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    times: list[float] = []
    for row in track(rows, description="政策"):
        channel = ServerLine(scratch.api.removesuffix("/api/v1"), row["region"], property_form=row.get("property_form"))
        began = time.perf_counter()
        turn = channel.say(row["q"])
        channel.close()
        times.append((time.perf_counter() - began) * 1000)
        _score_answer(row, turn, hits, totals)
    figures = {name: hits[name] / totals[name] for name in sorted(totals)}
    figures["turn_p95_ms"] = sorted(times)[int(len(times) * 0.95) - 1]
    figures["questions"] = float(len(rows))
    return figures


def _score_answer(row: dict[str, Any], turn: dict[str, Any], hits: Counter[str], totals: Counter[str]) -> None:
    citations = [c for reply in turn["replies"] for c in reply["citations"]]
    said = "".join(reply["text"] for reply in turn["replies"]) + "".join(c["quote"] for c in citations)
    right = answer_is_right(row, turn["outcome"], citations, said)
    totals["all_right"] += 1
    hits["all_right"] += right
    group = "refusals_right" if row["expect"] == "not_covered" else ("elsewhere_right" if row.get("elsewhere") else "answers_right")
    totals[group] += 1
    hits[group] += right


def answer_is_right(row: dict[str, Any], outcome: str, citations: list[dict[str, Any]], said: str) -> bool:
    """Whether the outcome, a citation and every must-say string are right."""
    if row["expect"] == "not_covered":
        return outcome != "answered"
    if outcome != "answered":
        return bool(row.get("or_not_covered")) and outcome == "not_covered"
    wanted = row["cites"]
    found = [any(_same_clause(want, got) for got in citations) for want in wanted]
    cited = all(found) if row.get("all_of") else any(found)
    plain = "".join(said.split())
    stated = all("".join(str(s).split()) in plain for s in row["must_say"])
    not_binding = not row.get("elsewhere") or any(not c["binding"] for c in citations)
    return cited and stated and not_binding


def _same_clause(want: dict[str, Any], got: dict[str, Any]) -> bool:
    if want["plan"] != got["plan"]:
        return False
    a, b = str(want["clause"]), str(got["clause"])
    return a == b or a.startswith(b) or b.startswith(a)


def _tell(suite: str, figures: dict[str, float]) -> None:
    table = Table("项", "值", title=f"linda eval {suite}")
    for name, value in figures.items():
        table.add_row(name, f"{value:.1f}" if name.endswith("ms") or name == "questions" else f"{value:.3f}")
    out.print(table)


def _hold_baseline(suite: str, figures: dict[str, float]) -> None:
    """Refused when a figure fell below the stored baseline (times are not compared)."""
    if not BASELINE.exists():
        return
    known: dict[str, float] = json.loads(BASELINE.read_text(encoding="utf-8")).get(suite, {})
    fallen = [f"{name} {figures.get(name, 0):.3f} < {value}" for name, value in known.items() if figures.get(name, 0.0) < value - 1e-9]
    if fallen:
        raise Refused(f"低于基线：{'；'.join(fallen)}", "改好再提交；确属改进口径时更新 tests/baseline.json 并说明")
