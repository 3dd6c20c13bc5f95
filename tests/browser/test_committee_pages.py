"""The committee's pages in real Chromium, phone and desktop: entered by the chat's link, nothing cut off, votes counted, ledger read."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI, Response
from playwright.sync_api import expect
from sqlalchemy import delete

from bot.committee_desk import CommitteeDoor, committee_router
from bot.law_pages import law_pages_router
from bot.ledger_pages import LedgerDoor, ledger_router
from committee.cases import CaseDesk, StepDone
from committee.ledger import LedgerDesk
from committee.ledger_sheet import read_ledger
from committee.members import Member, open_desk
from committee.procedures import Procedures
from storage.committee_rows import LedgerPeriodRow
from storage.database import Database
from storage.models import Base
from tests.browser.browser import DESKTOP, PHONE, OpenPage, Watched, serious_faults
from tests.unit.committee.test_cases import add_member
from tests.unit.committee.test_ledger import CSV

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("LINDA_TEST_SHOTS")  # a folder for pictures of what is tested
NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
LABELS = ("全体业主（户）", "参与表决（户）", "同意（户）", "全体面积（平方米）", "参与面积（平方米）", "同意面积（平方米）")
BALLOTS = (
    "房号,业主,面积,表决意见\n" + "".join(f"1-{n},甲{n},100,{'同意' if n < 8 else ''}\n" for n in range(1, 10)) + "1-10,乙,很大,反对\n"
)


@dataclass
class Estate:
    """A running server with one estate: its address, a member of its committee, the published ledger."""

    address: str
    database: Database
    member: Member
    ledger: str

    def link(self) -> str:
        """The link that the chat gives a member."""
        with self.database.write() as session:
            return f"{self.address}/committee/enter/{open_desk(session, self.member, NOW)}"


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('estate') / 'linda.db'}")
    Base.metadata.create_all(database.engine)
    procedures = Procedures.load()
    app = FastAPI()
    app.include_router(committee_router(CommitteeDoor(database, procedures, lambda: NOW)))
    app.include_router(ledger_router(LedgerDoor(database, procedures, lambda: NOW, "https://linda.example")))
    app.include_router(law_pages_router())
    app.add_api_route("/favicon.ico", lambda: Response(status_code=204))
    made = Estate("", database, *_filled(database, procedures))
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    limit = time.monotonic() + 20
    while not server.started and time.monotonic() < limit:
        time.sleep(0.02)
    made.address = f"http://127.0.0.1:{port}"
    yield made
    server.should_exit = True
    thread.join(10)
    database.close()


def _filled(database: Database, procedures: Procedures) -> tuple[Member, str]:
    """A member, a published ledger, and a case with a date that is near."""
    members = [add_member(database, name, NOW) for name in ("甲", "乙")]
    with database.write() as session:
        period = LedgerDesk(session, members[0], NOW).save(read_ledger(CSV.encode(), "book.csv", date(2026, 7, 1), date(2026, 9, 30)))
        for member in members:
            LedgerDesk(session, member, NOW).approve(period.id, period.digest)
        desk = CaseDesk(session, procedures, members[0], NOW)
        case = desk.open("renewal")
        desk.set_event(case.id, "general_meeting", NOW.date().replace(day=28))
        desk.mark_step(case.id, StepDone(1, NOW.date()))
        return members[0], period.token


def look(watched: Watched, name: str, size: tuple[int, int]) -> None:
    """Nothing wider than the screen, nothing serious for axe, nothing from elsewhere; a picture when one is wanted."""
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{name} is wider than the screen"
    assert serious_faults(page) == [], name
    assert watched.foreign == [] and watched.errors == [], name
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"committee-{name}-{size[0]}.png"), full_page=True)


def entered(estate: Estate, open_page: OpenPage, size: tuple[int, int], query: str = "") -> Watched:
    watched: Watched = open_page(estate.link() + query, size)
    watched.page.wait_for_url("**/committee" if not query else "**/ballots**")
    return watched


@SIZES
def test_desk_case_and_paper(estate: Estate, open_page: OpenPage, size: tuple[int, int]) -> None:
    watched = entered(estate, open_page, size)
    page = watched.page
    expect(page.get_by_role("heading", name="业委会工作台")).to_be_visible()
    look(watched, "desk", size)
    page.get_by_role("link", name="打开").first.click()
    expect(page.get_by_role("heading", name="业主委员会换届选举")).to_be_visible()
    look(watched, "case", size)
    page.goto(f"{estate.address}/committee/papers/quarterly_disclosure")
    look(watched, "paper", size)


@SIZES
def test_a_vote_by_list_and_by_sums(estate: Estate, open_page: OpenPage, size: tuple[int, int], tmp_path: Path) -> None:
    watched = entered(estate, open_page, size, "?to=ballots&matter=V3")
    page = watched.page
    expect(page.get_by_label("表决的事").first).to_have_value("V3")
    listed = tmp_path / "票.csv"
    listed.write_text(BALLOTS, encoding="utf-8")
    page.get_by_label("表格").set_input_files(listed)
    page.get_by_role("button", name="检查并计票").click()
    expect(page.get_by_text("第 11 行")).to_be_visible()
    expect(page.get_by_text("面积写的是“很大”")).to_be_visible()
    expect(page.get_by_text("通过。")).to_be_visible()
    look(watched, "ballots", size)
    for label, value in zip(LABELS, ("1200", "850", "520", "100000", "70000", "30000"), strict=True):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="计票", exact=True).click()
    expect(page.get_by_text("还差超过5,000平方米")).to_be_visible()
    expect(page.get_by_label("同意（户）")).to_have_value("520")
    look(watched, "sums", size)
    with page.expect_download() as sheet:
        page.get_by_role("button", name="出结果表 PDF").last.click()
    assert sheet.value.suggested_filename.endswith(".pdf")


@SIZES
def test_a_line_of_the_ledger_is_entered_by_hand(estate: Estate, open_page: OpenPage, size: tuple[int, int]) -> None:
    watched = entered(estate, open_page, size)
    page = watched.page
    page.get_by_text("没有表格，一笔一笔记").click()
    form = page.locator("form[action='/committee/ledger/lines']")
    for label, value in (("这一期从", "2026-10-01"), ("到", "2026-10-31"), ("日期", "2026-10-12"), ("科目", "快递柜租金")):
        form.get_by_label(label, exact=True).fill(value)
    form.get_by_label("金额（元）").fill("600")
    page.get_by_role("button", name="记下这一笔").click()
    page.get_by_text("等待同意：2026-10-01 至 2026-10-31").wait_for()
    look(watched, "draft", size)
    page.get_by_role("button", name="删掉第 1 笔").click()
    expect(page.get_by_text("快递柜租金")).to_have_count(0)
    with estate.database.write() as session:
        session.execute(delete(LedgerPeriodRow).where(LedgerPeriodRow.state == "draft"))


@SIZES
def test_ledger_and_law(estate: Estate, open_page: OpenPage, size: tuple[int, int]) -> None:
    watched: Watched = open_page(f"{estate.address}/ledger/{estate.ledger}", size)
    expect(watched.page.get_by_text("3,000.00").first).to_be_visible()
    look(watched, "ledger", size)
    watched.page.goto(f"{estate.address}/laws/CC#第二百七十八条")
    expect(watched.page.get_by_text("三分之二以上的业主参与表决").first).to_be_visible()
    look(watched, "law", size)
