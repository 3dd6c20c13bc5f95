"""A strict Bot API server in a thread: offsets confirm, limits answer 429, and it can drop, delay, lose and forbid on demand.

What a bot must never do is counted in `sins`: markup of user text, dropped updates, two pollers, text over the limit.
"""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "110201543:fake-token-of-the-test"
ME = {"id": 110201543, "is_bot": True, "first_name": "邻答", "username": "linda_test_bot"}


@dataclass(frozen=True)
class Answer:
    """HTTP status and body; `cut`: close without an answer (the request was carried out)."""

    status: int
    body: dict[str, Any]
    cut: bool = False


def good(result: Any) -> Answer:
    """An answer of success."""
    return Answer(200, {"ok": True, "result": result})


def bad(status: int, words: str, **parameters: Any) -> Answer:
    """A refusal as Telegram words it."""
    extra = {"parameters": parameters} if parameters else {}
    return Answer(status, {"ok": False, "error_code": status, "description": words, **extra})


class Server(ThreadingHTTPServer):
    """Takes a burst of connections: a queue of five turned some away that no messenger would."""

    daemon_threads = True
    request_queue_size = 128


@dataclass
class Rules:
    """What the server enforces; None: not. `overall` in a second, `chat_gap` seconds, `group` in a minute."""

    overall: int | None = 30
    chat_gap: float | None = 1.0
    group: int | None = 20


@dataclass
class FakeBotApi:
    """The server; `monotonic` may run faster than the wall."""

    rules: Rules = field(default_factory=Rules)
    monotonic: Callable[[], float] = time.monotonic
    sent: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)  # every 429
    sins: list[str] = field(default_factory=list)
    tapped: list[str] = field(default_factory=list)
    commands: dict[str, Any] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    moved: dict[str, int] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    webhook: dict[str, Any] = field(default_factory=dict)
    forums: set[str] = field(default_factory=set)  # groups with topics in which the bot may manage them
    topics: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)  # callback id → what was shown to who tapped
    fault: Callable[[str, dict[str, Any]], str | None] = lambda _method, _given: None  # "cut" | "lose" | "500" | "wait:2" | None
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self._pending: deque[dict[str, Any]] = deque()
        self._condition = threading.Condition()
        self._next_id = 700_000_001
        self._message_id = 1000
        self._times: deque[float] = deque()
        self._chats: dict[str, float] = {}
        self._groups: dict[str, deque[float]] = defaultdict(deque)
        self._polling = 0
        self.stopped = False
        self._server = Server(("127.0.0.1", 0), _handler(self))
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.stopped = True
        with self._condition:
            self._condition.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def push(self, *bodies: dict[str, Any]) -> None:
        """Updates happen; each gets the next id unless it brings one."""
        with self._condition:
            for body in bodies:
                numbered = body if "update_id" in body else {"update_id": self._next_id, **body}
                self._next_id += "update_id" not in body
                self._pending.append(numbered)
            self._condition.notify_all()

    def take_id(self) -> int:
        """The next update id, for posts of a webhook."""
        with self._condition:
            self._next_id += 1
            return self._next_id - 1

    def restart_ids(self, at: int) -> None:
        """After a quiet week the ids begin anywhere."""
        self._next_id = at

    def waiting(self) -> int:
        """Updates the bot has not confirmed."""
        with self._condition:
            return len(self._pending)

    def texts(self, chat: int | str, thread: int | None = None) -> list[str]:
        """What this chat was sent, in one topic or outside of all."""
        mine = [one for one in list(self.sent) if one["chat_id"] == str(chat)]
        return [one["text"] for one in mine if int(one.get("message_thread_id") or 0) == (thread or 0)]

    def buttons(self, chat: int | str) -> dict[str, str]:
        """Title → token of the last message with buttons in this chat."""
        for one in reversed(self.sent):
            if one["chat_id"] == str(chat) and one.get("reply_markup"):
                rows = json.loads(one["reply_markup"])["inline_keyboard"]
                return {button["text"]: button["callback_data"] for row in rows for button in row}
        return {}

    def call(self, method: str, given: dict[str, Any]) -> Answer:
        """Carry out one method."""
        self.calls[method] += 1
        fault = self.fault(method, given)
        if fault == "cut":
            return Answer(0, {}, cut=True)
        if fault and fault.startswith("wait:"):
            time.sleep(float(fault[5:]))
        if fault and fault.isdigit():
            return bad(int(fault), "Bad Gateway" if fault == "502" else "Internal Server Error")
        done = getattr(self, f"_{method}", self._other)(given)
        return Answer(done.status, done.body, cut=True) if fault == "lose" else done

    def _other(self, _given: dict[str, Any]) -> Answer:
        return bad(404, "Not Found: method not found")

    def _getMe(self, _given: dict[str, Any]) -> Answer:
        return good(ME)

    def _getUpdates(self, given: dict[str, Any]) -> Answer:
        if self.webhook.get("url"):
            return bad(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(given.get("offset", 0))
        if offset < 0:
            self.sins.append("negative offset")
        with self._condition:
            if self._polling:
                self.sins.append("two pollers")
                return bad(409, "Conflict: terminated by other getUpdates request")
            self._polling += 1
            try:
                if offset > 0:
                    while self._pending and self._pending[0]["update_id"] < offset:
                        self._pending.popleft()
                self._condition.wait_for(lambda: bool(self._pending) or self.stopped, float(given.get("timeout", 0)))
                return good([self._pending[i] for i in range(min(len(self._pending), int(given.get("limit", 100))))])
            finally:
                self._polling -= 1

    def _setWebhook(self, given: dict[str, Any]) -> Answer:
        self._no_dropping(given)
        self.webhook = dict(given)
        return good(True)

    def _deleteWebhook(self, given: dict[str, Any]) -> Answer:
        self._no_dropping(given)
        self.webhook = {}
        return good(True)

    def _no_dropping(self, given: dict[str, Any]) -> None:
        if str(given.get("drop_pending_updates", "false")).lower() == "true":
            self.sins.append("drop_pending_updates")

    def _setMyCommands(self, given: dict[str, Any]) -> Answer:
        self.commands[given.get("language_code", "")] = json.loads(given["commands"])
        return good(True)

    def _answerCallbackQuery(self, given: dict[str, Any]) -> Answer:
        self.tapped.append(given["callback_query_id"])
        self.shown[given["callback_query_id"]] = str(given.get("text", ""))
        if len(str(given.get("text", ""))) > 200:
            self.sins.append("callback answer too long")
        return good(True)

    def _createForumTopic(self, given: dict[str, Any]) -> Answer:
        chat, name = str(given["chat_id"]), str(given.get("name", ""))
        if chat not in self.forums:
            return bad(400, "Bad Request: the chat is not a forum")
        if not 1 <= len(name) <= 128:
            self.sins.append("topic name")
            return bad(400, "Bad Request: TOPIC_TITLE_EMPTY")
        with self._condition:
            self._message_id += 1
            thread = self._message_id
            self.topics[chat, thread] = {"name": name, "closed": False}
        return good({"message_thread_id": thread, "name": name, "icon_color": 7322096})

    def _closeForumTopic(self, given: dict[str, Any]) -> Answer:
        return self._turn_topic(given, closed=True)

    def _reopenForumTopic(self, given: dict[str, Any]) -> Answer:
        return self._turn_topic(given, closed=False)

    def _turn_topic(self, given: dict[str, Any], *, closed: bool) -> Answer:
        topic = self.topics.get((str(given["chat_id"]), int(given["message_thread_id"])))
        if topic is None:
            return bad(400, "Bad Request: TOPIC_ID_INVALID")
        if topic["closed"] == closed:
            return bad(400, "Bad Request: TOPIC_NOT_MODIFIED")
        topic["closed"] = closed
        return good(True)

    def _getFile(self, given: dict[str, Any]) -> Answer:
        if given["file_id"] not in self.files:
            return bad(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return good({"file_id": given["file_id"], "file_unique_id": "u", "file_path": f"photos/{given['file_id']}"})

    def _sendMessage(self, given: dict[str, Any]) -> Answer:
        chat, text = str(given["chat_id"]), str(given.get("text", ""))
        if chat in self.blocked:
            return bad(403, "Forbidden: bot was blocked by the user")
        if chat in self.moved:
            new = self.moved[chat]
            return bad(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=new)
        thread = int(given.get("message_thread_id") or 0)
        if thread and (chat, thread) not in self.topics:
            return bad(400, "Bad Request: message thread not found")
        wrong = self._wrong(given, text)
        if wrong:
            self.sins.append(wrong)
            return bad(400, f"Bad Request: {wrong}")
        with self._condition:
            wait = self._limit(chat)
            if wait:
                self.refused.append({"chat_id": chat, "at": self.monotonic(), "why": wait[1]})
                return bad(429, f"Too Many Requests: retry after {wait[0]}", retry_after=wait[0])
            self._message_id += 1
            self.sent.append({**given, "chat_id": chat, "at": self.monotonic(), "message_id": self._message_id})
            number = self._message_id
        kind = "supergroup" if chat.startswith("-") else "private"
        return good({"message_id": number, "date": int(time.time()), "chat": {"id": int(chat), "type": kind}, "text": text})

    def _wrong(self, given: dict[str, Any], text: str) -> str | None:
        if not text.strip():
            return "message text is empty"
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return "message is too long"
        if given.get("parse_mode"):
            return "parse_mode with user text"
        for row in json.loads(given.get("reply_markup", "{}")).get("inline_keyboard", []):
            for button in row:
                if not 1 <= len(button["callback_data"].encode()) <= 64 or not button["text"]:
                    return "BUTTON_DATA_INVALID"
        return None

    def _limit(self, chat: str) -> tuple[int, str] | None:
        now = self.monotonic()
        while self._times and now - self._times[0] >= 1.0:
            self._times.popleft()
        if self.rules.overall is not None and len(self._times) >= self.rules.overall:
            return 1, "overall"
        if self.rules.chat_gap is not None and now - self._chats.get(chat, -1e9) < self.rules.chat_gap:
            return 1, "chat"
        group = self._groups[chat]
        while group and now - group[0] >= 60.0:
            group.popleft()
        if chat.startswith("-") and self.rules.group is not None and len(group) >= self.rules.group:
            return 30, "group"
        self._times.append(now)
        self._chats[chat] = now
        group.append(now)
        return None


def _handler(api: FakeBotApi) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - a small server in one class
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve({})

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            raw = self.rfile.read(length)
            if len(raw) < length:  # the bot was killed in the middle of its request
                self.close_connection = True
                return
            if self.headers.get("content-type", "").startswith("application/json"):
                self._serve(json.loads(raw or b"{}"))
            else:
                self._serve({key: values[0] for key, values in parse_qs(raw.decode(), keep_blank_values=True).items()})

        def _serve(self, given: dict[str, Any]) -> None:
            path = urlsplit(self.path).path
            if path.startswith(f"/file/bot{TOKEN}/photos/"):
                self._file(path.rsplit("/", 1)[1])
                return
            prefix = f"/bot{TOKEN}/"
            answer = api.call(path[len(prefix) :], given) if path.startswith(prefix) else bad(401, "Unauthorized")
            if answer.cut:
                self.close_connection = True
                self.connection.close()
                return
            self._write(answer.status, json.dumps(answer.body).encode(), "application/json")

        def _file(self, name: str) -> None:
            fault = api.fault("file", {"file": name})
            if fault == "cut":
                self.close_connection = True
                self.connection.close()
                return
            self._write(200 if name in api.files and fault is None else 404, api.files.get(name, b""), "image/jpeg")

        def _write(self, status: int, body: bytes, kind: str) -> None:
            try:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the bot was killed while it waited
                self.close_connection = True

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return

        def finish(self) -> None:
            try:
                super().finish()
            except OSError:
                return

        def log_message(self, *_words: Any) -> None:
            return

    return Handler


def private(chat: int, text: str | None = None, number: int = 1, **more: Any) -> dict[str, Any]:
    """A message in a private chat."""
    sender = {"id": chat, "is_bot": False, "first_name": "张三", "username": "zhangsan", "language_code": "zh-hans"}
    words = {} if text is None else {"text": text}
    where = {"id": chat, "type": "private", "first_name": "张三"}
    return {"message": {"message_id": number, "date": 1_795_138_200, "chat": where, "from": sender, **words, **more}}


def tap(chat: int, token: str, **more: Any) -> dict[str, Any]:
    """A tapped button."""
    sender = {"id": chat, "is_bot": False, "first_name": "张三"}
    message = {"message_id": 5, "date": 1_795_138_200, "chat": {"id": chat, "type": "private"}, "from": ME, "text": "…"}
    return {"callback_query": {"id": f"q{chat}", "from": sender, "message": message, "chat_instance": "1", "data": token, **more}}


def in_group(group: int, sender: int, text: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """A message in a group."""
    who = {"id": sender, "is_bot": False, "first_name": "李四"}
    where = {"id": group, "type": "supergroup", "title": "和平小区业主群"}
    return {"message": {"message_id": number, "date": 1_795_138_200, "chat": where, "from": who, "text": text, **more}}


def in_topic(group: int, thread: int, sender: int, text: str | None = None, number: int = 1, **more: Any) -> dict[str, Any]:
    """A message in a topic: as Telegram does, it answers the message that began the topic unless it answers another."""
    who = {"id": sender, "is_bot": False, "first_name": "值班"}
    where = {"id": group, "type": "supergroup", "title": "值班群", "is_forum": True}
    began = {"message_id": thread, "chat": where, "from": ME, "forum_topic_created": {"name": "…", "icon_color": 1}}
    words = {} if text is None else {"text": text}
    rest = {"message_thread_id": thread, "is_topic_message": True, "reply_to_message": began, **words, **more}
    return {"message": {"message_id": number, "date": 1_795_138_200, "chat": where, "from": who, **rest}}


def tap_in_topic(group: int, thread: int, sender: int, token: str) -> dict[str, Any]:
    """A button tapped in a topic."""
    where = {"id": group, "type": "supergroup", "title": "值班群", "is_forum": True}
    card = {"message_id": 5, "date": 1_795_138_200, "chat": where, "from": ME, "text": "…", "message_thread_id": thread}
    who = {"id": sender, "is_bot": False, "first_name": "值班"}
    return {"callback_query": {"id": f"q{sender}-{token[:8]}", "from": who, "message": card, "chat_instance": "1", "data": token}}
