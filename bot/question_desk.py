"""What residents asked about the ledger, on the member's desk: the answer goes to the asker through the ticket."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.desk_pages import DeskPages
from committee.ledger_questions import answer_question
from committee.members import Member
from config.words import Words
from storage.models import TicketRow
from tickets.change_ticket import Change, change_ticket

ENDED = {"closed", "withdrawn", "rejected", "merged"}


def add_questions(router: APIRouter, pages: DeskPages) -> None:
    """The route by which a member answers a question about an entry."""

    @router.post("/ledger/questions", dependencies=[Depends(pages.may_write)])
    def answer(request: Request, question: Annotated[int, Form()], text: Annotated[str, Form(max_length=1000)]) -> Response:
        def work(session: Session, member: Member, now: datetime) -> str:
            number = answer_question(session, member, question, text, now)
            row = session.scalar(select(TicketRow).where(TicketRow.number == number))
            if row is not None and row.state not in ENDED:
                said = Words()("ledger_question_answered", text=text.strip())
                change_ticket(session, row, Change("updated", Words()("paper_committee", community=member.community), said), now)
            return "/committee?done=%E7%AD%94%E5%A4%8D%E5%B7%B2%E9%80%81%E5%87%BA"

        return pages.act(request, work)
