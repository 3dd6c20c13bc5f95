"""The console in real Chromium: tickets and words arrive without reloading, two operators cannot both win, pages fit a phone."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from console.sessions import end_sessions
from storage.models import TicketRow
from tests.browser.browser import DESKTOP, PHONE, OpenPage, Watched, serious_faults
from tests.browser.console_demo import demo
from tests.unit.console.stage import Stage

pytestmark = pytest.mark.browser
Running = tuple[str, Stage]


@pytest.fixture(scope="module")
def console() -> Iterator[Running]:
    """The console with its demo data, served on loopback."""
    with demo() as running:
        yield running


def enter(console: Running, open_page: OpenPage, login: str, size: tuple[int, int] = DESKTOP, path: str = "/console/inbox") -> Watched:
    """Sign in as somebody of the demo and go to a page."""
    address, stage = console
    watched = open_page(f"{address}/console/inbox", size)
    watched.page.get_by_label("登录名").fill(login)
    watched.page.get_by_label("密码").fill(stage.passwords[login])
    watched.page.get_by_role("button", name="登录").click()
    expect(watched.page.get_by_role("heading", name="工单")).to_be_visible()
    watched.page.goto(f"{address}{path}")
    expect(watched.page.locator("#pulse")).to_have_attribute("data-state", "on")
    return watched


def number_of(stage: Stage, category: str) -> str:
    """The demo's ticket of this category."""
    with stage.database.read() as session:
        return str(session.query(TicketRow.number).filter(TicketRow.category == category).order_by(TicketRow.id).limit(1).scalar())


def unscarred(watched: Watched) -> None:
    """Nothing left the origin and nothing complained (a refused inline script or style would)."""
    assert watched.foreign == []
    assert watched.errors == []


def wide(page: Page) -> Any:
    """How far the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def test_a_ticket_arrives_without_reloading_and_two_cannot_both_claim_it(console: Running, open_page: OpenPage) -> None:
    _, stage = console
    first, second = enter(console, open_page, "li"), enter(console, open_page, "admin")
    first.page.evaluate("window.notReloaded = true")
    number = stage.ticket(description="单元门禁坏了，刷卡没反应", category="access_control")
    expect(first.page.locator(f"#row-{number}")).to_be_visible()
    expect(first.page.locator(".toast", has_text=number)).to_be_visible()
    assert first.page.evaluate("window.notReloaded") is True
    for watched in (first, second):
        watched.page.locator(f"#row-{number} a.number").click()
        expect(watched.page.get_by_role("button", name="认领")).to_be_visible()
    first.page.get_by_role("button", name="认领").click()
    expect(first.page.get_by_text("已认领，这张工单由您负责")).to_be_visible()
    expect(second.page.get_by_text("正在负责")).to_be_visible()  # told live, before trying
    unscarred(first)
    unscarred(second)


def test_operator_and_resident_talk_without_reloading(console: Running, open_page: OpenPage) -> None:
    _, stage = console
    number = stage.ticket(description="楼道积水", category="drainage")
    watched = enter(console, open_page, "li", path=f"/console/tickets/{number}")
    page = watched.page
    page.get_by_role("textbox", name="回复居民").fill("您好，保洁马上到")
    page.get_by_role("button", name="发送").click()
    expect(page.locator("#messages .operator", has_text="保洁马上到")).to_be_visible()
    page.get_by_role("textbox", name="回复居民").fill("还没写完的话")
    stage.say(number, "好的谢谢，我在家等")
    expect(page.locator("#messages .resident", has_text="我在家等")).to_be_visible()
    expect(page.get_by_role("textbox", name="回复居民")).to_have_value("还没写完的话")
    page.get_by_text("把对话交还给 Linda").click()
    expect(page.get_by_text("Linda 在应答")).to_be_visible()
    unscarred(watched)


def test_an_ending_asks_for_words_before_it_is_sent(console: Running, open_page: OpenPage) -> None:
    _, stage = console
    number = stage.ticket(description="路灯不亮", category="lighting")
    watched = enter(console, open_page, "li", path=f"/console/tickets/{number}")
    page = watched.page
    page.get_by_text("已办结", exact=True).click()
    page.get_by_role("button", name="更新").click()
    assert stage.row(number).state == "submitted"
    page.get_by_label("做了什么、为什么").fill("换了灯泡")
    page.get_by_role("button", name="更新").click()
    expect(page.get_by_text("状态已更新")).to_be_visible()
    assert stage.row(number).state == "resolved"
    unscarred(watched)


def test_a_revoked_session_is_out_without_reloading(console: Running, open_page: OpenPage) -> None:
    _, stage = console
    stage.operator("leaver")
    watched = enter(console, open_page, "leaver")
    with stage.database.write() as session:
        end_sessions(session, stage.operator_id("leaver"), stage.clock())
    expect(watched.page.get_by_role("button", name="登录")).to_be_visible(timeout=20_000)


PAGES = {
    "inbox": "/console/inbox", "ticket": "/console/tickets/{elevator}", "late": "/console/tickets/{lighting}", "review": "/console/review",
    "plans": "/console/plans", "operators": "/console/operators", "keys": "/console/keys", "audit": "/console/audit?check=true",
    "account": "/console/account",
}  # fmt: skip


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_fits_is_accessible_and_stays_on_the_origin(console: Running, open_page: OpenPage, size: tuple[int, int]) -> None:
    address, stage = console
    signing = open_page(f"{address}/console/sign-in", size)
    assert serious_faults(signing.page) == []
    watched = enter(console, open_page, "admin", size)
    for name, path in PAGES.items():
        watched.page.goto(address + path.format(elevator=number_of(stage, "elevator"), lighting=number_of(stage, "lighting")))
        expect(watched.page.locator("main h1").first).to_be_visible()
        assert wide(watched.page) <= 0, name
        assert serious_faults(watched.page) == [], name
    unscarred(watched)
