"""The live inbox: a page hears of new and changed tickets within its scope, and falls silent when its session ends."""

import asyncio
import contextlib
import json
from typing import Any

import pytest

from console import live
from console.access import Viewer
from console.live import Listener, LiveFeed, stream
from console.sessions import end_sessions, find_viewer
from tests.unit.console.stage import Stage, post


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_S", 0.02)
    monkeypatch.setattr(live, "CHECK_EVERY_S", 0.04)


def _viewer(stage: Stage, login: str) -> Viewer:
    secret = stage.client(login).cookies["linda_console"]
    found = find_viewer(stage.database, secret, stage.desk.regions, stage.clock())
    assert found is not None
    return found


async def _listen(stage: Stage, viewer: Viewer, act: Any, allowed: Any = lambda: True, until: int = 1) -> list[dict[str, Any]]:
    """Open a stream, do something, and take what is told until `until` news came or half a second passed."""
    told: list[dict[str, Any]] = []
    news = stream(LiveFeed(stage.database), Listener(viewer, allowed))
    assert "event: ready" in await anext(news)
    await asyncio.to_thread(act)

    async def take() -> None:
        async for block in news:
            if block.startswith("event: ticket"):
                told.append(json.loads(block.partition("data: ")[2]))
            if block.startswith("event: signed-out"):
                told.append({"event": "signed-out"})
                return
            if len(told) >= until:
                return

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(take(), 10 if until else 0.5)
    await news.aclose()
    return told


def test_a_new_ticket_arrives(stage: Stage) -> None:
    stage.operator("li")
    stage.ticket()  # what was there before is not news
    made: list[str] = []
    told = asyncio.run(_listen(stage, _viewer(stage, "li"), lambda: made.append(stage.ticket(urgent=True)), until=2))
    opened = [news for news in told if news["event"] == "opened"]
    assert opened == [{"number": made[0], "event": "opened", "urgent": True, "kind": "repair"}]


def test_a_change_and_a_word_of_the_resident_arrive(stage: Stage) -> None:
    stage.operator("li")
    number = stage.ticket()
    client = stage.client("li")

    def act() -> None:
        post(client, f"/console/tickets/{number}/claim")
        stage.say(number, "人呢")

    told = asyncio.run(_listen(stage, _viewer(stage, "li"), act, until=2))
    assert {news["event"] for news in told} == {"claimed", "said"}
    assert {news["number"] for news in told} == {number}
    assert "人呢" not in json.dumps(told, ensure_ascii=False)


def test_nobody_hears_of_what_he_may_not_see(stage: Stage) -> None:
    stage.operator("li", regions=("minle",))
    stage.operator("firm", side="company")

    def act() -> None:
        stage.ticket(kind="handoff", category="other_complaint")

    for login in ("li", "firm"):
        assert asyncio.run(_listen(stage, _viewer(stage, login), act, until=0)) == []


def test_the_company_does_not_hear_that_a_complainant_speaks(desk_stage: Stage) -> None:
    desk_stage.operator("firm", side="company")
    number = desk_stage.ticket(kind="complaint", category="fees")
    assert asyncio.run(_listen(desk_stage, _viewer(desk_stage, "firm"), lambda: desk_stage.say(number, "x"), until=0)) == []


def test_the_stream_ends_with_the_session(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    secret = desk_stage.client("li").cookies["linda_console"]
    viewer = find_viewer(desk_stage.database, secret, desk_stage.desk.regions, desk_stage.clock())
    assert viewer is not None

    def end() -> None:
        with desk_stage.database.write() as session:
            end_sessions(session, viewer.operator_id, desk_stage.clock())

    def allowed() -> bool:
        return find_viewer(desk_stage.database, secret, desk_stage.desk.regions, desk_stage.clock(), touch=False) is not None

    assert asyncio.run(_listen(desk_stage, viewer, end, allowed)) == [{"event": "signed-out"}]


def test_many_pages_cost_one_query(desk_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_S", 60.0)
    feed = LiveFeed(desk_stage.database)
    first = feed.recent()
    desk_stage.ticket()
    assert feed.recent() is first
