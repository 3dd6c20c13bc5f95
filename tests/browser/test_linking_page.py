"""Linking a Telegram chat in real Chromium: offered only where a messenger is on, code shown, confirmed or refused here, ended here."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browser import DESKTOP, PHONE, OpenPage, serious_faults
from tests.browser.fake_api import FakeApi
from tests.browser.test_resident_page import begin

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("LINDA_TEST_SHOTS")  # a folder for pictures of what is tested


def look(page: Page, name: str) -> None:
    """Nothing serious for axe, and a picture when one is wanted."""
    assert serious_faults(page) == []
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def open_link(page: Page) -> None:
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="关联 Telegram").click()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_code_confirmed_and_ended(fake: FakeApi, open_page: OpenPage, size: tuple[int, int]) -> None:
    fake.bot = "linda_estate_bot"
    watched = begin(fake, open_page, size)
    page, name = watched.page, "phone" if size == PHONE else "desktop"
    page.get_by_role("button", name="菜单").click()
    expect(page.get_by_role("button", name="关联 Telegram")).to_be_visible()
    look(page, f"link-menu-{name}")
    page.get_by_role("button", name="关联 Telegram").click()
    page.get_by_role("button", name="取一个数字").click()
    expect(page.get_by_label("关联用的六位数字")).to_have_text("204816")
    expect(page.get_by_role("link", name="打开 @linda_estate_bot")).to_have_attribute("href", "https://t.me/linda_estate_bot")
    look(page, f"link-code-{name}")
    fake.only().link = "claimed"
    page.get_by_role("button", name="确认关联").wait_for()
    look(page, f"link-confirm-{name}")
    page.get_by_role("button", name="确认关联").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert fake.only().link == "linked"
    open_link(page)
    expect(page.get_by_text("两边都会收到。要取消关联吗")).to_be_visible()
    look(page, f"link-made-{name}")
    page.get_by_role("button", name="取消关联").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert fake.only().link == "none" and watched.foreign == [] and watched.errors == []


def test_somebody_else_is_refused(fake: FakeApi, open_page: OpenPage) -> None:
    fake.bot = "linda_estate_bot"
    page = begin(fake, open_page).page
    fake.only().link = "claimed"
    open_link(page)
    page.get_by_role("button", name="不是我").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert fake.only().link == "none"


def test_without_a_messenger_it_is_not_offered(fake: FakeApi, open_page: OpenPage) -> None:
    watched = begin(fake, open_page)
    watched.page.get_by_role("button", name="菜单").click()
    expect(watched.page.get_by_role("button", name="下载我的记录")).to_be_visible()
    watched.page.wait_for_timeout(300)
    expect(watched.page.get_by_role("button", name="关联 Telegram")).to_have_count(0)
    assert watched.errors == []
