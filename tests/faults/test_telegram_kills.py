"""D01, D02, D11, D16: many people, duplicates, disorder, a process killed again and again: nothing lost, nothing doubled, order kept."""

import json
import random
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from bot.deliveries import counts
from storage.database import Database
from storage.models import ChannelUpdateRow, ConversationRow, InboxRow, MessageRow
from tests.faults.fake_bot_api import FakeBotApi, private
from tests.faults.telegram_program import SECRET, Nursery
from tests.faults.telegram_stage import still_open, unlimited, until
from tests.server import free_port

pytestmark = pytest.mark.slow  # minutes of kills and waiting: make faults

FIRST_CHAT = 5000


class Crowd:
    """Says numbered sentences for many people; every update is known by its chat and number."""

    def __init__(self, api: FakeBotApi, people: int, messages: int, seed: int = 5) -> None:
        self.api, self.people, self.random = api, people, random.Random(seed)
        self.said: dict[int, int] = dict.fromkeys(range(FIRST_CHAT, FIRST_CHAT + people), 0)
        self.left = messages

    def next(self) -> dict[str, Any]:
        """One more update with its id."""
        chat = self.random.choice(list(self.said))
        self.said[chat] += 1
        self.left -= 1
        return {"update_id": self.api.take_id(), **private(chat, f"第{self.said[chat]}句", number=self.said[chat])}


def poll_crowd(api: FakeBotApi, crowd: Crowd, stop: threading.Event) -> None:
    """Updates appear at the server; every tenth twice, as after an answer that was lost."""
    while crowd.left and not stop.is_set():
        batch = [crowd.next() for _ in range(min(crowd.left, 20))]
        batch += [one for one in batch if crowd.random.random() < 0.1]
        api.push(*sorted(batch, key=lambda one: one["update_id"]))
        time.sleep(0.05)


def post_crowd(base: str, crowd: Crowd, stop: threading.Event) -> None:
    """Posts of a webhook, out of order within a moment; repeated until a 200 came, and every tenth once more (its 200 was lost)."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    with httpx.Client(base_url=base, headers=headers, timeout=5.0, trust_env=False) as http:

        def post(one: dict[str, Any]) -> None:
            while not stop.is_set():
                try:
                    if http.post("/telegram/webhook", json=one).status_code == 200:
                        return
                except httpx.TransportError:
                    time.sleep(0.02)

        while crowd.left and not stop.is_set():
            batch = [crowd.next() for _ in range(min(crowd.left, 8))]
            mixed = sorted(batch, key=lambda one: one["update_id"] + crowd.random.choice((0, 0, 1.5)))
            for one in mixed:
                post(one)
                if crowd.random.random() < 0.1:
                    post(one)


def examine(database: Database, api: FakeBotApi, crowd: Crowd) -> dict[str, int]:
    """What is missing, doubled or out of order, in turns and in what people were sent."""
    found = Counter[str]()
    with database.read() as session:
        rows = session.execute(
            select(ConversationRow.channel_address, MessageRow.body)
            .join(MessageRow, MessageRow.conversation_id == ConversationRow.id)
            .where(MessageRow.author == "resident")
            .order_by(MessageRow.id)
        ).all()
        heard: dict[int, list[int]] = {chat: [] for chat in crowd.said}
        for address, body in rows:
            heard[int(address)].append(int(re.sub(r"\D", "", body["text"])))
        for chat, count in crowd.said.items():
            found["lost"] += len(set(range(1, count + 1)) - set(heard[chat]))
            found["double"] += len(heard[chat]) - len(set(heard[chat]))
            found["disorder"] += heard[chat] != sorted(heard[chat])
        found["turns_undone"] = session.scalar(select(func.count()).select_from(InboxRow).where(InboxRow.state != "done")) or 0
        found["chats_doubled"] = len(session.scalars(select(ConversationRow.id)).all()) - sum(1 for n in crowd.said.values() if n)
        spoken = session.execute(
            select(ConversationRow.channel_address, func.count())
            .join(MessageRow, MessageRow.conversation_id == ConversationRow.id)
            .where(MessageRow.author == "linda")
            .group_by(ConversationRow.channel_address)
        ).all()
        told = {str(address): int(count) for address, count in spoken}
        unsure = counts(session, "telegram")["unsure"]
    plain = Counter(one["chat_id"] for one in api.sent if not one["text"].startswith("（重发"))
    marked = Counter(one["chat_id"] for one in api.sent if one["text"].startswith("（重发"))
    found["sent_double"] = sum(max(0, plain[str(address)] - count) for address, count in told.items())
    found["sent_lost"] = sum(max(0, count - plain[str(address)] - marked[str(address)]) for address, count in told.items())
    found["sent_marked"], found["unsure"] = sum(marked.values()), unsure
    return dict(found)


def drive(database: Database, folder: Path, *, mode: str, people: int, messages: int, kills: int) -> dict[str, int]:
    api, port, stop = unlimited(), free_port(), threading.Event()
    crowd = Crowd(api, people, messages)
    nursery = Nursery(database.url, folder, api.base, mode, port)
    chance = random.Random(11)
    try:
        nursery.start()
        if mode == "polling":
            work = threading.Thread(target=poll_crowd, args=(api, crowd, stop), daemon=True)
        else:
            work = threading.Thread(target=post_crowd, args=(f"http://127.0.0.1:{port}", crowd, stop), daemon=True)
        work.start()
        killed_at_work = done = 0
        for number in range(kills):  # in the middle of work, not before it and not after
            until(lambda goal=(number + 1) * messages // (kills + 2): _done(database) >= goal, 120)  # type: ignore[misc]
            time.sleep(chance.random() * 0.15)
            nursery.kill()
            before, done = done, _done(database)
            killed_at_work += before < done < messages
            nursery.start()
        until(lambda: not work.is_alive(), 600)
        until(lambda: not api.waiting(), 60)
        until(lambda: _idle(database), 600)
        return examine(database, api, crowd) | {
            "killed_at_work": killed_at_work,
            "sins": len([sin for sin in api.sins if sin != "two pollers"]),
        }
    finally:
        stop.set()
        nursery.close()
        api.close()


def _idle(database: Database) -> bool:
    time.sleep(0.3)
    with database.read() as session:
        last = session.scalar(select(func.max(MessageRow.id))) or 0
    return last > 0 and not still_open(database)


def _done(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(ChannelUpdateRow).where(ChannelUpdateRow.state == "done")) or 0


NEVER = ("lost", "double", "disorder", "turns_undone", "chats_doubled", "sent_double", "sent_lost", "unsure", "sins")


def report(name: str, found: dict[str, int], **more: Any) -> None:
    wrong = {key: found[key] for key in NEVER if found[key]}
    print(json.dumps({"id": name, **more, **found, "verdict": "bad" if wrong else "ok"}))
    assert not wrong
    assert found["killed_at_work"] >= 8, "the kills must fall into work"


@pytest.mark.timeout(280)
@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_killed_ten_times(database: Database, tmp_path: Path, mode: str) -> None:
    messages = 1000 if database.dialect == "sqlite" and mode == "polling" else 250
    found = drive(database, tmp_path, mode=mode, people=100, messages=messages, kills=10)
    report("D16", found, mode=mode, db=database.dialect, n=messages, kills=10)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_ten_thousand_updates_and_a_hundred_kills(database: Database, tmp_path: Path, mode: str) -> None:
    found = drive(database, tmp_path, mode=mode, people=1000, messages=10_000, kills=100)
    report("D16", found, mode=mode, db=database.dialect, n=10_000, kills=100)
