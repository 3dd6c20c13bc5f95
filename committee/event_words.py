"""Which event of a procedure a person names (knowledge/procedures/events.yaml): 开会, 选出来了, 合同到期."""

import re
from functools import cache
from pathlib import Path

from committee.instruments import FOLDER
from config.yaml_text import read_yaml


@cache
def event_patterns(folder: Path = FOLDER) -> dict[str, tuple[re.Pattern[str], ...]]:
    """event id → the ways people say it. `re.error` for a faulty one (committee.check names its line)."""
    data = read_yaml((folder / "events.yaml").read_text(encoding="utf-8"))["events"]
    return {event: tuple(re.compile(word) for word in words) for event, words in data.items()}


def events_meant(text: str, possible: list[str]) -> list[str]:
    """The events among `possible` that the text may mean, the one of the longest words first; [] when it names none."""
    found: list[tuple[int, str]] = []
    for event in possible:
        lengths = [len(match[0]) for pattern in event_patterns().get(event, ()) if (match := pattern.search(text))]
        if lengths:
            found.append((max(lengths), event))
    return [event for _, event in sorted(found, key=lambda one: (-one[0], possible.index(one[1])))]
