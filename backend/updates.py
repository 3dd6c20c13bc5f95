"""The way back: another system tells what became of a ticket, and the resident hears of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from backend.api_keys import ApiCaller, caller
from backend.apply_update import TicketUpdate, apply_update
from storage.columns import refuse_nul
from storage.database import Database
from tickets.ticket import ticket_record

LONGEST_TEXT = 4000
Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,30}$")]


class UpdateIn(BaseModel):
    """Body of POST /tickets/{number}/updates (docs/schemas/linda.ticket.update.v1.json)."""

    update_id: str = Field(min_length=1, max_length=120)
    at: AwareDatetime
    state: Literal["accepted", "in_progress", "resolved", "closed", "rejected", "reopened"] | None = None
    text: str | None = Field(default=None, max_length=LONGEST_TEXT)
    by: str | None = Field(default=None, max_length=60)

    @field_validator("update_id", "text", "by")
    @classmethod
    def _storable(cls, value: str | None) -> str | None:
        refuse_nul(value)
        return value

    @field_validator("at", mode="before")
    @classmethod
    def _written_out(cls, value: object) -> object:
        if not isinstance(value, (str, datetime)):
            raise ValueError("write the time as text with offset, for example 2026-11-20T09:30:00+08:00")
        return value

    @field_validator("at")
    @classmethod
    def _in_utc(cls, value: datetime) -> datetime:
        try:
            return value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("time out of range") from error

    def as_update(self) -> TicketUpdate:
        """The record the rest works on."""
        return TicketUpdate(self.update_id, self.at, self.state, (self.text or "").strip(), (self.by or "").strip())


def updates_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Route POST /api/v1/tickets/{number}/updates for API keys."""
    router = APIRouter(prefix="/api/v1", tags=["queue"])
    Caller = Annotated[ApiCaller, Depends(caller(database))]

    @router.post("/tickets/{number}/updates")
    def update(number: Number, body: UpdateIn, who: Caller) -> dict[str, Any]:
        """Apply an update; the same update_id again gives the same answer and changes nothing."""
        with database.write() as session:
            done = apply_update(session, who, number, body.as_update(), clock())
            record = ticket_record(session, done.ticket, audience="queue")
        return {"update_id": body.update_id, "effect": done.effect, "repeated": done.repeated, "ticket": record}

    return router
