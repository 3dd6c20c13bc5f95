"""What a message may be beside its likeliest intent: a report in what seems only to inform, a question in what sounds like a report."""

from collections.abc import Mapping

_MATTERS = ("report_repair", "report_complaint", "report_emergency")


def report_chance(*judges: Mapping[str, float]) -> float:
    """The least probability 0..1 any judge gives to a report of any kind; a judge that is away (empty) is not asked. 0 without judges."""
    heard = [sum(judge.get(name, 0.0) for name in _MATTERS) for judge in judges if judge]
    return min(heard, default=0.0)


def policy_chance(*judges: Mapping[str, float]) -> float:
    """The mean probability 0..1 that a rule is asked for; a judge that is away (empty) is not asked. 0 without judges."""
    heard = [judge.get("ask_policy", 0.0) for judge in judges if judge]
    return sum(heard) / len(heard) if heard else 0.0
