"""The ledger and the papers on the member's desk."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from bot.desk_pages import DeskPages, day_of, desk_page
from committee.ledger import LedgerDesk, ledger_state
from committee.ledger_entry import NewPeriod, drop_line, enter_line
from committee.ledger_page import ledger_page
from committee.ledger_sheet import LedgerLine, read_fen, read_ledger
from committee.members import Member
from committee.paper_drafts import kept_paper
from committee.paper_fields import estate_fields
from committee.papers import PaperKind, make_paper, paper_kinds
from config.refusal import Refused
from storage.committee_rows import LedgerEntryRow

MOST_UPLOAD = 8_000_000
Short = Annotated[str, Form(max_length=1000)]


def add_ledger(router: APIRouter, pages: DeskPages) -> None:
    """Routes of the ledger: upload, entry by hand, approval, corrections."""
    _correction_routes(router, pages)
    _entry_routes(router, pages)
    door = pages.door
    guarded = [Depends(pages.may_write)]

    @router.post("/ledger/import", dependencies=guarded)
    def take(request: Request, file: UploadFile, start: Short, end: Short) -> Response:
        content = file.file.read(MOST_UPLOAD + 1)
        draft = read_ledger(content, file.filename or "", day_of(start), day_of(end))
        at = pages.at_desk(request)
        with door.database.write() as session:
            ledger = LedgerDesk(session, at.member, door.clock())
            seen = ledger.preview(draft)
            if seen.may_publish:
                ledger.save(draft)
        hard = sum(fault.hard for fault in seen.faults)
        problem = None if seen.may_publish else Refused(f"账里有 {hard} 处要改，还没有存", "改好再传")
        return desk_page(
            pages, at, faults=seen.faults, problem=problem, done="已存为草稿，请两位成员看过后同意" if seen.may_publish else ""
        )

    @router.post("/ledger/approve", dependencies=guarded)
    def approve(request: Request, period: Annotated[int, Form()], digest: Short) -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            LedgerDesk(s, m, now).approve(period, digest)
            return "/committee"

        return pages.act(request, work)


def _entry_routes(router: APIRouter, pages: DeskPages) -> None:
    """Lines typed in one by one, into the same draft that an uploaded table would fill."""
    guarded = [Depends(pages.may_write)]

    @router.post("/ledger/lines", dependencies=guarded)
    def enter(request: Request, given: Annotated[EnteredLine, Form()]) -> Response:
        line, begun = given.line(), given.period()

        def work(s: Session, m: Member, now: datetime) -> str:
            enter_line(LedgerDesk(s, m, now), line, begun)
            return "/committee?done=%E5%B7%B2%E8%AE%B0%E8%BF%9B%E8%8D%89%E7%A8%BF#ledger"

        return pages.act(request, work)

    @router.post("/ledger/lines/drop", dependencies=guarded)
    def drop(request: Request, seq: Annotated[int, Form()]) -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            drop_line(LedgerDesk(s, m, now), seq)
            return "/committee#ledger"

        return pages.act(request, work)


class EnteredLine(BaseModel):
    """A line as typed: amounts in yuan, days as the date field gives them; start and end only where no draft is begun yet."""

    day: str = Field(max_length=20)
    kind: Literal["income", "expense"]
    subject: str = Field(max_length=60)
    amount: str = Field(max_length=20)
    text: str = Field(default="", max_length=200)
    receipt: str = Field(default="", max_length=120)
    start: str = Field(default="", max_length=20)
    end: str = Field(default="", max_length=20)
    opening: str = Field(default="", max_length=20)
    csrf: str = ""

    def line(self) -> LedgerLine:
        """The line in fen. Refused for what is no amount or no subject."""
        fen = read_fen(self.amount)
        if not fen or fen < 0 or not self.subject.strip():
            raise Refused("金额或科目看不懂", "科目要写，金额写大于零的数，最多两位小数", status=422, code="ledger")
        return LedgerLine(0, day_of(self.day), self.kind, self.subject.strip(), fen, self.text.strip(), "", self.receipt.strip())

    def period(self) -> NewPeriod | None:
        """The period this line begins; None when none was told. Refused for an opening balance that is no amount."""
        if not self.start or not self.end:
            return None
        opening = read_fen(self.opening) if self.opening.strip() else None
        if self.opening.strip() and opening is None:
            raise Refused("期初余额看不懂", "写数字，最多两位小数", status=422, code="ledger")
        return NewPeriod(day_of(self.start), day_of(self.end), opening)


def _correction_page(router: APIRouter, pages: DeskPages) -> None:
    door = pages.door

    @router.get("/ledger/{period_id}/correct")
    def correcting(request: Request, period_id: int) -> Response:
        at = pages.at_desk(request)
        with door.database.read() as session:
            state = ledger_state(session, at.member.region, at.member.community)
            token = next((p.token for p in state.published if p.id == period_id), None)
            found = ledger_page(session, token) if token else None
        if found is None:
            raise Refused("没有这一期账", "回工作台看看", status=404, code="no_period")
        return pages.show("correct", f"更正 {found.starts_on} 至 {found.ends_on}", at, lines=found.lines)


def _correction_routes(router: APIRouter, pages: DeskPages) -> None:
    _correction_page(router, pages)
    guarded = [Depends(pages.may_write)]

    @router.post("/ledger/corrections", dependencies=guarded)
    def correct(  # noqa: PLR0913 - the fields of the form
        request: Request, entry: Annotated[int, Form()], amount: Short, subject: Short, reason: Short, receipt: Short = ""
    ) -> Response:
        fen = read_fen(amount)
        if fen is None or not subject.strip():
            raise Refused("金额或科目看不懂", "金额写数字，最多两位小数", status=422, code="correction")

        def work(s: Session, m: Member, now: datetime) -> str:
            old = s.get(LedgerEntryRow, entry)
            if old is None or (old.region, old.community) != (m.region, m.community):
                raise Refused("没有这笔已公布的账", "看一下账页上的编号", status=404, code="no_entry")
            line = LedgerLine(0, old.day, old.kind, subject.strip()[:60], fen, old.text, old.party, receipt.strip()[:120])
            ledger = LedgerDesk(s, m, now)
            ledger.approve_correction(ledger.correct(entry, line, reason).id)
            return "/committee"

        return pages.act(request, work)

    @router.post("/ledger/corrections/approve", dependencies=guarded)
    def agree(request: Request, entry: Annotated[int, Form()]) -> Response:
        def work(s: Session, m: Member, now: datetime) -> str:
            LedgerDesk(s, m, now).approve_correction(entry)
            return "/committee"

        return pages.act(request, work)


def add_papers(router: APIRouter, pages: DeskPages) -> None:
    """Routes of the papers."""

    @router.get("/papers/{kind}")
    def form(request: Request, kind: str) -> Response:
        at, door = pages.at_desk(request), pages.door
        wanted = _kind(at.member, kind)
        with door.database.read() as session:
            known = estate_fields(session, door.procedures, at.member, kind, door.clock())
        filled = {
            name: _lines(value, [key for key, _ in wanted.lists[name]]) if name in wanted.lists else value for name, value in known.items()
        }
        return pages.show("paper", wanted.title, at, kind=wanted, known=filled)

    @router.post("/papers/{kind}", dependencies=[Depends(pages.may_write)])
    async def make(request: Request, kind: str) -> Response:
        wanted = _kind(pages.at_desk(request).member, kind)
        typed = await request.form()
        fields: dict[str, Any] = {}
        for name, _ in wanted.fields:
            text = str(typed.get(name, ""))
            fields[name] = _rows(text, [key for key, _ in wanted.lists[name]]) if name in wanted.lists else text
        shape: Any = typed.get("form_", "docx")
        paper = make_paper(kind, fields, shape, notes=bool(typed.get("notes_")))
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(paper.file_name)}"}
        return Response(paper.content, media_type=paper.media_type, headers=headers)

    _kept_route(router, pages)


def _kept_route(router: APIRouter, pages: DeskPages) -> None:
    """The links given in conversation: the secret in the address is the permission, as long as the member may act."""

    @router.get("/kept/{name}")
    def kept(name: str, notes: str = "on") -> Response:
        token, _, form = name.rpartition(".")
        shape: Any = form
        if form not in {"docx", "pdf"} or not token.isascii() or len(token) > 60 or "\0" in token:
            raise Refused("这个文书链接不能用了", "在“邻答”的对话里再说一次要写的文书", status=404, code="no_paper")
        with pages.door.database.read() as session:
            paper = kept_paper(session, token, shape, pages.door.clock(), notes=notes != "off")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(paper.file_name)}"}
        return Response(paper.content, media_type=paper.media_type, headers=headers)


def _kind(member: Member, kind: str) -> PaperKind:
    found = next((k for k in paper_kinds(member.region) if k.id == kind), None)
    if found is None:
        raise Refused("没有这种文书", "回工作台选一种", status=404, code="no_paper")
    return found


def _lines(rows: list[dict[str, str]], keys: list[str]) -> str:
    """Rows of a growing table as lines with cells divided by |."""
    return "\n".join(" | ".join(row.get(key, "") for key in keys) for row in rows)


def _rows(text: str, keys: list[str]) -> list[dict[str, str]]:
    """Lines with cells divided by | as rows of a growing table."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [dict(zip(keys, [cell.strip() for cell in line.replace("｜", "|").split("|")], strict=False)) for line in lines]
