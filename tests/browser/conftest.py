"""Fixtures of the browser tests."""

from collections.abc import Iterator

import pytest

from tests.browser.browser import chromium, open_page
from tests.browser.fake_api import FakeApi, serve

__all__ = ["chromium", "fake", "open_page"]


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    """The resident page with a scripted server behind it, on a free port of loopback."""
    with serve() as running:
        yield running
