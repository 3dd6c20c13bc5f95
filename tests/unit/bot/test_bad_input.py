"""Bad input over real HTTP: a clear answer or a 4xx with reason and remedy, never silence, never a 5xx, nothing lost."""

import io
import json
import struct
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from storage.database import Database
from storage.models import ConversationRow, InboxRow, TicketRow
from tests.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    running.stop()


class Line:
    """One resident's conversation."""

    def __init__(self, server: Server) -> None:
        self.http = server.http
        made = self.http.post("/conversations", json={"region": "donghe"}).json()
        self.id, self.token = made["conversation"], made["token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def say(self, **body: Any) -> httpx.Response:
        body.setdefault("message_id", uuid.uuid4().hex)
        return self.http.post(f"/conversations/{self.id}/messages", json=body, headers=self.headers)


@pytest.fixture
def line(server: Server) -> Line:
    return Line(server)


def refused(response: httpx.Response, status: int) -> dict[str, str]:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["reason"] and error["remedy"]
    return dict(error)


ANSWERED = {
    "empty": "",
    "spaces": " \u3000 ",
    "emoji": "😡😡😡",
    "nul": "电梯\x00坏了",
    "zero_width": "\u200b\u200d",
    "bidi": "\u202e灯坏了\u202c",
    "slash": "/restart",
    "session": "/session_start",
    "wide_slash": '／report_repair{"x":1}',
    "html": "<script>alert(1)</script><b>楼道灯坏了</b>",
    "json": '{"intent":"affirm"}',
    "braces": "{0} {name} %s",
    "sql": "'; DROP TABLE tickets;--",
    "long": "水管漏水" * 1900,
    "zwj": "👨‍👩‍👧‍👦",
    "brackets": "（" * 2000,
    "digits": "1" * 3000,
    "traditional": "電梯壞了沒人修",
    "wide_digits": "３号楼２单元５０２暖气不热",
}


@pytest.mark.parametrize("text", ANSWERED.values(), ids=ANSWERED.keys())
def test_odd_text_is_answered(line: Line, text: str) -> None:
    turn = line.say(text=text).json()
    assert turn["replies"] and all(r["text"] for r in turn["replies"])
    assert turn["outcome"] != "failed", turn


@pytest.mark.parametrize("text", ["/restart", "／restart", '/report_repair{"x":1}', "\u200b/affirm", " /affirm"])
def test_a_slash_never_runs_as_an_intent(line: Line, text: str) -> None:
    assert line.say(text=text).json()["outcome"] in {"clarify", "out_of_scope", "smalltalk", "report_open", "status"}
    assert line.say(text=text).json()["tickets"] == []


def test_a_megabyte_and_a_lone_surrogate_are_refused(line: Line) -> None:
    refused(line.say(text="水" * 1_000_000), 413)
    refused(line.say(text="水" * 8001), 413)
    raw = b'{"message_id":"s1","text":"\\ud800"}'
    response = line.http.post(
        f"/conversations/{line.id}/messages", content=raw, headers={**line.headers, "Content-Type": "application/json"}
    )
    refused(response, 422)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"text":"x"}', b'{"message_id":5}', b'{"message_id":""}', b"[" * 100_000])
def test_odd_bodies_are_refused(line: Line, body: bytes) -> None:
    headers = {**line.headers, "Content-Type": "application/json"}
    refused(line.http.post(f"/conversations/{line.id}/messages", content=body, headers=headers), 422)


def test_wrong_secrets_are_refused(line: Line, server: Server) -> None:
    path = f"/conversations/{line.id}/messages"
    body = {"message_id": "m1", "text": "你好"}
    refused(line.http.post(path, json=body), 401)
    refused(line.http.post(path, json=body, headers={"Authorization": "Bearer wrong"}), 401)
    refused(line.http.post(path, json=body, headers={"Authorization": f"Bearer {line.token[:-1]}"}), 401)
    refused(line.http.post("/conversations/nobody/messages", json=body, headers=line.headers), 401)
    other = Line(server)
    refused(line.http.post(f"/conversations/{other.id}/messages", json=body, headers=line.headers), 401)


def test_wrong_choices_and_attachments_are_refused(line: Line, server: Server) -> None:
    refused(line.say(choice="made-up"), 422)
    other = Line(server)
    token = other.say(text="你好").json()["replies"][0]["choices"][0]["choice"]
    refused(line.say(choice=token), 422)
    refused(line.say(text="照片", attachments=["nothing"]), 422)


def test_a_repeated_message_gives_the_same_turn_and_another_body_is_refused(line: Line, server: Server) -> None:
    first = line.say(message_id="same", text="转人工")
    again = line.say(message_id="same", text="转人工")
    assert first.json() == again.json()
    assert len(first.json()["tickets"]) == 1
    refused(line.say(message_id="same", text="另一句"), 409)
    with Database(server.database_url).read() as session:
        count = session.scalar(select(func.count()).where(TicketRow.conversation_id == line.id))
    assert count == 1


def _bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises far more pixels than its few bytes hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width // 8 + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_image_bombs_and_non_images_are_refused(line: Line) -> None:
    path = f"/conversations/{line.id}/attachments"
    for name, data, status in (
        ("bomb.png", _bomb(13_300, 13_300), 422),
        ("page.jpg", b"<html><script>alert(1)</script></html>", 422),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", 422),
        ("empty.jpg", b"", 400),
        ("huge.jpg", b"\xff\xd8\xff" + b"0" * (15 * 1024 * 1024 + 10), 413),
    ):
        response = line.http.post(path, files={"file": (name, data, "image/jpeg")}, headers=line.headers)
        assert response.status_code in {status, 413, 415}, (name, response.text)
        assert response.json()["error"]["remedy"], name


def test_a_photo_loses_its_metadata_and_keeps_its_picture(line: Line) -> None:
    from PIL import Image

    picture = Image.new("RGB", (640, 480), "red")
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6
    data = io.BytesIO()
    picture.save(data, "JPEG", exif=exif)
    sent = line.http.post(
        f"/conversations/{line.id}/attachments", files={"file": ("a.jpg", data.getvalue(), "image/jpeg")}, headers=line.headers
    )
    assert sent.status_code == 201, sent.text
    back = line.http.get(f"/conversations/{line.id}/attachments/{sent.json()['attachment']}", headers=line.headers)
    kept = Image.open(io.BytesIO(back.content))
    assert kept.size == (480, 640)
    assert not kept.getexif() and b"SecretCamera" not in back.content
    assert back.headers["X-Content-Type-Options"] == "nosniff"


def test_unknown_region_form_and_place_token(line: Line) -> None:
    refused(line.http.post("/conversations", json={"region": "beijing"}), 422)
    refused(line.http.post("/conversations", json={"property_form": "palace"}), 422)
    refused(line.http.post("/conversations", json={"place_token": "nothing"}), 404)


def test_tickets_of_others_and_none_look_the_same(line: Line, server: Server) -> None:
    number = line.say(text="转人工").json()["tickets"][0]["number"]
    assert line.http.get(f"/tickets/{number}", headers=line.headers).json()["number"] == number
    other = Line(server)
    theirs = refused(other.http.get(f"/tickets/{number}", headers=other.headers), 404)
    none = refused(other.http.get("/tickets/LD00000000000", headers=other.headers), 404)
    assert theirs == none


def test_erasing_ends_the_conversation(line: Line) -> None:
    line.say(text="和平小区3号楼漏水，我电话13812345678")
    assert line.http.delete(f"/conversations/{line.id}", headers=line.headers).status_code == 200
    refused(line.http.get(f"/conversations/{line.id}/messages", headers=line.headers), 401)


def test_nothing_stayed_pending(server: Server) -> None:
    with Database(server.database_url).read() as session:
        states = dict(session.execute(select(InboxRow.state, func.count()).group_by(InboxRow.state)).all())
    print(json.dumps({"id": "bad_input", "states": states}))
    assert set(states) == {"done"}


def test_headers_and_the_action_endpoint(server: Server, tmp_path: Path) -> None:
    answer = httpx.get(f"{server.base}/healthz", trust_env=False)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert httpx.post(f"{server.base}/internal/actions", json={"next_action": "action_report"}, trust_env=False).status_code == 404


def test_the_style_of_answers_is_set_by_the_page_with_the_secret(server: Server) -> None:
    line = Line(server)
    where = f"/conversations/{line.id}/style"
    assert server.http.post(where, json={"style": "elder"}, headers=line.headers).json() == {"style": "elder"}
    assert server.http.post(where, json={"style": "loud"}, headers=line.headers).status_code == 422
    assert server.http.post(where, json={"style": "plain"}).status_code == 401
    database = Database(server.database_url)
    with database.read() as session:
        assert session.get_one(ConversationRow, line.id).style == "elder"
    database.close()
