"""D01: the application is killed 20 times under load; nothing acknowledged is lost, nothing is doubled."""

import json
import random
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from storage.database import Database
from storage.models import InboxRow, MessageRow, TicketRow
from tests.server import Server

KILLS = 20
RESIDENTS = 6
SENTENCES = ("公共收益多久公示一次", "电梯里关着人！", "转人工", "我要报修", "楼道灯不亮", "你好")


class Resident(threading.Thread):
    """Sends messages and repeats each with the same id until it is acknowledged; notes every acknowledgement."""

    def __init__(self, base: str, stop: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.base, self.stop_event, self.random = base, stop, random.Random(seed)
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.conversation = ""

    def run(self) -> None:
        with httpx.Client(base_url=f"{self.base}/api/v1", timeout=10.0, trust_env=False) as http:
            made = self._post(http, "/conversations", {"region": "donghe"}, {})
            self.conversation = made["conversation"]
            headers = {"Authorization": f"Bearer {made['token']}"}
            while not self.stop_event.is_set():
                body = {"message_id": uuid.uuid4().hex, "text": self.random.choice(SENTENCES)}
                turn = self._post(http, f"/conversations/{self.conversation}/messages", body, headers)
                self.acknowledged[body["message_id"]] = turn
                if self.random.random() < 0.1:  # the answer was lost on the way: the same again
                    again = self._post(http, f"/conversations/{self.conversation}/messages", body, headers)
                    assert again == turn

    def _post(self, http: httpx.Client, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        while True:
            try:
                response = http.post(path, json=body, headers=headers)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if response.status_code >= 500:
                time.sleep(0.05)
                continue
            assert response.status_code in (200, 201), response.text
            return dict(response.json())


@pytest.mark.timeout(280)
def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    """Every acknowledged turn is stored with the very result that was sent; one row a message, no ticket doubled."""
    server = Server(tmp_path)
    server.start()
    stop = threading.Event()
    residents = [Resident(server.base, stop, seed) for seed in range(RESIDENTS)]
    for resident in residents:
        resident.start()
    chance = random.Random(7)
    for _ in range(KILLS):
        time.sleep(0.3 + chance.random() * 0.7)
        server.kill()
        server.start()
    time.sleep(1.0)
    stop.set()
    for resident in residents:
        resident.join(30)
        assert not resident.is_alive()
    server.stop()
    lost, doubled, count = _examine(Database(server.database_url), residents)
    print(
        json.dumps(
            {"id": "D01", "n": count, "kills": KILLS, "lost": lost, "dup": doubled, "verdict": "ok" if not lost + doubled else "bad"}
        )
    )
    assert count > KILLS * 3
    assert (lost, doubled) == (0, 0)


def _examine(database: Database, residents: list[Resident]) -> tuple[int, int, int]:
    lost = doubled = count = 0
    with database.read() as session:
        for resident in residents:
            for message_id, turn in resident.acknowledged.items():
                count += 1
                row = session.scalar(
                    select(InboxRow).where(InboxRow.conversation_id == resident.conversation, InboxRow.message_id == message_id)
                )
                lost += row is None or row.state != "done" or row.result != turn
                for ticket in turn["tickets"]:
                    lost += session.scalar(select(TicketRow).where(TicketRow.number == ticket["number"])) is None
        pairs = session.execute(
            select(InboxRow.conversation_id, InboxRow.message_id, func.count()).group_by(InboxRow.conversation_id, InboxRow.message_id)
        )
        doubled += sum(n - 1 for _, _, n in pairs)
        answered = session.execute(
            select(MessageRow.turn_id, func.count()).where(MessageRow.author == "resident").group_by(MessageRow.turn_id)
        )
        doubled += sum(n - 1 for _, n in answered)
        opened = session.execute(select(TicketRow.turn_id, TicketRow.kind, func.count()).group_by(TicketRow.turn_id, TicketRow.kind))
        doubled += sum(n - 1 for _, _, n in opened)
    database.close()
    return lost, doubled, count
