"""The queue's door over HTTP on a database of the test, with tickets opened the real way."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from backend.asyncapi import asyncapi_router
from backend.queue_api import queue_router
from backend.updates import updates_router
from config.refusal import Refused
from storage.api_keys import make_key
from storage.database import Database
from storage.models import ConversationRow, MessageRow, TicketRow
from tickets.open_ticket import NewTicket, open_ticket
from understanding.reading import Place


class QueueSide:
    """A backend system's view: a client with a key, a clock that can be moved, and tickets to take."""

    def __init__(self, database: Database, now: datetime, regions: tuple[str, ...] = ()) -> None:
        self.database, self.now = database, now
        app = FastAPI()

        @app.exception_handler(Refused)
        async def refused(_request: Request, error: Refused) -> JSONResponse:
            return JSONResponse({"error": {"code": error.code, "reason": error.reason, "remedy": error.remedy}}, error.status)

        for router in (queue_router(database, self.clock), updates_router(database, self.clock), asyncapi_router()):
            app.include_router(router)
        self.app = app
        self.client = TestClient(app, headers={"Authorization": f"Bearer {self.key(regions)}"})

    def clock(self) -> datetime:
        return self.now

    def key(self, regions: tuple[str, ...] = ()) -> str:
        """A new key's secret."""
        with self.database.write() as session:
            return make_key(session, "热线平台", regions, self.now)[1]

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def open(self, turn: str = "t1", region: str = "donghe", description: str = "厨房水管一直漏水") -> str:
        """A resident's ticket; its number."""
        with self.database.write() as session:
            conversation = f"c-{turn}"
            session.add(
                ConversationRow(
                    id=conversation, token_hash="0" * 64, channel="web", region=region, place={}, dialogue={},
                    created_at=self.now, seen_at=self.now,
                )
            )  # fmt: skip
            session.flush()
            place = Place(community="测试小区", building="3", unit="2", room="502", spot="厨房")
            new = NewTicket("repair", "water_supply", region, "market", place, description, None, False, False, None, conversation, turn)
            return open_ticket(session, new, self.now).number

    def lease(self, **body: Any) -> dict[str, Any]:
        got = self.client.post("/api/v1/queue/leases", json=body)
        assert got.status_code == 200, got.text
        record: dict[str, Any] = got.json()
        return record

    def settle(self, lease: str, how: str = "ack") -> Any:
        return self.client.post(f"/api/v1/queue/leases/{lease}/{how}")

    def drain(self) -> list[dict[str, Any]]:
        """All events there are, in the order in which they were handed out."""
        taken: list[dict[str, Any]] = []
        while (got := self.lease(max=50))["lease"]:
            taken += got["events"]
            assert self.settle(got["lease"]).status_code == 200
        return taken

    def update(self, number: str, update_id: str, at: float = 0, **fields: Any) -> Any:
        """Post an update that happened `at` seconds from now."""
        happened = (self.now + timedelta(seconds=at)).isoformat()
        return self.client.post(f"/api/v1/tickets/{number}/updates", json={"update_id": update_id, "at": happened, **fields})

    def state(self, number: str) -> str:
        with self.database.read() as session:
            return self.row(session, number).state

    @staticmethod
    def row(session: Any, number: str) -> TicketRow:
        found: TicketRow = session.query(TicketRow).filter(TicketRow.number == number).one()
        return found

    def notices(self, number: str) -> list[str]:
        """What the resident was told about it."""
        with self.database.read() as session:
            conversation = self.row(session, number).conversation_id
            said = session.query(MessageRow).filter(MessageRow.conversation_id == conversation).order_by(MessageRow.id)
            return [message.body["text"] for message in said if message.author == "notice"]
