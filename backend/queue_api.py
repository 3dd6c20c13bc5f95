"""Taking ticket events by pull (contract 4, way 1): lease some, then ack or nack the lease."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from backend.api_keys import ApiCaller, caller
from config.refusal import Refused
from storage.database import Database
from storage.outbox import Settled, ack, counts, lease, nack

MOST_EVENTS = 500
LONGEST_LEASE_S = 12 * 3600

LeaseId = Annotated[str, Path(max_length=40, pattern=r"^[0-9a-f]+$")]


class LeaseIn(BaseModel):
    """Body of POST /leases: at most how many events, for how many seconds."""

    max: int = Field(default=10, ge=1, le=MOST_EVENTS)
    lease_s: float = Field(default=60, ge=1, le=LONGEST_LEASE_S, allow_inf_nan=False)


def _gone() -> Refused:
    return Refused(
        "没有这个租约，或它已过期并由别人接手",
        "重新租取即可：没有确认的事件会再次给出，按事件 id 去重",
        status=404,
        code="lease_gone",
    )


def _settled(result: Settled, lease_id: str) -> dict[str, Any]:
    if not result.known:
        raise _gone()
    return {"lease": lease_id, "settled": result.now, "already": result.already, "dead": result.dead}


def queue_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Routes under /api/v1/queue; every one asks for an API key and stays within its regions."""
    router = APIRouter(prefix="/api/v1/queue", tags=["queue"])
    Caller = Annotated[ApiCaller, Depends(caller(database))]

    @router.post("/leases")
    def take(who: Caller, body: LeaseIn | None = None) -> dict[str, Any]:
        """Hand out events, oldest first, at most one per ticket at a time. `lease` is null when there are none."""
        wanted = body or LeaseIn()
        with database.write() as session:
            got = lease(session, wanted.max, wanted.lease_s, who.regions, clock())
        return {"lease": got.id, "until": got.until.isoformat().replace("+00:00", "Z"), "events": list(got.events)}

    @router.post("/leases/{lease_id}/ack")
    def arrived(lease_id: LeaseId, who: Caller) -> dict[str, Any]:
        """The lease's events were taken over for good; a repeat changes nothing."""
        with database.write() as session:
            return _settled(ack(session, lease_id, clock(), who.regions), lease_id)

    @router.post("/leases/{lease_id}/nack")
    def back(lease_id: LeaseId, who: Caller) -> dict[str, Any]:
        """The lease's events could not be taken; they come again, and are put aside as dead after 5 attempts."""
        with database.write() as session:
            result = nack(session, lease_id, clock(), who.regions)
        if result.already and not (result.now or result.dead):
            raise Refused("这个租约已经确认过了", "不用再退回；如要重新处理，请联系管理员重放", status=409, code="lease_acked")
        return _settled(result, lease_id)

    @router.get("/counts")
    def figures(who: Caller) -> dict[str, int]:
        """Conservation figures of the whole queue; only for keys without a regional limit."""
        if who.regions:
            raise Refused("这个密钥只能看部分地区", "用不限地区的密钥查看总数", status=403, code="not_in_scope")
        with database.read() as session:
            found = counts(session)
        return {**{name: getattr(found, name) for name in ("issued", "waiting", "leased", "sent", "dead")}, "missing": found.missing}

    return router
