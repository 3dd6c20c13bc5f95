"""Votes on the member's desk: a list of ballots 表决票清单 (XLSX or CSV) checked row by row, or the sums typed in; judged, made a sheet."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile

from bot.desk_pages import DeskPages
from committee.ballot_sheet import read_sheet
from committee.ballots import BallotCount, check_ballots
from committee.paper_fields import vote_fields
from committee.papers import Form as Shape
from committee.papers import make_paper
from committee.reading_votes import Tally, VoteFacts
from committee.votes import VoteFinding, count_vote
from committee.voting_rules import Matter, voting_rules
from config.refusal import Refused

MOST_UPLOAD = 8_000_000
FAULTS_SHOWN = 200
SUMS = (
    ("total_heads", "全体业主（户）"), ("part_heads", "参与表决（户）"), ("agree_heads", "同意（户）"),
    ("total_area", "全体面积（平方米）"), ("part_area", "参与面积（平方米）"), ("agree_area", "同意面积（平方米）"),
)  # fmt: skip
_SUM = re.compile(r"\d{1,9}(\.\d{1,4})?")
Short = Annotated[str, Form(max_length=20)]


@dataclass(frozen=True)
class Counted:
    """What a page or a sheet shows: the figures, the finding, and the list they came from where there was one."""

    facts: VoteFacts
    finding: VoteFinding
    ballots: BallotCount | None = None


def ballots_address(matter: str) -> str:
    """Where the page is, with the matter chosen when it is one of the nine."""
    known = any(one.id == matter for one in voting_rules().matters)
    return f"/committee/ballots?matter={matter}" if known else "/committee/ballots"


def add_ballots(router: APIRouter, pages: DeskPages) -> None:
    """Routes of the votes. Nothing of them is kept: names and rooms leave with the answer."""
    guarded = [Depends(pages.may_write)]

    @router.get("/ballots")
    def form(request: Request, matter: str = "") -> Response:
        return _page(pages, request, None, matter)

    @router.post("/ballots/import", dependencies=guarded)
    def take(request: Request, file: UploadFile, matter: Short = "", form_: Short = "") -> Response:
        content = file.file.read(MOST_UPLOAD + 1)
        if len(content) > MOST_UPLOAD:
            raise Refused("表太大了", "一份表不超过 8 MB，分楼栋传", status=413, code="ballots")
        found = check_ballots(read_sheet(content, file.filename or ""), _matter(matter))
        return _shown(pages, request, Counted(found.facts, count_vote(found.facts), found), matter, form_)

    @router.post("/ballots/sums", dependencies=guarded)
    def sums(request: Request, given: Annotated[dict[str, str], Depends(_sums)], matter: Short = "", form_: Short = "") -> Response:
        facts = _facts(given, _matter(matter))
        return _shown(pages, request, Counted(facts, count_vote(facts)), matter, form_)


async def _sums(request: Request) -> dict[str, str]:
    """The figures as typed, by name."""
    given = await request.form()
    return {name: str(given.get(name, "")).strip().replace(",", "")[:20] for name, _ in SUMS}


def _facts(given: dict[str, str], matter: Matter | None) -> VoteFacts:
    """The figures of the form; a field left blank is not known. Refused for what is no number."""
    wrong = next((label for name, label in SUMS if given[name] and not _SUM.fullmatch(given[name])), None)
    if wrong is not None:
        raise Refused(f"“{wrong}”填的不是数", "只填数字，比如 1200 或者 70000.5", status=422, code="ballots")
    read = {name: Fraction(value) if value else None for name, value in given.items()}
    heads, area = (Tally(read[f"total_{kind}"], read[f"part_{kind}"], read[f"agree_{kind}"]) for kind in ("heads", "area"))
    return VoteFacts(matter=matter, heads=heads, area=area)


def _shown(pages: DeskPages, request: Request, counted: Counted, matter: str, form_: str) -> Response:
    """The result on the page, or as the sheet that was asked for."""
    shape: Shape | None = "docx" if form_ == "docx" else "pdf" if form_ == "pdf" else None
    if shape is None:
        return _page(pages, request, counted, matter)
    estate = pages.at_desk(request).member.community
    fields = vote_fields(counted.facts, counted.finding, estate)
    if counted.ballots is not None:
        fields["invalid"] = str(counted.ballots.spoiled)
    paper = make_paper("vote_sheet", fields, shape)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(paper.file_name)}"}
    return Response(paper.content, media_type=paper.media_type, headers=headers)


def _matter(given: str) -> Matter | None:
    found = next((matter for matter in voting_rules().matters if matter.id == given), None)
    if given and found is None:
        raise Refused("没有这个表决事项", "在框里选一项", status=422, code="ballots")
    return found


def _page(pages: DeskPages, request: Request, counted: Counted | None, matter: str) -> Response:
    ballots = counted.ballots if counted else None
    faults = ballots.faults[:FAULTS_SHOWN] if ballots else ()
    values = {
        "found": ballots,
        "finding": counted.finding if counted else None,
        "facts": vote_fields(counted.facts, counted.finding, "") if counted and not ballots else {},
        "row_faults": faults,
        "more_faults": len(ballots.faults) - len(faults) if ballots else 0,
        "matters": voting_rules().matters,
        "chosen": matter,
        "sums": SUMS,
    }
    return pages.show("ballots", "计票", pages.at_desk(request), **values)
