"""A counted vote in sentences: what was reached, what is needed, how much is missing."""

import math
from fractions import Fraction

from committee.reading_votes import VoteFacts
from committee.tallies import Counted, Verdict, whole_at_least
from config.words import Words


def amount_words(tally: Counted, value: Fraction, say: Words) -> str:
    """A figure with its unit: 850户, 66,666.67平方米, 71.67%."""
    if tally.in_shares:
        return say("vote_share", percent=decimal(value * 100))
    return say(f"vote_{tally.name}", count=decimal(value))


def decimal(value: Fraction, *, up: bool = False) -> str:
    """At most two decimals, thousands with commas; `up` rounds a need up so that reaching what is said suffices."""
    hundredths = math.ceil(value * 100) if up else math.floor(value * 100 + Fraction(1, 2))
    whole, rest = divmod(hundredths, 100)
    return f"{whole:,}" if rest == 0 else f"{whole:,}.{rest:02d}".rstrip("0")


def need_words(tally: Counted, bound: Fraction, strict: bool, say: Words) -> str:
    """至少426户, 超过35,000平方米."""
    if tally.name == "heads" and not tally.in_shares:
        return say("vote_at_least", amount=say("vote_heads", count=decimal(whole_at_least(bound, strict))))
    scaled = bound * 100 if tally.in_shares else bound
    unit = "vote_share" if tally.in_shares else f"vote_{tally.name}"
    values = {"percent": decimal(scaled, up=True), "count": decimal(scaled, up=True)}
    return say("vote_more_than" if strict else "vote_at_least", amount=say(unit, **values))


def dimension_lines(tally: Counted, verdict: Verdict, special: bool, say: Words) -> list[str]:
    """The sentences about one dimension, participation first."""
    dimension = say(f"vote_dimension_{tally.name}")
    if verdict.certain or verdict.impossible:
        assert tally.agreed is not None and tally.total is not None
        values = {"agreed": amount_words(tally, tally.agreed, say), "total": amount_words(tally, tally.total, say)}
        return [say("vote_certain_by_agreed" if verdict.certain else "vote_impossible_by_agreed", dimension=dimension, **values)]
    lines = []
    if tally.derived != "said" and tally.took_part is not None:
        lines.append(say(f"vote_{tally.derived}", dimension=dimension, took_part=amount_words(tally, tally.took_part, say)))
    if tally.assumed_base:
        lines.append(say("vote_share_base", dimension=dimension))
    judged = [*_part_lines(tally, verdict, dimension, say), *_agreed_lines(tally, verdict, special, say)]
    lines += judged or _noted_lines(tally, dimension, say)
    if verdict.newcomers is not None and verdict.newcomers > 0 and not tally.in_shares:
        strict = not special and tally.name == "area"
        lines.append(say("vote_newcomers", dimension=dimension, gap=need_words(tally, verdict.newcomers, strict, say)))
    return lines


def _noted_lines(tally: Counted, dimension: str, say: Words) -> list[str]:
    """What was understood of figures that nothing can be said of yet."""
    told = [(what, value) for what in ("total", "took_part", "agreed") if (value := getattr(tally, what)) is not None]
    noted = "，".join(say(f"vote_noted_{what}", amount=amount_words(tally, value, say)) for what, value in told)
    return [say("vote_noted", dimension=dimension, noted=noted)] if noted else []


def _part_lines(tally: Counted, verdict: Verdict, dimension: str, say: Words) -> list[str]:
    if verdict.took_part is None or tally.took_part is None or tally.total is None or verdict.needed_part is None:
        return []
    values = {
        "dimension": dimension,
        "took_part": amount_words(tally, tally.took_part, say),
        "total": amount_words(tally, tally.total, say),
        "needed": need_words(tally, verdict.needed_part, False, say),
    }
    if verdict.took_part:
        return [say("vote_took_part_met", **values)]
    return [say("vote_took_part_short", gap=gap_words(tally, verdict.needed_part, tally.took_part, False, say), **values)]


def _agreed_lines(tally: Counted, verdict: Verdict, special: bool, say: Words) -> list[str]:
    if verdict.agreed is None or tally.agreed is None or verdict.needed_agreed is None:
        return []
    kind = "special" if special else "ordinary"
    values = {
        "dimension": say(f"vote_dimension_{tally.name}"),
        "agreed": amount_words(tally, tally.agreed, say),
        "needed": need_words(tally, verdict.needed_agreed, not special, say),
    }
    if verdict.agreed:
        return [say(f"vote_agreed_met_{kind}", **values)]
    if not special and tally.agreed == verdict.needed_agreed:
        return [say("vote_agreed_exactly_half", **values)]
    return [say(f"vote_agreed_short_{kind}", gap=gap_words(tally, verdict.needed_agreed, tally.agreed, not special, say), **values)]


def gap_words(tally: Counted, needed: Fraction, have: Fraction, strict: bool, say: Words) -> str:
    """How much is missing: households whole, area rounded up to the hundredth, shares in percentage points."""
    if tally.name == "heads" and not tally.in_shares:
        return say("vote_heads", count=decimal(whole_at_least(needed, strict) - have, up=True))
    gap = (needed - have) * (100 if tally.in_shares else 1)
    amount = say("vote_points" if tally.in_shares else "vote_area", percent=decimal(gap, up=True), count=decimal(gap, up=True))
    return say("vote_more_than", amount=amount) if strict else amount  # exactly half is not more than half


def missing_words(tallies: dict[str, Counted], verdicts: dict[str, Verdict], facts: VoteFacts, say: Words) -> list[str]:
    """What has to be told before the vote can be judged."""
    if facts.loose_shares and all(tally.is_empty() for tally in tallies.values()):
        return [say("vote_missing_dimension")]
    missing = []
    for what in ("total", "took_part", "agreed"):
        for name, tally in tallies.items():
            if verdicts[name].passed is None and getattr(tally, what) is None:
                missing.append(say(f"vote_missing_{what}", dimension=say(f"vote_dimension_{name}")))
    return missing
