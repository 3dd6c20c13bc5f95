"""Votes of owners 业主共同决定 (民法典 278): exact arithmetic on the figures of a sentence, in households and square metres.

Arithmetic support only: it replaces neither the count of the ballots nor its publication.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from committee.amounts import Dimension
from committee.instruments import Source, read_instruments
from committee.reading_votes import Tally, VoteFacts, counts_silence, read_vote
from committee.tallies import Counted, Verdict, counted, judge
from committee.vote_words import amount_words, dimension_lines, missing_words
from committee.voting_rules import Matter, matter_of, voting_rules
from config.words import Words

__all__ = ["Tally", "VoteFacts", "VoteFinding", "count_vote", "read_vote", "vote_rule"]

DIMENSIONS: tuple[Dimension, ...] = ("heads", "area")
CONCLUSIONS = {True: "vote_passed", False: "vote_failed", None: "vote_open"}
RULE_SOURCE = Source(
    "CC",
    "第二百七十八条",
    "业主共同决定事项，应当由专有部分面积占比三分之二以上的业主且人数占比三分之二以上的业主参与表决。"
    "决定前款第六项至第八项规定的事项，应当经参与表决专有部分面积四分之三以上的业主且参与表决人数四分之三以上的业主同意。"
    "决定前款其他事项，应当经参与表决专有部分面积过半数的业主且参与表决人数过半数的业主同意。",
)


@dataclass(frozen=True)
class VoteFinding:
    """What the figures say. `passed` None: not to be told yet; `lines` are sentences ready to be said, `missing` what was not said."""

    passed: bool | None
    matter: str | None
    special: bool
    lines: list[str]
    missing: list[str]
    citation: dict[str, Any]
    matter_id: str | None = None


def count_vote(facts: VoteFacts, words: Words | None = None) -> VoteFinding:
    """Judge the figures by 民法典 278: two thirds take part, then more than half (ordinary) or three quarters (special), twice over."""
    say = words or Words()
    special = bool(facts.matter and facts.matter.special)
    tallies: dict[str, Counted] = {name: counted(facts.tally(name), name) for name in DIMENSIONS}
    wrong = [line for name, tally in tallies.items() for line in _wrong_lines(name, tally, say)]
    lines = [_matter_line(facts.matter, say)]
    if facts.unclear:
        return _finding(facts, None, [*lines, say("vote_unclear")], [say("vote_missing_check")])
    if wrong:
        lines += [*wrong, say("vote_wrong_numbers")]
        return _finding(facts, None, lines, [say("vote_missing_check")])
    verdicts = {name: judge(tally, special) for name, tally in tallies.items()}
    passed = _both(verdicts)
    for name, tally in tallies.items():
        if not tally.is_empty():
            lines += dimension_lines(tally, verdicts[name], special, say)
    lines += _remarks(facts, say)
    missing = missing_words(tallies, verdicts, facts, say) if passed is None else []
    if facts.matter is None:
        strict = _both({name: judge(tally, True) for name, tally in tallies.items()})
        if passed is True and strict is not True:
            lines.append(say("vote_open_matter" if strict is False else "vote_open"))
            lines.append(say("vote_arithmetic_only"))
            return _finding(facts, None, lines, [say("vote_missing_matter")])
    lines += [say(CONCLUSIONS[passed]), say("vote_arithmetic_only")]
    return _finding(facts, passed, lines, missing)


def vote_rule(text: str, words: Words | None = None) -> VoteFinding:
    """The rule itself, for a question that gives no figures: which matter it is, what must be reached, what to tell."""
    say = words or Words()
    matter = matter_of(text)
    lines = [say("vote_silence_rule")] if counts_silence(text) else []
    lines += [_matter_line(matter, say), say("vote_rule")] if matter else [say("vote_rule")]
    lines += [older.text for older in voting_rules().superseded if older.to_be_said(text, matter)]
    missing = [
        say(f"vote_missing_{what}", dimension=say(f"vote_dimension_{name}"))
        for what in ("total", "took_part", "agreed")
        for name in DIMENSIONS
    ]
    return _finding(VoteFacts(matter=matter), None, lines, missing)


def _both(verdicts: dict[str, Verdict]) -> bool | None:
    passed = [verdict.passed for verdict in verdicts.values()]
    if False in passed:
        return False
    return None if None in passed else True


def _matter_line(matter: Matter | None, say: Words) -> str:
    if matter is None:
        return say("vote_matter_unknown")
    return say("vote_matter", title=matter.title, kind=say("vote_kind_special" if matter.special else "vote_kind_ordinary"))


def _remarks(facts: VoteFacts, say: Words) -> list[str]:
    lines = []
    if facts.silence_counted or any(facts.tally(name).silent for name in DIMENSIONS):
        lines.append(say("vote_silence"))
    if facts.spoiled:
        lines.append(say("vote_spoiled"))
    if facts.approximate:
        lines.append(say("vote_approximate"))
    lines += [older.text for older in voting_rules().superseded if older.to_be_said(facts.text, facts.matter)]
    if facts.matter and facts.matter.id == "V5":
        lines.append(say("vote_fund_scope"))
    return lines


def _wrong_lines(name: str, tally: Counted, say: Words) -> list[str]:
    dimension = say(f"vote_dimension_{name}")
    if tally.total is not None and tally.total <= 0:
        return [say("vote_wrong_nothing", dimension=dimension)]
    lines = []
    if tally.total is not None and tally.took_part is not None and tally.took_part > tally.total:
        values = {"took_part": amount_words(tally, tally.took_part, say), "total": amount_words(tally, tally.total, say)}
        lines.append(say("vote_wrong_more_than_total", dimension=dimension, **values))
    ceiling = tally.took_part if tally.took_part is not None else tally.total
    if ceiling is not None and tally.cast > ceiling:
        values = {"cast": amount_words(tally, tally.cast, say), "took_part": amount_words(tally, ceiling, say)}
        lines.append(say("vote_wrong_more_than_took_part", dimension=dimension, **values))
    return lines


def _finding(facts: VoteFacts, passed: bool | None, lines: list[str], missing: list[str]) -> VoteFinding:
    citation = read_instruments().citation(RULE_SOURCE, None)
    assert citation is not None  # the article stands in laws.yaml; committee.check holds it
    matter = facts.matter
    special = bool(matter and matter.special)
    return VoteFinding(passed, matter.title if matter else None, special, lines, missing, citation, matter.id if matter else None)


def minimum_of_all(special: bool) -> Fraction:
    """The share of all owners below which no vote can pass: 1/3 (must be exceeded) or 1/2 (must be reached)."""
    rules = voting_rules()
    return rules.participation.share * rules.approval(special).share
