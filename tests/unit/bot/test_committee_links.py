"""Pages and links that conversation hands out: kept papers, dates as ICS, law articles, questions about entries, the list of ballots."""

from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from actions.committee_ledger import ask_about_entry
from bot.law_pages import law_pages_router
from committee.instruments import read_instruments
from committee.ledger_questions import MOST_A_DAY
from committee.members import forget_member, member_at_desk
from committee.paper_drafts import keep_paper
from config.refusal import Refused
from storage.committee_rows import CommitteeMemberRow, LedgerEntryRow, LedgerPeriodRow, LedgerQuestionRow
from storage.database import Database
from storage.models import MessageRow, TicketEventRow, TicketRow
from tests.randomness import without_random
from tests.unit.bot.test_committee_desk import CSRF, Moment, app, browser, moment, one, post
from tests.unit.committee.test_cases import add_member, conversation
from tests.unit.committee.test_ledger import members, publish, quarter

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # pages: nothing of theirs differs by dialect
__all__ = ["app", "members", "moment", "one"]  # fixtures
BALLOTS = (
    "房号,业主,面积,表决意见\n1-101,甲,100,同意\n1-102,乙,90,同意\n1-103,丙,80,反对\n1-103,丙,80,同意\n1-104,丁,x,同意\n1-105,戊,95,\n"
)


@pytest.fixture
def book(database: Database, members: list, now: datetime) -> tuple[str, int]:
    """A published ledger: the token of its page and the id of its expense."""
    publish(database, members, quarter(), now)
    with database.read() as session:
        token = session.scalars(select(LedgerPeriodRow.token)).one()
        return token, session.scalars(select(LedgerEntryRow.id).where(LedgerEntryRow.kind == "expense")).one()


@ON_SQLITE
def test_kept_papers_by_their_link(app: FastAPI, database: Database, moment: Moment, now: datetime) -> None:
    member = add_member(database, "张三", now)
    with database.write() as session:
        token = keep_paper(session, member, "committee_meeting_notice", {"estate": "和平小区"}, now)
    with TestClient(app) as client:
        made = client.get(f"/committee/kept/{token}.docx")
        assert made.status_code == 200 and made.content[:2] == b"PK" and made.headers["cache-control"] == "no-store"
        with_notes, bare = (client.get(f"/committee/kept/{token}.pdf{query}").content for query in ("", "?notes=off"))
        assert with_notes[:5] == bare[:5] == b"%PDF-" and len(bare) < len(with_notes)
        for wrong in ("x.pdf", f"{token}.exe", token, "%00.pdf", "长.pdf"):
            assert client.get(f"/committee/kept/{wrong}").status_code == 404, wrong
        moment.now += timedelta(days=15)
        assert client.get(f"/committee/kept/{token}.pdf").status_code == 404


@ON_SQLITE
def test_the_dates_of_an_address(app: FastAPI) -> None:
    app.add_exception_handler(Refused, lambda _request, error: _plain(error))
    with TestClient(app) as client:
        text = client.get("/timetable/general_meeting.ics?region=donghe&general_meeting=2026-12-20").text
        assert "BEGIN:VCALENDAR" in text and "DTSTART;VALUE=DATE:20261204" in text
        for wrong in ("general_meeting.ics?general_meeting=soon", "general_meeting.ics?nonsense=2026-12-20", "nothing.ics"):
            assert client.get(f"/timetable/{wrong}").status_code in {404, 422, 400}, wrong


def _plain(error: Exception) -> object:
    from fastapi.responses import JSONResponse

    assert isinstance(error, Refused)
    return JSONResponse({"reason": error.reason}, status_code=error.status)


def test_every_citation_of_law_leads_to_its_article() -> None:
    made = FastAPI()
    made.include_router(law_pages_router())
    instruments = read_instruments()
    with TestClient(made) as client:
        for law, articles in instruments.articles.items():
            text = client.get(f"/laws/{law}").text
            for clause, words in articles.items():
                assert f'id="{clause}"' in text and all(line in text for line in words.splitlines()), (law, clause)
        with pytest.raises(Refused):
            client.get("/laws/GR")


def test_a_question_is_answered_from_the_desk(app: FastAPI, database: Database, book: tuple[str, int], now: datetime) -> None:
    token, entry = book
    one = browser(app, database, "赵六", now)
    with database.write() as session:
        asker = conversation(session, "asker", now)
        source = {"conversation_id": asker, "turn_id": None, "property_form": None}
        asked = ask_about_entry(session, entry, "我是3号楼502的李建国，12盏灯要这么多钱吗，13947200003", now, None, **source)
        number = asked.number
    with database.read() as session:
        told = [m.body["text"] for m in session.scalars(select(MessageRow).where(MessageRow.author == "notice"))]
        assert told and all("路灯维修" in text and "李建国" not in text and "12盏" not in text for text in told)
    desk = one.get("/committee").text
    assert "业主的疑问" in desk and "12盏灯要这么多钱吗" in desk
    shown = without_random(desk)
    assert "李建国" not in shown and "502" not in shown and "0003" not in shown
    with database.read() as session:
        question = session.scalars(select(LedgerQuestionRow.id)).one()
    assert "problem" in post(one, "/committee/ledger/questions", question=question, text="好").headers["location"]
    answered = post(one, "/committee/ledger/questions", question=question, text="含灯具和人工，发票9可以来看")
    assert answered.status_code == 303 and "done" in answered.headers["location"]
    assert "problem" in post(one, "/committee/ledger/questions", question=question, text="再答一次试试").headers["location"]
    with database.read() as session:
        row = session.scalars(select(TicketRow).where(TicketRow.number == number)).one()
        events = {e.event: e.text for e in session.scalars(select(TicketEventRow).where(TicketEventRow.ticket_id == row.id))}
        assert "发票9可以来看" in events["updated"]
        heard = [m.body["text"] for m in session.scalars(select(MessageRow).where(MessageRow.conversation_id == asker))]
        assert any("发票9可以来看" in text for text in heard)
    page = one.get(f"/ledger/{token}").text
    assert "发票9可以来看" in page and "12盏灯要" not in page


@ON_SQLITE
def test_the_form_of_the_page_opens_a_ticket(app: FastAPI, database: Database, book: tuple[str, int], now: datetime) -> None:
    token, entry = book
    app.add_exception_handler(Refused, lambda _request, error: _plain(error))
    with TestClient(app) as client:
        assert "对这笔有疑问" in client.get(f"/ledger/{token}").text
        done = client.post(f"/ledger/{token}/question", data={"entry": entry, "text": "是不是主任家亲戚干的"})
        with database.read() as session:
            row = session.scalars(select(TicketRow)).one()
            assert row.number in done.text
            assert (row.category, row.kind, row.community, row.conversation_id) == ("committee_conduct", "complaint", "和平小区", None)
            assert session.scalars(select(MessageRow).where(MessageRow.author == "notice")).all() == []
            assert session.scalars(select(LedgerQuestionRow)).one().is_conduct
        assert client.post(f"/ledger/{token}/question", data={"entry": entry + 50}).status_code == 404
        for _ in range(MOST_A_DAY - 1):
            assert client.post(f"/ledger/{token}/question", data={"entry": entry}).status_code == 200
        assert client.post(f"/ledger/{token}/question", data={"entry": entry}).status_code == 429


@ON_SQLITE
def test_the_list_of_ballots(one: TestClient, database: Database) -> None:
    assert "表决票清单" in one.get("/committee/ballots").text
    assert one.get("/committee").text.count("/committee/ballots") == 1
    shown = post(one, "/committee/ballots/import", matter="V3", files={"file": ("票.csv", BALLOTS.encode(), "text/csv")}).text
    assert "选举业主委员会" in shown and "读到 6 行，计入 4 户" in shown
    assert "第 5 行" in shown and "1-103" in shown and "第 6 行" in shown and "没有计入" in shown
    paper = post(one, "/committee/ballots/import", matter="V3", form_="docx", files={"file": ("票.csv", BALLOTS.encode(), "text/csv")})
    assert paper.content[:2] == b"PK"
    nothing = post(one, "/committee/ballots/import", files={"file": ("票.csv", b"a,b\n1,2\n", "text/csv")})
    assert "problem" in nothing.headers["location"]
    token = CSRF.search(one.get("/committee").text)
    assert token is not None
    assert one.post("/committee/ballots/import", files={"file": ("票.csv", BALLOTS.encode(), "text/csv")}).status_code == 403


@ON_SQLITE
def test_an_erased_member_is_out_of_the_desk(app: FastAPI, database: Database, now: datetime) -> None:
    with browser(app, database, "王五", now) as client, database.write() as session:
        row = session.scalars(select(CommitteeMemberRow).where(CommitteeMemberRow.name == "王五")).one()
        assert row.conversation_id is not None
        forget_member(session, row.conversation_id, now)
        assert member_at_desk(session, client.cookies["linda_committee"], now) is None
