"""A scripted server that speaks the conversation API, for developing and testing the resident page alone.

`python -m tests.browser.fake_api [port]` serves the page. It knows what the page may see, nothing of policy or tickets.
"""

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles

from tests.browser.fake_answers import answer
from tests.browser.fake_answers import said as said_by_linda

PROJECT = Path(__file__).resolve().parents[2]
STATIC = PROJECT / "bot" / "web_page" / "static"
VENDOR = PROJECT / "var" / "static" / "vendor"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FORMS = [("market", "市场化物业"), ("quasi", "准物业"), ("basic", "基本物业"), ("community", "社区代管"), ("self", "居民自管")]
REGIONS = [("donghe", "东河区"), ("ejinhoro", "伊金霍洛旗"), ("minle", "民乐县")]
WELCOME = "您好，我是邻答，小区里的事都可以问我、报给我。\n我们只在办理报修投诉时记下地点和您愿意留的电话，您可以不留，也可以随时要求删除。"
TRY_LATER = ("暂时不可用", "稍后再试")
CHANGE_IT = ("这条被拒绝了", "改一改再发")
PLACE = {"community": "幸福小区", "building": "3", "unit": "2", "room": None, "spot": None}


@dataclass
class Conversation:
    """What the server keeps of one conversation."""

    id: str
    token: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    turns: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)  # message id → (body, Turn)
    photos: dict[str, bytes] = field(default_factory=dict)
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    ratings: dict[str, dict[str, Any]] = field(default_factory=dict)
    style: str = "plain"
    link: str = "none"  # none | open | claimed | linked


class FakeApi:
    """The server's state and its levers; a test pulls them while the page runs."""

    def __init__(self) -> None:
        self.address = ""
        self.conversations: dict[str, Conversation] = {}
        self.begun: list[dict[str, Any]] = []
        self.received: list[tuple[str, str | None]] = []  # (message id, text) of each POST, repeats included
        self.fail: list[int] = []  # status codes for the next messages; 0 answers after taking it, then cuts the line
        self.streams = True
        self.listening = 0  # streams open at this moment
        self.bot = ""  # the messenger's bot; empty: no messenger is switched on
        self.delay_s = 0.0
        self._next = 0

    def number(self) -> int:
        """The next message id."""
        self._next += 1
        return self._next

    def own(self, conversation: str, secret: str | None) -> Conversation | None:
        """The conversation when the Authorization header is its own."""
        talk = self.conversations.get(conversation)
        return talk if talk and secret == f"Bearer {talk.token}" else None

    def only(self) -> Conversation:
        """The one conversation there is."""
        (found,) = self.conversations.values()
        return found

    def put(self, talk: Conversation, author: str, body: dict[str, Any], **more: Any) -> None:
        """Say something in the conversation."""
        talk.messages.append(
            {"id": self.number(), "at": datetime.now(UTC).isoformat(), "author": author, "name": None, "turn": None, "body": body, **more}
        )

    def operator_says(self, text: str, name: str = "王师傅") -> None:
        """An operator writes."""
        self.put(self.only(), "operator", said_by_linda(text), name=name)

    def tell(self, number: str, state: str, text: str) -> None:
        """A ticket changes its state and the resident is told."""
        talk = self.only()
        talk.tickets[number]["state"] = state
        talk.tickets[number]["history"].append({"at": datetime.now(UTC).isoformat(), "event": state, "by": "值班员", "text": text})
        self.put(talk, "notice", said_by_linda(text, kind="notice"))


def refused(status: int, code: str, reason: str, remedy: str) -> JSONResponse:
    """An error as the API says it."""
    return JSONResponse({"error": {"code": code, "reason": reason, "remedy": remedy}}, status)


GONE = ("no_conversation", "对话不存在或凭证不对", "重新打开页面开始新的对话")
Secret = Annotated[str | None, Header(alias="Authorization")]


def make_app(fake: FakeApi) -> FastAPI:
    """The page, its files, and the conversation API."""
    app = FastAPI()

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    _page_routes(app, fake)
    _talk_routes(app, fake)
    _reading_routes(app, fake)
    _photo_routes(app, fake)
    _link_routes(app, fake)
    _style_route(app, fake)
    app.mount("/static/vendor", StaticFiles(directory=VENDOR))
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


def _page_routes(app: FastAPI, fake: FakeApi) -> None:
    @app.get("/")
    @app.get("/p/{token}")
    def index() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.get("/api/v1/regions")
    def regions() -> dict[str, Any]:
        forms = [{"id": i, "name": n} for i, n in FORMS]
        return {"regions": [{"id": i, "name": n, "property_forms": forms, "demo_communities": []} for i, n in REGIONS]}

    @app.post("/api/v1/conversations", status_code=201)
    async def begin(request: Request) -> Any:
        wish = await request.json()
        fake.begun.append(wish)
        if wish.get("place_token") not in {None, "good-place"}:
            return refused(404, "unknown_place", "这个二维码无效或已停用", "直接打开页面选择旗县区即可")
        talk = Conversation(f"c{len(fake.begun)}", f"secret-{fake.number()}")
        fake.conversations[talk.id] = talk
        hello = said_by_linda(WELCOME)
        fake.put(talk, "linda", hello)
        scanned = {"place": PLACE, "region": "donghe"} if wish.get("place_token") else {}
        return {"conversation": talk.id, "token": talk.token, "replies": [hello], **scanned}


def _talk_routes(app: FastAPI, fake: FakeApi) -> None:
    @app.post("/api/v1/conversations/{conversation}/messages")
    async def say(conversation: str, request: Request, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None:
            return refused(401, *GONE)
        said = await request.json()
        fake.received.append((said["message_id"], said.get("text")))
        status = fake.fail.pop(0) if fake.fail else None
        if status:
            return refused(status, "scripted", *(TRY_LATER if status >= 500 else CHANGE_IT))
        await asyncio.sleep(fake.delay_s)
        turn = take(fake, talk, said)
        if turn is None:
            return refused(409, "message_id_reused", "这个 message_id 已经用于另一条内容", "换一个")
        return StreamingResponse(_cut()) if status == 0 else turn

    @app.post("/api/v1/conversations/{conversation}/messages/{turn}/feedback", status_code=202)
    async def rate(conversation: str, turn: str, request: Request, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None:
            return refused(401, *GONE)
        talk.ratings[turn] = await request.json()
        return {"turn": turn}

    @app.delete("/api/v1/conversations/{conversation}")
    def erase(conversation: str, secret: Secret = None) -> Any:
        if fake.own(conversation, secret) is None:
            return refused(401, *GONE)
        del fake.conversations[conversation]
        return {"erased": conversation}


def _reading_routes(app: FastAPI, fake: FakeApi) -> None:
    @app.get("/api/v1/conversations/{conversation}/messages")
    def said(conversation: str, after: int = 0, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        return {"messages": [m for m in talk.messages if m["id"] > after][:200]} if talk else refused(401, *GONE)

    @app.get("/api/v1/conversations/{conversation}/events")
    async def events(
        conversation: str, request: Request, secret: Secret = None, last_event_id: Annotated[str | None, Header()] = None
    ) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None:
            return refused(401, *GONE)
        if not fake.streams:
            return refused(503, "no_stream", *TRY_LATER)
        return StreamingResponse(_stream(fake, talk, request, last_event_id), media_type="text/event-stream")

    @app.get("/api/v1/tickets/{number}")
    def one_ticket(number: str, secret: Secret = None) -> Any:
        for talk in fake.conversations.values():
            if secret == f"Bearer {talk.token}" and number in talk.tickets:
                return talk.tickets[number]
        return refused(404, "no_ticket", "没有这个工单", "核对工单号")


def _photo_routes(app: FastAPI, fake: FakeApi) -> None:
    @app.post("/api/v1/conversations/{conversation}/attachments", status_code=201)
    async def upload(conversation: str, file: UploadFile, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None:
            return refused(401, *GONE)
        data = await file.read()
        if not data.startswith((b"\xff\xd8", b"\x89PNG")):
            return refused(422, "photo_unknown_format", "这个文件不是能识别的照片", "请发 JPG、PNG 格式的照片")
        name = f"a{fake.number()}"
        talk.photos[name] = data
        return {"attachment": name}

    @app.get("/api/v1/conversations/{conversation}/attachments/{attachment}")
    def photo(conversation: str, attachment: str, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None or attachment not in talk.photos:
            return refused(404, "no_attachment", "没有这张照片", "刷新页面再试")
        return Response(talk.photos[attachment], media_type="image/png")


def _style_route(app: FastAPI, fake: FakeApi) -> None:
    @app.post("/api/v1/conversations/{conversation}/style")
    async def style(conversation: str, request: Request, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None:
            return refused(401, *GONE)
        talk.style = (await request.json())["style"]
        return {"style": talk.style}


def _link_routes(app: FastAPI, fake: FakeApi) -> None:
    path = "/api/v1/conversations/{conversation}/link"

    @app.get(path)
    def state(conversation: str, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        return refused(401, *GONE) if talk is None else {"state": talk.link if fake.bot else "off"}

    @app.post(path, status_code=201)
    def offer(conversation: str, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None:
            return refused(401, *GONE)
        talk.link = "open"
        return {"code": "204816", "expires_at": "2026-11-20T02:40:00+00:00", "bot": fake.bot, "bot_url": f"https://t.me/{fake.bot}"}

    @app.post(f"{path}/confirm")
    async def confirm(conversation: str, request: Request, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None or talk.link != "claimed":
            return refused(404, "no_link", "没有等着确认的关联", "先在聊天软件里输入网页上的六位数字")
        talk.link = "linked" if (await request.json())["yes"] else "none"
        return {"state": talk.link if talk.link == "linked" else "refused"}

    @app.delete(path)
    def end(conversation: str, secret: Secret = None) -> Any:
        talk = fake.own(conversation, secret)
        if talk is None:
            return refused(401, *GONE)
        talk.link = "none"
        return {"ended": True}


def take(fake: FakeApi, talk: Conversation, said: dict[str, Any]) -> dict[str, Any] | None:
    """The Turn of a message, made once for each message id; None when the id was used for another body."""
    known = talk.turns.get(said["message_id"])
    if known:
        return known[1] if known[0] == said else None
    turn_id = f"t{len(talk.turns) + 1}-{talk.id}"
    text = said.get("text") or ""
    shown = text or str(said.get("choice", "")).removeprefix("choice:")
    fake.put(talk, "resident", {"text": shown, "attachments": said.get("attachments", [])}, turn=turn_id)
    made = answer(shown, bool(said.get("attachments")))
    for opened in made["tickets"]:
        talk.tickets[opened["number"]] = opened
    turn = {"turn": turn_id, "intent": None, "confidence": None, "asks_for": None, "tickets": [], "draft": None, **made}
    for body in turn["replies"]:
        fake.put(talk, "linda", body, turn=turn_id)
    talk.turns[said["message_id"]] = (said, turn)
    return turn


async def _cut() -> AsyncIterator[bytes]:
    """The line breaks in the middle of the answer."""
    yield b'{"turn'
    raise ConnectionResetError("scripted")


async def _stream(fake: FakeApi, talk: Conversation, request: Request, last: str | None) -> AsyncIterator[str]:
    sent = {m["id"] for m in talk.messages} if last is None else {m["id"] for m in talk.messages if m["id"] <= int(last)}
    fake.listening += 1
    try:
        yield "retry: 2000\n\n"
        while fake.streams and not await request.is_disconnected():
            for message in [m for m in talk.messages if m["id"] not in sent]:
                sent.add(message["id"])
                yield f"event: message\nid: {message['id']}\ndata: {json.dumps(message, ensure_ascii=False)}\n\n"
            await asyncio.sleep(0.05)
    finally:
        fake.listening -= 1


@contextmanager
def serve(port: int = 0) -> Iterator[FakeApi]:
    """Run the server in a thread for as long as the block lasts."""
    fake = FakeApi()
    with socket.socket() as door:
        door.bind(("127.0.0.1", port))
        port = door.getsockname()[1]
    config = uvicorn.Config(make_app(fake), port=port, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    limit = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > limit:
            raise TimeoutError("the fake server did not start")
        time.sleep(0.02)
    fake.address = f"http://127.0.0.1:{port}"
    yield fake
    fake.streams = False
    server.should_exit = True
    thread.join(10)


def main() -> None:
    """Serve the page until Ctrl-C."""
    with serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8099) as fake:
        print(fake.address)
        threading.Event().wait()


if __name__ == "__main__":
    main()
