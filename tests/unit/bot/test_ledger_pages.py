"""The published ledger as everybody sees it: page, QR code, printable notice; and the calendar by its secret."""

from datetime import date, datetime

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from bot.ledger_pages import LedgerDoor, ledger_router
from committee.cases import CaseDesk, cases_of
from committee.ledger import LedgerDesk
from committee.ledger_sheet import LedgerLine
from committee.procedures import Procedures
from config.refusal import Refused
from storage.committee_rows import LedgerEntryRow
from storage.database import Database
from tests.unit.committee.test_cases import add_member
from tests.unit.committee.test_ledger import publish, quarter


@pytest.fixture
def client(database: Database, now: datetime) -> TestClient:
    app = FastAPI()

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"code": error.code}, status_code=error.status)

    app.include_router(ledger_router(LedgerDoor(database, Procedures.load(), lambda: now, "https://linda.example/")))
    return TestClient(app)


def test_the_page_shows_what_was_published_and_what_was_corrected(client: TestClient, database: Database, now: datetime) -> None:
    members = [add_member(database, name, now) for name in ("张三", "李四")]
    with database.write() as session:
        draft = LedgerDesk(session, members[0], now).save(quarter())
    assert client.get(f"/ledger/{draft.token}").status_code == 404  # nobody reads a draft
    row = publish(database, members, quarter(), now)
    text = client.get(f"/ledger/{row.token}").text
    for words in ("13,270.50", "电梯广告费", "收据001", "2026-07-01 至 2026-09-30", row.digest[:8].upper()):
        assert words in text
    assert "对不上" not in text and "张三" not in text
    with database.write() as session:
        wrong = session.query(LedgerEntryRow).filter(LedgerEntryRow.subject == "停车费").one()
        entry = LedgerDesk(session, members[0], now).correct(
            wrong.id, LedgerLine(0, wrong.day, "income", "停车费", 100, receipt="r"), "<b>抄错</b>"
        )
        for member in members:
            LedgerDesk(session, member, now).approve_correction(entry.id)
    text = client.get(f"/ledger/{row.token}").text
    assert 'class="income gone"' in text and "&lt;b&gt;抄错&lt;/b&gt;" in text and "12,021.00" in text
    with database.write() as session:
        session.query(LedgerEntryRow).filter(LedgerEntryRow.subject == "路灯维修").update({"amount": 1})
    assert "对不上" in client.get(f"/ledger/{row.token}").text


def test_code_notice_and_strangers(client: TestClient, database: Database, now: datetime) -> None:
    members = [add_member(database, name, now) for name in ("张三", "李四")]
    row = publish(database, members, quarter(), now)
    code = client.get(f"/ledger/{row.token}/qr.svg")
    assert code.headers["content-type"] == "image/svg+xml" and "<svg" in code.text
    notice = client.get(f"/ledger/{row.token}/notice.pdf")
    assert notice.headers["content-type"] == "application/pdf" and notice.content[:5] == b"%PDF-"
    assert client.get("/ledger/ledger.css").status_code == 200
    for path in ("/ledger/nothing", "/ledger/nothing/qr.svg", "/ledger/%00", "/ledger/账", f"/ledger/{'x' * 200}", "/calendar/x.ics"):
        assert client.get(path).status_code == 404, path


def test_the_calendar_is_subscribed_by_its_secret(client: TestClient, database: Database, now: datetime) -> None:
    member = add_member(database, "张三", now)
    with database.write() as session:
        desk = CaseDesk(session, Procedures.load(), member, now)
        case_id = desk.open("general_meeting").id
        desk.set_event(case_id, "general_meeting", date(2026, 12, 20))
        (row,) = cases_of(session, "donghe", "和平小区")
        token = row.calendar_token
    answer = client.get(f"/calendar/{token}.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "DTSTART;VALUE=DATE:20261204" in answer.text and answer.text.endswith("END:VCALENDAR\r\n")
