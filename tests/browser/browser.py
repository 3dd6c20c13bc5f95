"""Real Chromium for tests: one launch for all of them, and pages that remember everything that must not happen.

Use: import the fixtures `chromium` and `open_page` (tests/browser/conftest.py does), then `page = open_page(url, PHONE)`.
Chromium is the one at LINDA_TEST_CHROMIUM or /usr/bin/chromium; where there is none the tests are skipped with that reason.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15000  # a busy machine is not a fault
PHONE = (390, 844)
DESKTOP = (1280, 900)
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
OWN_SCHEMES = {"blob", "data", "about"}


def chromium_path() -> str | None:
    """Where Chromium is on this machine, or None."""
    named = os.environ.get("LINDA_TEST_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass
class Watched:
    """A page and what went wrong on it: addresses outside its origin, errors and refusals in its console."""

    page: Page
    origin: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def notice_request(self, request: Request) -> None:
        """Keep the address of a request that leaves the origin."""
        parts = urlsplit(request.url)
        if parts.scheme not in OWN_SCHEMES and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.foreign.append(request.url)


def serious_faults(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands, one line for each element."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci")
    # Evaluated through the debugger, which the page's Content-Security-Policy does not bind.
    page.evaluate(AXE.read_text(encoding="utf-8") + "\n;undefined")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for all browser tests; closed with them, since Playwright keeps an event loop running in this thread."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: install it or set LINDA_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


OpenPage = Callable[..., Watched]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """`open_page(url, size=PHONE, **context options)` → Watched; each page in its own clean context."""
    contexts: list[BrowserContext] = []

    def opened(url: str, size: tuple[int, int] = PHONE, **options: Any) -> Watched:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        parts = urlsplit(url)
        watched = Watched(context.new_page(), f"{parts.scheme}://{parts.netloc}")
        watched.page.on("request", watched.notice_request)
        watched.page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
        watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
        watched.page.goto(url)
        return watched

    yield opened
    for context in contexts:
        context.close()
