"""Two judges of the intent, Rasa's classifier and our own, learned apart from the same sentences: their mean is surer than either."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from config.yaml_text import read_yaml
from understanding.intents import only_informs
from understanding.reading import Reading

INFORM_SURE = 0.95
COMMANDS = Path(__file__).resolve().parent / "commands.yml"
OWN_WORDS = {"correct", "ask_human", "deny", "affirm"}


@cache
def commands() -> dict[str, str]:
    """The short sentences that mean one thing only, by their bare words."""
    data = read_yaml(COMMANDS.read_text(encoding="utf-8"))
    return {str(said): intent for intent, sentences in data.items() for said in sentences}


def agree(reading: Reading, rasa: Mapping[str, float], own: Mapping[str, float]) -> tuple[str | None, float]:
    """The intent with its mean probability; a judge that is away (empty) leaves the other alone.

    A bare place, phone or time informs. What both hear as an emergency but the detector does not stays `report_emergency` with its
    probability, so that the decision can ask back.
    """
    judges = [judge for judge in (rasa, own) if judge]
    if not judges or not reading.text:
        return None, 0.0
    commanded = commands().get(re.sub(r"\W+", "", reading.text).lower())
    if commanded is not None:
        return commanded, 1.0
    names = {name for judge in judges for name in judge}
    mean = {name: sum(judge.get(name, 0.0) for judge in judges) / len(judges) for name in names}
    best = max(mean, key=lambda name: (mean[name], name))
    if best not in OWN_WORDS and only_informs(reading):
        return "inform", max(INFORM_SURE, mean.get("inform", 0.0))
    return best, round(mean[best], 4)
