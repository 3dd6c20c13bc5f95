"""The one door into Rasa: POST /webhooks/linda/webhook {"sender", "message", "metadata"?, "vector"?} with the shared secret as a bearer.

`vector` is the encoder's vector of the message when the application has made it already (base64 of 512 float32).
200: the messages the action said, perhaps none. 400: other shape. 401: no or wrong secret. 502: the action could not be carried out, or
none was called. 503: no model. So nothing that went wrong looks like an empty answer, as it does with Rasa's own REST channel.
"""

import hmac
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from components.sentence_encoder import encoder_folder, shared_encoder, vector_from
from components.text_gate import clean

LONGEST_SENDER = 200
Handler = Callable[[UserMessage], Awaitable[Any]]


class Answers(CollectingOutputChannel):
    """Collects what is said in one turn, and how its action ended (set by components/action_calls.py)."""

    def __init__(self) -> None:
        super().__init__()
        self.done_action: str | None = None
        self.failed_action: str | None = None

    @classmethod
    def name(cls) -> str:
        """The channel's name, as in the tracker."""
        return "linda"


def fault_of(body: Any) -> str | None:
    """What is wrong with a request's body, None when nothing is."""
    if not isinstance(body, dict):
        return "body must be a JSON object"
    sender, message, metadata = body.get("sender"), body.get("message"), body.get("metadata")
    if not isinstance(sender, str) or not 0 < len(sender) <= LONGEST_SENDER:
        return f"sender must be a text of 1 to {LONGEST_SENDER} characters"
    if not isinstance(message, str):
        return "message must be a text"
    if metadata is not None and not isinstance(metadata, dict):
        return "metadata must be a JSON object"
    return None


class LindaInput(InputChannel):
    """Keeps `metadata` (the turn's id is in it) and hands it on to the action."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    @classmethod
    def name(cls) -> str:
        """The path's second part."""
        return "linda"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "LindaInput":
        """The secret is LINDA_ACTION_TOKEN; without one nobody is let in (RuntimeError)."""
        token = os.environ.get("LINDA_ACTION_TOKEN", "")
        if not token:
            raise RuntimeError("LINDA_ACTION_TOKEN 未设置：应用与 Rasa 之间必须有共同的口令")
        return cls(token)

    def admits(self, authorization: str | None) -> bool:
        """Whether the header carries the secret (compared in constant time)."""
        return hmac.compare_digest((authorization or "").encode("utf-8", "replace"), self._expected)

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The channel's routes."""
        routes = Blueprint("linda_channel")

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if not self.admits(request.headers.get("authorization")):
                return response.json({"error": "unauthorized"}, status=401)
            fault = fault_of(request.json)
            if fault:
                return response.json({"error": fault}, status=400)
            return await answer(on_new_message, request.json)

        return routes


async def answer(on_new_message: Handler, body: dict[str, Any]) -> HTTPResponse:
    """One turn. The action itself gets the raw text by its metadata's turn id; Rasa sees the cleaned one."""
    started, answers = time.perf_counter(), Answers()
    text = clean(body["message"]) or "…"  # an empty text skips Rasa's pipeline; this one ends in the fallback
    if not _hand_over(text, body):
        return response.json({"error": "vector must be base64 of 512 little-endian float32 of length 1"}, status=400)
    await on_new_message(UserMessage(text, answers, body["sender"], input_channel="linda", metadata=body.get("metadata")))
    if answers.failed_action:
        return response.json({"error": answers.failed_action}, status=502)
    if answers.done_action is None:
        return response.json({"error": "no action was called"}, status=502)
    milliseconds = f"{(time.perf_counter() - started) * 1000:.1f}"
    return response.json(answers.messages, headers={"x-linda-action": answers.done_action, "x-linda-ms": milliseconds})


def _hand_over(text: str, body: dict[str, Any]) -> bool:
    """Spare the encoder a text the application has encoded; a text cleaned further is another text. False for what is no vector."""
    said = body.get("vector")
    if said is None:
        return True
    vector, encoder = vector_from(said) if isinstance(said, str) else None, shared_encoder(encoder_folder())
    if vector is not None and encoder is not None and text == body["message"]:
        encoder.hand(text, vector)
    return vector is not None
