"""How a finding is said: an operator's reviewed answer, who a document is, and the short way of elder mode with the quotation on demand."""

import re
from datetime import date
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.draft import draft_record
from actions.turn import Turn
from knowledge.finding import Answered, Citation, OfPlan, Reviewed, Statement
from knowledge.numbers import unsupported_numbers


def is_elder(turn: Turn) -> bool:
    """Whether this conversation is answered in few words."""
    return turn.conversation.style == "elder"


def sentence(statement: Statement) -> str:
    """What a statement says, ended as a sentence."""
    text = statement.text.strip()
    return text if re.search(r"[。!?！？]$", text) else f"{text}。"


def standing_lines(turn: Turn, citation: Citation, *, status: bool = True) -> list[str]:
    """What must be said before words of a document that does not bind the asker, or is not in force (with `status`)."""
    lines = []
    if not citation.binding and turn.region is not None:
        theirs = turn.parts.regions.get(turn.parts.plan_regions.get(citation.plan, ""))
        lines.append(turn.words("policy_not_binding", region=theirs.name if theirs else citation.title, own=turn.region.name))
    if status and citation.status != "in_force":
        lines.append(turn.words(f"policy_standing_{citation.status}"))
    return lines


def say_short(turn: Turn, finding: Answered) -> Answer:
    """The answer of elder mode: what counts in a sentence, one line with its source, the quotation on a button.

    Where the rule differs by property form, or two rules are always said together, all of them are said."""
    together = finding.by_form or bool(finding.notes)
    said = finding.statements if together else finding.statements[:1]
    first = said[0].citation
    lines = [*standing_lines(turn, first), *([turn.words("policy_by_form")] if finding.by_form and len(said) > 1 else [])]
    lines += [sentence(one) for one in said] if together else [_first_sentence(sentence(said[0]))]
    lines += [turn.words(note) for note in finding.notes if turn.words.has(note)]
    sources = dict.fromkeys((s.citation.title, s.citation.clause) for s in said)
    lines += [turn.words("elder_source", title=title, clause=clause) for title, clause in sources]
    citations = tuple(s.citation for s in finding.statements)
    reply = Reply("\n".join(lines), choices=(_original(turn, [s.citation for s in said]), _human(turn)), citations=citations)
    return Answer("answered", (reply,), facts={"provision": finding.statements[0].provision})


def _first_sentence(text: str) -> str:
    return text.partition("。")[0] + "。" if "。" in text else text


def _human(turn: Turn) -> Choice:
    return Choice(turn.words("choice_human"), {"do": "human"})


def _original(turn: Turn, citations: list[Citation]) -> Choice:
    quotes = [{"title": c.title, "clause": c.clause, "quote": c.quote} for c in citations]
    return Choice(turn.words("choice_original"), {"do": "original", "quotes": quotes})


def original_words(turn: Turn, meaning: dict[str, Any]) -> Answer:
    """The quotations asked for by the button."""
    lines = [turn.words("elder_original", **one) for one in meaning["quotes"]]
    return Answer("answered", (Reply("\n".join(lines), choices=(_human(turn),)),), draft=draft_record(turn, turn.draft))


def say_reviewed(turn: Turn, finding: Reviewed) -> Answer:
    """An operator's answer, told as such, with its source and days."""
    citation, day = finding.citation, _day(turn, finding.reviewed_on)
    lines = [*(standing_lines(turn, citation) if citation else ()), turn.words("reviewed_answer", text=finding.text)]
    if citation is not None:
        lines.append(turn.words("reviewed_source_clause", title=citation.title, clause=citation.clause, day=day))
    elif finding.office_day is not None:
        said = _day(turn, finding.office_day)
        lines.append(turn.words("reviewed_source_office", office=finding.office, said=said, day=day))
    return _with_quote(turn, lines, citation)


def _with_quote(turn: Turn, lines: list[str], citation: Citation | None) -> Answer:
    """The lines with the quotation under them, in elder mode behind a button."""
    choices = [_human(turn)]
    if citation is not None and is_elder(turn):
        choices.insert(0, _original(turn, [citation]))
    elif citation is not None:
        lines.append(turn.words("policy_quote_only", quote=citation.quote))
    return Answer("answered", (Reply("\n".join(lines), choices=tuple(choices), citations=(citation,) if citation else ()),))


def _day(turn: Turn, day: date) -> str:
    return turn.words("about_day", year=day.year, month=day.month, day=day.day)


def say_of_plan(turn: Turn, finding: OfPlan) -> Answer:
    """Who a document is, with the run of its text that says so where there is one."""
    lines = []
    if not finding.binding and turn.region is not None:
        theirs = turn.parts.regions.get(turn.parts.plan_regions.get(finding.plan, ""))
        lines.append(turn.words("policy_not_binding", region=theirs.name if theirs else finding.title, own=turn.region.name))
    told = _of_plan(turn, finding)
    if finding.asks != "standing" and finding.standing != "in_force":
        told += turn.words(f"policy_short_{finding.standing}")
    lines.append(told if _is_borne(told, finding) else f"{told}{turn.words('about_registered')}")
    if finding.asks in ("standing", "until") and finding.standing == "ended" and finding.followed_by:
        lines.append(turn.words("about_followed", title=finding.followed_by))
    return _with_quote(turn, lines, finding.citation)


def _is_borne(told: str, finding: OfPlan) -> bool:
    """Whether the numbers said, those of the title and the document number aside, stand in the quotation."""
    said = told.replace(finding.title, "").replace(finding.doc_number or finding.title, "")
    return not unsupported_numbers(said, finding.citation.quote if finding.citation else "")


def _until(turn: Turn, finding: OfPlan) -> str:
    """The last day; where the text names only the year, its end."""
    end = finding.ends
    if end is None:
        return ""
    year_end = turn.words("about_year_end", year=end.year)
    named = finding.citation is not None and not unsupported_numbers(year_end, finding.citation.quote)
    return year_end if named and (end.month, end.day) == (12, 31) else _day(turn, end)


def _of_plan(turn: Turn, finding: OfPlan) -> str:
    if finding.asks == "standing":
        until = finding.standing == "in_force" and finding.ends is not None
        key = f"about_standing_{finding.standing}_until" if until else f"about_standing_{finding.standing}"
        return turn.words(key, title=finding.title, day=_until(turn, finding))
    if finding.asks == "issuer":
        return turn.words("about_issuer", title=finding.title, issuer=finding.issuer)
    if finding.asks == "number":
        key = "about_number" if finding.doc_number else "about_number_none"
        return turn.words(key, title=finding.title, number=finding.doc_number or "")
    if finding.asks == "until":
        return turn.words("about_until" if finding.ends else "about_until_none", title=finding.title, day=_until(turn, finding))
    day = {"issued": finding.issued, "starts": finding.starts}[finding.asks]
    key = f"about_{finding.asks}" if day else f"about_{finding.asks}_none"
    return turn.words(key, title=finding.title, day=_day(turn, day) if day else "")
