"""What is already known for a paper: from a case (estate, planned dates), the published ledger, or a vote that was counted."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from committee.cases import CaseView, cases_of, view_case
from committee.ledger import published_periods
from committee.ledger_page import ledger_page, notice_fields
from committee.members import Member
from committee.paper_file import read_papers
from committee.procedures import Procedures
from committee.reading_votes import Tally, VoteFacts
from committee.reckoning import forward
from committee.votes import VoteFinding
from committee.workdays import read_workdays
from config.words import Words

FILING = "7WD"  # 东河区: 签订或变更合同7个工作日内 (duty P06)


def estate_fields(session: Session, procedures: Procedures, member: Member, kind: str, now: datetime) -> dict[str, Any]:
    """Everything the estate's open cases and its published ledger know of the paper's fields; what nobody knows is left out."""
    paper = read_papers()[kind]
    known: dict[str, Any] = {"estate": member.community}
    for row in reversed(cases_of(session, member.region, member.community)):
        if row.procedure in paper.procedures:
            known |= case_fields(view_case(session, procedures, row, now), kind)
    if kind == "quarterly_disclosure":
        known |= _published(session, member)
    used = set(paper.used_fields())
    return {name: value for name, value in known.items() if value and name in used}


def _published(session: Session, member: Member) -> dict[str, Any]:
    periods = published_periods(session, member.region, member.community)
    page = ledger_page(session, periods[-1].token) if periods else None
    return notice_fields(page) if page is not None else {}


def case_fields(view: CaseView, kind: str, words: Words | None = None) -> dict[str, Any]:
    """The fields of the paper `kind` that the case knows; the rest is asked or stays blank."""
    say = words or Words()
    on = {event: day for event, _, day in view.events if day is not None}
    known: dict[str, Any] = {"estate": view.community, "convener": say("paper_committee", community=view.community)}
    meeting = on.get("committee_meeting") if kind.startswith("committee_meeting") else on.get("general_meeting")
    if meeting is not None:
        known |= {"meeting_time": _day(meeting)}
    if "election" in on:
        known["election_date"] = _day(on["election"])
    signed = on.get("contract_signed_or_changed")
    if signed is not None:
        known |= {"signed_on": _day(signed), "file_until": _day(forward(signed, FILING, read_workdays(), say).day)}
    paper = read_papers()[kind]
    return {name: value for name, value in known.items() if name in paper.used_fields()}


def vote_fields(facts: VoteFacts, finding: VoteFinding, estate: str, words: Words | None = None) -> dict[str, Any]:
    """The fields of the result sheet (paper `vote_sheet`) of a counted vote; a figure nobody told stays blank."""
    say = words or Words()
    known: dict[str, Any] = {
        "estate": estate,
        "matter": finding.matter or "",
        "kind": say("vote_sheet_special" if finding.special else "vote_sheet_ordinary") if finding.matter else "",
        "lines": [{"text": line} for line in finding.lines],
        "verdict": say({True: "vote_sheet_passed", False: "vote_sheet_failed", None: "vote_sheet_open"}[finding.passed]),
    }
    for name, tally in (("heads", facts.heads), ("area", facts.area)):
        known |= {f"{what}_{name}": _figure(value) for what, value in _figures(tally).items()}
    return known


def _figures(tally: Tally) -> dict[str, Fraction | None]:
    return {
        "total": tally.total,
        "part": tally.took_part,
        "agree": tally.agreed,
        "against": tally.against,
        "abstain": tally.abstained,
    }


def _figure(value: Fraction | None) -> str:
    """A count or square metres, exact where a decimal is: 850, 70000.5."""
    if value is None:
        return ""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.2f}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
