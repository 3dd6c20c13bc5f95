"""The page's side of linking a messenger's chat: show a code, confirm, unlink (below /api/v1, with the conversation's own token)."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel
from sqlalchemy.orm import Session

from bot.conversations import find_conversation
from bot.limits import MESSAGES, Limits
from bot.linking import link_of, offer_code, settle_link, unlink
from config.refusal import Refused
from storage.database import Database
from storage.models import ConversationRow

Token = Annotated[str | None, Header(alias="Authorization")]


class SettleIn(BaseModel):
    """Body of POST …/link/confirm."""

    yes: bool


def linking_router(database: Database, limits: Limits, clock: Callable[[], datetime], bot_name: Callable[[], str] | None) -> APIRouter:
    """POST …/link shows a code, GET tells how far it is, POST …/link/confirm says yes or no, DELETE ends it.

    `bot_name` for t.me; None where no messenger is switched on: then GET says `off` and no code is given (404).
    """
    router = APIRouter(prefix="/api/v1/conversations/{conversation_id}/link")

    def own(session: Session, conversation_id: str, header: str | None) -> ConversationRow:
        if not header or not header.lower().startswith("bearer "):
            raise Refused("缺少凭证", "在 Authorization 里带上 Bearer 和对话的 token", status=401, code="no_token")
        return find_conversation(session, conversation_id, header[7:].strip())

    @router.post("", status_code=201)
    def offer(conversation_id: str, token: Token = None) -> dict[str, Any]:
        if bot_name is None:
            raise Refused("这里没有启用聊天软件", "在网页上继续就行", status=404, code="no_messenger")
        limits.allow("link", conversation_id, MESSAGES)
        with database.write() as session:
            own(session, conversation_id, token)
            code, row = offer_code(session, conversation_id, clock())
            name = bot_name() or None
            link = f"https://t.me/{name}" if name else None
            return {"code": code, "expires_at": row.expires_at.isoformat(), "bot": name, "bot_url": link}

    @router.get("")
    def state(conversation_id: str, token: Token = None) -> dict[str, Any]:
        with database.read() as session:
            own(session, conversation_id, token)
            row = link_of(session, conversation_id)
            over = row is not None and row.state != "linked" and row.expires_at <= clock()
            if bot_name is None:
                return {"state": "off"}
            return {"state": "none" if row is None or over else row.state}

    @router.post("/confirm")
    def confirm(conversation_id: str, body: SettleIn, token: Token = None) -> dict[str, Any]:
        with database.write() as session:
            own(session, conversation_id, token)
            return {"state": settle_link(session, conversation_id, clock(), yes=body.yes).state}

    @router.delete("")
    def end(conversation_id: str, token: Token = None) -> dict[str, Any]:
        with database.write() as session:
            own(session, conversation_id, token)
            return {"ended": unlink(session, conversation_id, clock())}

    return router
