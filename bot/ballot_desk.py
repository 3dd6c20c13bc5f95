"""The list of ballots 表决票清单 on the member's desk: uploaded as XLSX or CSV, checked row by row, judged, made a result sheet."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile

from bot.desk_pages import DeskPages
from committee.ballot_sheet import read_sheet
from committee.ballots import BallotCount, check_ballots
from committee.paper_fields import vote_fields
from committee.papers import make_paper
from committee.votes import VoteFinding, count_vote
from committee.voting_rules import Matter, voting_rules
from config.refusal import Refused

MOST_UPLOAD = 8_000_000
FAULTS_SHOWN = 200
Short = Annotated[str, Form(max_length=20)]


def add_ballots(router: APIRouter, pages: DeskPages) -> None:
    """Routes of the list of ballots. Nothing of it is kept: names and rooms leave with the answer."""
    guarded = [Depends(pages.may_write)]

    @router.get("/ballots")
    def form(request: Request) -> Response:
        return _page(pages, request, None, None)

    @router.post("/ballots/import", dependencies=guarded)
    def take(request: Request, file: UploadFile, matter: Short = "", form_: Short = "") -> Response:
        content = file.file.read(MOST_UPLOAD + 1)
        if len(content) > MOST_UPLOAD:
            raise Refused("表太大了", "一份表不超过 8 MB，分楼栋传", status=413, code="ballots")
        found = check_ballots(read_sheet(content, file.filename or ""), _matter(matter))
        finding = count_vote(found.facts)
        if form_ not in {"docx", "pdf"}:
            return _page(pages, request, found, finding)
        estate = pages.at_desk(request).member.community
        shape: Any = form_
        paper = make_paper("vote_sheet", vote_fields(found.facts, finding, estate) | {"invalid": str(found.spoiled)}, shape)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(paper.file_name)}"}
        return Response(paper.content, media_type=paper.media_type, headers=headers)


def _matter(given: str) -> Matter | None:
    found = next((matter for matter in voting_rules().matters if matter.id == given), None)
    if given and found is None:
        raise Refused("没有这个表决事项", "在框里选一项", status=422, code="ballots")
    return found


def _page(pages: DeskPages, request: Request, found: BallotCount | None, finding: VoteFinding | None) -> Response:
    faults = found.faults[:FAULTS_SHOWN] if found else ()
    left = len(found.faults) - len(faults) if found else 0
    at = pages.at_desk(request)
    return pages.show(
        "ballots", "表决票清单", at, found=found, finding=finding, row_faults=faults, more_faults=left, matters=voting_rules().matters
    )
