"""Rasa's way back in: POST /internal/actions, answered before the web framework is entered (every turn passes here once more)."""

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from actions.rasa_adapter import ActionDesk

PATH = "/internal/actions"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ActionDoor:
    """ASGI middleware around the application: takes action calls that carry the secret, passes everything else on.

    Without the secret the path answers 404 like any unknown one; an action nobody knows is 404, a body that is no JSON object 422.
    """

    def __init__(self, app: Any, desk: ActionDesk, secret: str) -> None:
        self._app, self._desk = app, desk
        self._expected = f"Bearer {secret}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if scope["method"] != "POST" or not hmac.compare_digest(given, self._expected):
            await _answer(send, 404, {"error": "Not Found"})
            return
        call = _object(await _body(receive))
        if call is None:
            await _answer(send, 422, {"error": "the body must be a JSON object"})
            return
        try:
            await _answer(send, 200, await self._desk.run(call))
        except KeyError as error:
            await _answer(send, 404, {"error": f"no action {error}"})


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        call = json.loads(body)
    except ValueError:
        return None
    return call if isinstance(call, dict) else None


async def _answer(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
