"""`python -m tickets.measure_likeness FILE [--words-only]`: precision and recall of the duplicate finder on labelled pairs.

With the sentence encoder where it is installed (var/encoder), unless --words-only. FILE is YAML: a list of
{same: bool, hours: number, a: [category, "building-unit-room", text, community?], b: the same}. --quiet prints no pair.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.yaml_text import read_yaml
from knowledge.encoder import load_encoder
from tickets.likeness import Look, Report, likeness, look, threshold
from understanding.features import Encoder
from understanding.reading import Place

ENCODER = Path(__file__).resolve().parents[1] / "var" / "encoder"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """Two reports and whether a person says they are one thing; printed without what they say, for pairs nobody may read."""

    a: Look = field(repr=False)
    b: Look = field(repr=False)
    same: bool


@dataclass(frozen=True)
class Measure:
    """Counts of right joins, wrong joins and missed ones, with the pairs that went wrong; printed, it is its two figures."""

    right: int
    wrong: tuple[Pair, ...]
    missed: tuple[Pair, ...]

    def __repr__(self) -> str:
        return f"Measure(precision={self.precision:.3f}, recall={self.recall:.3f})"

    @property
    def precision(self) -> float:
        """Of the joins offered, how many are right."""
        return self.right / max(self.right + len(self.wrong), 1)

    @property
    def recall(self) -> float:
        """Of the pairs that are one thing, how many are found."""
        return self.right / max(self.right + len(self.missed), 1)


def read_pairs(path: Path) -> list[Pair]:
    """The labelled pairs of a file."""
    return list(_pairs(read_yaml(path.read_text(encoding="utf-8"))))


def read_incidents(path: Path) -> list[list[list[Look]]]:
    """The estates of a file {estate, incidents: [{about, reports: [{category, place, hours, text}]}]}: incidents, each its reports. The
    incidents of an estate begin within two days, `hours` count from the beginning."""
    return [
        [[_told(one, estate["estate"], number) for one in incident["reports"]] for number, incident in enumerate(estate["incidents"])]
        for estate in read_yaml(path.read_text(encoding="utf-8"))
    ]


def _told(one: dict[str, Any], estate: str, number: int) -> Look:
    began = NOON + timedelta(hours=7 * number % 40)
    return _side([one["category"], one["place"], one["text"], estate], began + timedelta(hours=float(one["hours"])))


def _pairs(entries: list[dict[str, Any]]) -> Iterator[Pair]:
    for entry in entries:
        later = NOON + timedelta(hours=float(entry["hours"]))
        yield Pair(_side(entry["a"], NOON), _side(entry["b"], later), bool(entry["same"]))


def _side(said: list[Any], at: datetime) -> Look:
    parts = [None if part in ("", "-") else part for part in str(said[1]).split("-")] if str(said[1]) != "-" else []
    building, unit, room = (*parts, None, None, None)[:3]
    community = str(said[3]) if len(said) > 3 else "和平小区"
    return look(Report(str(said[0]), Place(community, building, unit, room), str(said[2]), at))


def measure(pairs: list[Pair], encoder: Encoder | None) -> Measure:
    """Judge every pair with the finder's threshold."""
    offered = [(pair, likeness(pair.a, pair.b, encoder) >= threshold(encoder)) for pair in pairs]
    return Measure(
        right=sum(pair.same and yes for pair, yes in offered),
        wrong=tuple(pair for pair, yes in offered if yes and not pair.same),
        missed=tuple(pair for pair, yes in offered if pair.same and not yes),
    )


def encoder_here() -> Encoder | None:
    """The installed sentence encoder, or None."""
    return load_encoder(ENCODER)


def main(arguments: list[str]) -> int:
    """Print the figures."""
    files = [one for one in arguments if not one.startswith("--")]
    if not files or set(arguments) - set(files) - {"--words-only", "--quiet"}:
        print(__doc__, file=sys.stderr)
        return 2
    encoder = None if "--words-only" in arguments else encoder_here()
    found = measure([pair for file in files for pair in read_pairs(Path(file))], encoder)
    print(f"句向量：{'用' if encoder else '不用'}")
    print(figures(found, pairs="--quiet" not in arguments))
    return 0


def figures(found: Measure, *, pairs: bool = True) -> str:
    """The figures and, with `pairs`, every pair that went wrong, as lines to print."""
    lines = [f"precision {found.precision:.3f}, recall {found.recall:.3f}"]
    for kind, ones in (("wrong", found.wrong), ("missed", found.missed)) if pairs else ():
        lines += [f"  {kind}: {pair.a.report.text} | {pair.b.report.text}" for pair in ones]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
