"""Scores understanding against labelled files (text, intent, category, also_category, place, time): totals only, never sentences."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from config.categories import categories
from understanding.reading import Reading
from understanding.text_gate import clean

REPORTS = {"report_repair", "report_complaint"}
# The fields of a record are told where a record is made or asked about; elsewhere (a question about rules) nothing takes them up.
_TELLING = REPORTS | {"report_emergency", "inform", "correct"}
IntentOf = Callable[[Reading], tuple[str, float]]
Read = Callable[[str], Reading]


@dataclass
class Score:
    """Hits and trials per figure, milliseconds per message, and the confusions as label pairs."""

    hits: Counter[str] = field(default_factory=Counter)
    trials: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    intents: Counter[tuple[str, str]] = field(default_factory=Counter)
    categories: Counter[tuple[str, str]] = field(default_factory=Counter)
    confidence: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, figure: str, hit: bool) -> None:
        """Count one trial."""
        self.trials[figure] += 1
        self.hits[figure] += hit

    def rate(self, figure: str) -> float:
        """Hits by trials; 0 where there was no trial."""
        return self.hits[figure] / self.trials[figure] if self.trials[figure] else 0.0

    def percentile(self, percent: float) -> float:
        """Milliseconds per message."""
        return float(np.percentile(self.milliseconds, percent)) if self.milliseconds else 0.0

    def calibration_error(self, bins: int = 10) -> float:
        """Expected calibration error of the intent's probability."""
        if not self.confidence:
            return 0.0
        said = np.array([chance for chance, _ in self.confidence])
        right = np.array([hit for _, hit in self.confidence], dtype=float)
        slots = np.minimum((said * bins).astype(int), bins - 1)
        parts = [slots == slot for slot in set(slots.tolist())]
        return float(sum(part.mean() * abs(said[part].mean() - right[part].mean()) for part in parts))

    def figures(self) -> dict[str, float]:
        """Every figure by name, for a stored baseline."""
        found = {figure: round(self.rate(figure), 4) for figure in sorted(self.trials)}
        speed = {f"ms_p{percent}": round(self.percentile(percent), 3) for percent in (50, 95)}
        return found | {"calibration_error": round(self.calibration_error(), 4)} | speed


def read_rows(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The rows of YAML, JSON or CSV-like YAML files. ValueError names a file that is no list of rows with `text`."""
    rows: list[dict[str, Any]] = []
    for file in files:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(data, list) or not all(isinstance(row, dict) and "text" in row for row in data):
            raise ValueError(f"{file.name}: expected a list of rows with a text")
        rows += data
    return rows


def score(rows: Iterable[Mapping[str, Any]], read: Read, intent_of: IntentOf) -> Score:
    """Read every row and compare with its labels; a column that is missing is not scored."""
    found = Score()
    for row in rows:
        began = time.perf_counter()
        reading = read(str(row["text"]))
        intent, confidence = intent_of(reading)
        found.milliseconds.append((time.perf_counter() - began) * 1e3)
        if "intent" in row:
            _score_intent(found, row, reading, intent, confidence)
        _score_category(found, row, reading)
        if "place" in row:
            _score_place(found, row, reading)
        if "time" in row:
            _score_time(found, row, reading)
    return found


def _score_intent(found: Score, row: Mapping[str, Any], reading: Reading, intent: str, confidence: float) -> None:
    gold = str(row["intent"])
    found.add("intent", intent == gold)
    found.confidence.append((confidence, intent == gold))
    if intent != gold:
        found.intents[gold, intent] += 1
    if gold == "report_emergency":
        found.add("emergency_recall", reading.emergency is not None)
        if reading.emergency is not None and row.get("category"):
            found.add("emergency_category", reading.emergency.category in _accepted(row))
    else:
        found.add("emergency_false_alarm", reading.emergency is not None)


def _accepted(row: Mapping[str, Any]) -> set[str]:
    return {str(row["category"]), *(row.get("also_category") or [])}


def _score_category(found: Score, row: Mapping[str, Any], reading: Reading) -> None:
    gold = row.get("category")
    known = categories()
    if gold not in known or known[gold].kind == "emergency" or row.get("intent") not in REPORTS:
        return
    ranked = [guess.category for guess in reading.categories]
    best = ranked[0] if ranked else ""
    found.add("category", best == gold)
    found.add("category_or_also", best in _accepted(row))
    found.add("category_in_two", bool(_accepted(row) & set(ranked[:2])))
    of_kind = [guess.category for guess in reading.categories if guess.kind == known[gold].kind]
    found.add("category_given_kind", bool(of_kind) and of_kind[0] in _accepted(row))
    if best not in _accepted(row):
        found.categories[gold, best] += 1


def _score_place(found: Score, row: Mapping[str, Any], reading: Reading) -> None:
    gold = row.get("place") or {}
    for name in ("building", "unit", "room"):
        found.add(name, getattr(reading.place, name) == gold.get(name))
    spot, said = gold.get("spot"), reading.place.spot
    near = said == spot or bool(spot and said and (clean(spot) in said or said in clean(spot)))
    found.add("spot", near)
    if row.get("intent") in _TELLING:
        found.add("spot_telling", near)


def _score_time(found: Score, row: Mapping[str, Any], reading: Reading) -> None:
    gold = clean(str(row["time"])) if row.get("time") else ""
    if gold:
        hit = any(words in gold or gold in words for words in reading.times)
        found.add("time_when_said", hit)
    else:
        hit = not reading.times
    found.add("time", hit)
    if row.get("intent") in _TELLING:
        found.add("time_telling", hit)


def report(found: Score, pairs: int = 8) -> str:
    """The figures and the worst pairs of labels, for printing."""
    lines = [f"{figure:24s} {found.rate(figure):.4f}  {found.hits[figure]}/{found.trials[figure]}" for figure in sorted(found.trials)]
    lines.append(f"{'calibration_error':24s} {found.calibration_error():.4f}")
    lines.append(f"{'ms per message':24s} p50 {found.percentile(50):.2f}  p95 {found.percentile(95):.2f}")
    for title, confusion in (("intent", found.intents), ("category", found.categories)):
        for (gold, said), count in confusion.most_common(pairs):
            lines.append(f"  {title}: {gold} → {said}  {count}")
    return "\n".join(lines)
