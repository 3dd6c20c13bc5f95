"""Which paper a person wants written, and which of its fields a sentence fills: 会议时间：12月20日上午9点；地点：活动室."""

import re
from typing import Any

from committee.paper_file import PaperFile, read_papers
from committee.papers import PaperKind, paper_kinds

_CELL = re.compile(r"[|｜]")
_ITEM = re.compile(r"[；;\n]|(?<=[^\d])、(?=[^\d])")
_PAIR = re.compile(r"^\s*([^：:；;\n]{1,16}?)\s*(?:[：:]|(?:要)?改[成为]|应该是|换成|写成?)\s*(.+?)\s*$", re.DOTALL)
_STOP = re.compile(r"^(那|把|就|请|再|会议的?|这个)+")


def papers_meant(text: str, region: str | None) -> list[PaperKind]:
    """The kinds of papers the words name (those of the longest words), out of those that hold in the region; [] for none."""
    found: list[tuple[int, PaperKind]] = []
    for kind in paper_kinds(region):
        lengths = [len(match[0]) for word in read_papers()[kind.id].words if (match := re.search(word, text))]
        if lengths:
            found.append((max(lengths), kind))
    best = max((length for length, _ in found), default=0)
    return [kind for length, kind in found if length == best]


def field_meant(paper: PaperFile, label: str) -> str | None:
    """The field a label names: 时间 → meeting_time; the shortest of several that fit; None when none does."""
    labels = {name: re.sub(r"（.*?）", "", paper.fields[name]) for name in paper.used_fields()}
    for plain in (label.strip(), _STOP.sub("", label.strip())):
        if len(plain) < 2:
            continue
        for fits in (_is, _holds, _is_held_by):
            names = [name for name, own in labels.items() if fits(own, plain)]
            if names:
                return min(names, key=lambda name: len(labels[name]))
    return None


def _is(own: str, said: str) -> bool:
    return own == said


def _holds(own: str, said: str) -> bool:
    return said in own


def _is_held_by(own: str, said: str) -> bool:
    return own in said


def fields_said(paper: PaperFile, text: str) -> dict[str, Any]:
    """The fields a sentence of “label: value” pairs fills; {} when it holds none. List fields become rows."""
    found: dict[str, Any] = {}
    for part in re.split(r"[；;\n]", text):
        pair = _PAIR.match(part)
        name = field_meant(paper, pair[1]) if pair else None
        if pair and name:
            found[name] = value_of(paper, name, pair[2])
    return found


def value_of(paper: PaperFile, name: str, text: str) -> Any:
    """What a text means in a field: itself, or for a growing table its items as rows (cells divided by |)."""
    plain = text.strip().rstrip("。")
    if name not in paper.lists:
        return plain[:1000]
    keys = [key for key, _, _ in paper.lists[name].columns]
    items = [item.strip() for item in _ITEM.split(plain) if item.strip()]
    return [dict(zip(keys, [cell.strip() for cell in _CELL.split(item)], strict=False)) for item in items[:50]]
