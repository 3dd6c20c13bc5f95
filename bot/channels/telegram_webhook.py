"""Telegram's posts: the secret is compared in constant time, the update is committed, and only then is it acknowledged."""

import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from bot.channels.telegram_intake import IntakeRule, store_updates, unreadable
from storage.database import Database

PATH = "/telegram/webhook"
SETTLE = timedelta(milliseconds=150)  # posts run beside each other: a moment for the one before to arrive


def telegram_router(  # noqa: PLR0913 - how updates are stored, and who is told
    database: Database,
    secret: str,
    *,
    personal: bool,
    clock: Callable[[], datetime],
    wake: Callable[[], None],
    staff: frozenset[str] = frozenset(),
) -> APIRouter:
    """The webhook route; `staff` are the addresses of the office's groups.

    Raises ValueError without a secret: an open door for forged updates is a bug, not a setting."""
    if not secret:
        raise ValueError("a webhook needs a secret")
    router = APIRouter(include_in_schema=False)
    rule = IntakeRule(personal=personal, settle=SETTLE, staff=staff)
    expected = secret.encode()

    def commit(body: Any) -> None:
        with database.write() as session:
            store_updates(session, [body], rule, clock())

    @router.post(PATH)
    async def take(request: Request) -> Response:
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(given.encode(), expected):
            return Response(status_code=403)
        raw = await request.body()
        await to_thread.run_sync(commit, _read(raw))
        wake()
        return Response(status_code=200)

    return router


def _read(raw: bytes) -> Any:
    """The update, or what is kept of a body that is none: asking Telegram to repeat it would hold up all others."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return unreadable(raw)
    return body if isinstance(body, dict) else unreadable(raw)
