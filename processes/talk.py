"""`linda ask` and `linda chat`: through the running server when one answers, else in this process without Rasa."""

import time
import uuid
from typing import Any, Protocol

import httpx
from rich.console import Console
from rich.panel import Panel

from bot.channels.terminal import TerminalChannel
from config.refusal import Refused
from config.settings import Settings
from processes.assemble import assemble
from storage.migrate import migrate


class Line(Protocol):
    """One open conversation."""

    def say(self, text: str | None, choice: str | None = None) -> dict[str, Any]:
        """Say one thing, get the Turn."""
        ...

    def news(self) -> list[dict[str, Any]]:
        """What operators and notices said meanwhile."""
        ...


class ServerLine:
    """A conversation over the HTTP API of a running server."""

    def __init__(self, base: str, region: str | None, *, property_form: str | None = None) -> None:
        self._http = httpx.Client(base_url=f"{base}/api/v1", timeout=30.0, trust_env=False)
        made = self._checked(self._http.post("/conversations", json={"region": region, "property_form": property_form}))
        self.welcome: list[dict[str, Any]] = made["replies"]
        self.conversation_id: str = made["conversation"]
        self._path = f"/conversations/{self.conversation_id}"
        self._http.headers["Authorization"] = f"Bearer {made['token']}"
        self._seen = 0
        self.news()

    @staticmethod
    def _checked(response: httpx.Response) -> dict[str, Any]:
        body: dict[str, Any] = response.json()
        if response.is_error:
            error = body.get("error", {})
            raise Refused(str(error.get("reason", response.status_code)), str(error.get("remedy", "")))
        return body

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def say(self, text: str | None, choice: str | None = None) -> dict[str, Any]:
        """One message; the same message_id is used again when the connection breaks."""
        body = {"message_id": uuid.uuid4().hex, "text": text, "choice": choice}
        for attempt in range(3):
            try:
                return self._checked(self._http.post(f"{self._path}/messages", json=body))
            except httpx.TransportError:
                time.sleep(0.5 * (attempt + 1))
        raise Refused("服务没有回应", "看 make run 的窗口是否还在运行")

    def news(self) -> list[dict[str, Any]]:
        """Messages of operators and notices since the last call."""
        said = self._checked(self._http.get(f"{self._path}/messages", params={"after": self._seen}))["messages"]
        if said:
            self._seen = said[-1]["id"]
        return [m for m in said if m["author"] in {"operator", "notice"}]


def connect(settings: Settings, region: str | None) -> Line:
    """A line to the running server, else to parts assembled here (fallback intents, same database)."""
    base = f"http://{settings.host}:{settings.port}"
    try:
        httpx.get(f"{base}/healthz", timeout=1.0, trust_env=False).raise_for_status()
    except httpx.HTTPError:
        migrate(settings.database_url)
        parts = assemble(settings.model_copy(update={"rasa": "off"}))
        return TerminalChannel(parts.turns, region, parts.people)
    return ServerLine(base, region)


def show(out: Console, turn: dict[str, Any]) -> dict[str, str]:
    """Print a turn's replies; returns number → choice token for the buttons shown."""
    buttons: dict[str, str] = {}
    for reply in turn["replies"]:
        show_reply(out, reply, buttons)
    return buttons


def show_reply(out: Console, reply: dict[str, Any], buttons: dict[str, str]) -> None:
    """One bubble with its citations and numbered buttons."""
    text = reply["text"]
    standing = {"ended": "（实施期已满）", "draft": "（征求意见稿）", "in_force": ""}
    for citation in reply["citations"]:
        number = f"（{citation['doc_number']}）" if citation["doc_number"] else ""
        binding = "" if citation["binding"] else "【外地参考】"
        text += f"\n  ▸ {binding}《{citation['title']}》{number}{citation['clause']}{standing[citation['status']]}"
    for choice in reply["choices"]:
        number = str(len(buttons) + 1)
        buttons[number] = choice["choice"]
        text += f"\n  [{number}] {choice['title']}"
    out.print(Panel(text, border_style="red" if reply["kind"] == "emergency" else "green", expand=False), markup=False)


def chat(out: Console, line: Line) -> None:
    """Read lines until EOF or 退出; a bare number taps that button."""
    out.print("直接说话；输入按钮前的数字就是点它；输入“退出”结束。")
    buttons: dict[str, str] = {}
    while True:
        try:
            text = input("您：").strip()
        except (EOFError, KeyboardInterrupt):
            return
        for message in line.news():
            show_reply(out, message["body"], {})
        if text in {"退出", "exit", "quit"}:
            return
        turn = line.say(None, buttons[text]) if text in buttons else line.say(text)
        buttons = show(out, turn)
