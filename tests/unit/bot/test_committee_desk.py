"""The member's desk from the link to the published ledger, as a browser uses it; strangers and forged forms stay outside."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.committee_desk import CommitteeDoor, committee_router
from bot.ledger_pages import LedgerDoor, ledger_router
from committee.members import end_membership, open_desk
from committee.procedures import Procedures
from config.refusal import Refused
from storage.committee_rows import CaseStepRow, DisclosureRow, LedgerPeriodRow
from storage.database import Database
from tests.unit.committee.test_cases import add_member
from tests.unit.committee.test_ledger import CSV

PROCEDURES = Procedures.load()
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Moment:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moment(now: datetime) -> Moment:
    return Moment(now)


@pytest.fixture
def app(database: Database, moment: Moment) -> FastAPI:
    made = FastAPI()
    made.include_router(committee_router(CommitteeDoor(database, PROCEDURES, moment)))
    made.include_router(ledger_router(LedgerDoor(database, PROCEDURES, moment, "https://linda.example")))
    return made


def browser(app: FastAPI, database: Database, name: str, now: datetime) -> TestClient:
    member = add_member(database, name, now)
    with database.write() as session:
        secret = open_desk(session, member, now)
    client = TestClient(app, follow_redirects=False)
    answer = client.get(f"/committee/enter/{secret}")
    assert answer.status_code == 200 and "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    return client


def post(client: TestClient, path: str, **fields: object) -> object:
    token = CSRF.search(client.get("/committee").text)
    assert token is not None
    files = fields.pop("files", None)
    return client.post(path, data={"csrf": token[1], **fields}, files=files)


@pytest.fixture
def one(app: FastAPI, database: Database, now: datetime) -> Iterator[TestClient]:
    with browser(app, database, "张三", now) as client:
        yield client


def test_only_with_the_link(app: FastAPI, database: Database, moment: Moment, one: TestClient) -> None:
    stranger = TestClient(app, follow_redirects=False)
    for path in ("/committee", "/committee/cases/1", "/committee/papers/ballot", "/committee/enter/wrong", "/committee/enter/%00"):
        answer = stranger.get(path)
        assert answer.status_code == 403 and "张三" not in answer.text, path
    assert stranger.post("/committee/cases", data={"procedure": "renewal"}).status_code == 403
    assert one.get("/committee").status_code == 200
    for token in ({}, {"csrf": "wrong"}):
        assert one.post("/committee/cases", data={"procedure": "renewal", **token}).status_code == 403
    token = CSRF.search(one.get("/committee").text)
    assert token is not None
    foreign = one.post("/committee/cases", data={"procedure": "renewal", "csrf": token[1]}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    moment.now += timedelta(hours=12)
    assert one.get("/committee").status_code == 403


def test_an_ended_member_is_out_at_once(database: Database, one: TestClient, now: datetime) -> None:
    with database.write() as session:
        end_membership(session, 1, "operator:boss", "辞职", now)
    assert one.get("/committee").status_code == 403


def test_a_case_from_begin_to_end(database: Database, one: TestClient) -> None:
    where = post(one, "/committee/cases", procedure="general_meeting").headers["location"]  # type: ignore[attr-defined]
    post(one, f"{where}/event", event="general_meeting", day="2026-12-20")
    post(one, f"{where}/step", n=1, day="2026-11-19", paper="<提议书>")
    text = one.get(where).text
    assert "2026-11-19 办完" in text and "&lt;提议书&gt;" in text and "最迟 2026-12-04" in text and "/calendar/" in text
    wrong = post(one, f"{where}/step", n=2, day="2026-12-24")
    assert "办完的日期不对" in unquote(wrong.headers["location"])  # type: ignore[attr-defined]
    assert "办完的日期不对" in one.get(wrong.headers["location"]).text  # type: ignore[attr-defined]
    post(one, f"{where}/undo", n=1)
    with database.read() as session:
        assert session.query(CaseStepRow).count() == 0
    post(one, f"{where}/close", why="不开了")
    assert "正在办的事" in one.get("/committee").text and "召开业主大会会议和表决 <span" not in one.get("/committee").text
    assert one.get("/committee/cases/999").status_code == 404


def test_a_ledger_from_upload_to_page(app: FastAPI, database: Database, one: TestClient, now: datetime) -> None:
    period = {"start": "2026-07-01", "end": "2026-09-30"}
    bad = {"file": ("账.csv", CSV.replace("￥980元,发票9", "￥980元,").encode(), "text/csv")}
    answer = post(one, "/committee/ledger/import", **period, files=bad)
    assert "第 6 行：这笔支出没有票据" in answer.text and "还没有存" in answer.text  # type: ignore[attr-defined]
    answer = post(one, "/committee/ledger/import", **period, files={"file": ("账.csv", CSV.encode(), "text/csv")})
    assert "等待同意" in answer.text and "13,270.50" in answer.text  # type: ignore[attr-defined]
    with database.read() as session:
        row = session.query(LedgerPeriodRow).one()
        approve = {"period": row.id, "digest": row.digest}
    post(one, "/committee/ledger/approve", **approve)
    with pytest.raises(Refused):
        one.get(f"/ledger/{row.token}")  # nobody reads a draft
    two = browser(app, database, "李四", now)
    assert "已有 1 位成员同意" in two.get("/committee").text
    post(two, "/committee/ledger/approve", **approve)
    assert "13,270.50" in one.get(f"/ledger/{row.token}").text
    text = one.get(f"/committee/ledger/{row.id}/correct").text
    entry = re.search(r'name="entry" value="(\d+)"', text)
    assert entry is not None
    post(one, "/committee/ledger/corrections", entry=entry[1], amount="2,900", subject="电梯广告费", receipt="收据001", reason="多写100")
    waiting = two.get("/committee").text
    assert "等待同意的更正" in waiting and "多写100" in waiting
    correction = re.search(r'name="entry" value="(\d+)"', waiting)
    assert correction is not None
    post(two, "/committee/ledger/corrections/approve", entry=correction[1])
    assert "13,170.50" in one.get(f"/ledger/{row.token}").text


def test_disclosure_and_papers(database: Database, one: TestClient) -> None:
    assert "公共收益收支公示" in one.get("/committee").text
    post(one, "/committee/events", item="decision", day="2026-11-18", what="换门禁")
    assert "业委会决定公告（换门禁）" in one.get("/committee").text
    with database.read() as session:
        row = session.query(DisclosureRow).filter(DisclosureRow.item == "decision").one()
    post(one, "/committee/disclosures", row=row.id, item="decision", day="2026-11-19", evidence="公告栏")
    assert "业委会决定公告（换门禁）" not in one.get("/committee").text
    post(one, "/committee/disclosures", row="", item="eight_rules", day="2026-11-19", evidence="公众号")
    assert 'name="estate" value="和平小区"' in one.get("/committee/papers/ballot").text
    made = post(one, "/committee/papers/ballot", estate="和平小区", matters="选举业委会\n换门禁|||", form_="pdf", notes_="1")
    assert made.content[:5] == b"%PDF-" and "filename*=UTF-8''%E5%92%8C" in made.headers["content-disposition"]  # type: ignore[attr-defined]
    made = post(one, "/committee/papers/ballot", estate="和平小区", form_="docx")
    assert made.content[:2] == b"PK"  # type: ignore[attr-defined]
    assert one.get("/committee/papers/nothing").status_code == 404


def test_a_papers_form_holds_what_the_ledger_and_the_case_know(app: FastAPI, database: Database, one: TestClient, now: datetime) -> None:
    files = {"file": ("账.csv", CSV.encode(), "text/csv")}
    post(one, "/committee/ledger/import", start="2026-07-01", end="2026-09-30", files=files)
    with database.read() as session:
        row = session.query(LedgerPeriodRow).one()
    with browser(app, database, "李四", now) as two:
        for client in (one, two):
            post(client, "/committee/ledger/approve", period=row.id, digest=row.digest)
    form = one.get("/committee/papers/quarterly_disclosure").text
    assert 'value="2026-07-01 — 2026-09-30"' in form and 'value="4,250.50"' in form
    assert "2026-07-05 | 电梯广告费 | 1-6号楼 | 3,000.00 | 收据001" in form
    where = post(one, "/committee/cases", procedure="general_meeting").headers["location"]  # type: ignore[attr-defined]
    post(one, f"{where}/event", event="general_meeting", day="2026-12-20")
    assert 'value="2026年12月20日"' in one.get("/committee/papers/meeting_notice").text
    assert 'href="/calendar/' in one.get(where).text


def test_a_ledger_entered_line_by_line(app: FastAPI, database: Database, one: TestClient, now: datetime) -> None:
    first = {"start": "2026-07-01", "end": "2026-09-30", "opening": "100", "day": "2026-08-01", "kind": "income", "subject": "停车费"}
    refused = post(one, "/committee/ledger/lines", **(first | {"start": "", "amount": "5"}))
    assert "先填这一期" in unquote(refused.headers["location"])  # type: ignore[attr-defined]
    post(one, "/committee/ledger/lines", **first, amount="1,250.50", receipt="收据1")
    spent = {"day": "2026-07-20", "kind": "expense", "subject": "路灯维修", "receipt": "发票9"}
    for wrong, what in (({"amount": "-5"}, "看不懂"), ({"amount": "五十"}, "看不懂"), ({"amount": "80", "receipt": ""}, "没有票据")):
        answer = post(one, "/committee/ledger/lines", **(spent | wrong))
        assert what in unquote(answer.headers["location"]), wrong  # type: ignore[attr-defined]
    more = post(one, "/committee/ledger/lines", **(spent | {"amount": "100.01"}))
    assert "支出比手里的钱还多" in unquote(more.headers["location"])  # type: ignore[attr-defined]
    post(one, "/committee/ledger/lines", **spent, amount="80")
    text = one.get("/committee").text
    assert text.index("路灯维修") < text.index("停车费") and "1,270.50 元，共 2 笔" in text
    post(one, "/committee/ledger/lines/drop", seq=1)
    assert "路灯维修" not in one.get("/committee").text
    with database.read() as session:
        row = session.query(LedgerPeriodRow).one()
    with browser(app, database, "李四", now) as two:
        for client in (one, two):
            post(client, "/committee/ledger/approve", period=row.id, digest=row.digest)
    gone = post(one, "/committee/ledger/lines/drop", seq=1)
    assert "草稿里没有这一笔" in unquote(gone.headers["location"])  # type: ignore[attr-defined]
    with database.read() as session:
        assert session.query(LedgerPeriodRow).one().state == "published"
