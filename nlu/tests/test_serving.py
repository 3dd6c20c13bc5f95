"""Rasa for real: the trained model served, a recording action server behind it. Skipped with its reason when no model is trained."""

import base64
import concurrent.futures
import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.sentence_encoder import encoder_folder, shared_encoder
from serve import HERE, MODEL, pinned_model

SECRET = "测试用".encode().hex()
calls: list[dict[str, Any]] = []


class Actions(http.server.BaseHTTPRequestHandler):
    """Records each call; the text says how to misbehave."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        latest = body["tracker"]["latest_message"]
        calls.append({"action": body["next_action"], "authorization": self.headers.get("Authorization"), **latest})
        status, answer = 200, {"events": [], "responses": [{"text": "收到"}, {"custom": {"turn": (latest["metadata"] or {}).get("turn")}}]}
        if "失败" in latest["text"]:
            status, answer = 500, {}
        if "古怪" in latest["text"]:
            answer = {"events": "x"}
        if "沉默" in latest["text"]:
            answer = {"events": [], "responses": []}
        if "拖延" in latest["text"]:
            time.sleep(3)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A caller that hung up is part of these tests."""


def environment(**values: str) -> dict[str, str]:
    return {**os.environ, "LINDA_ACTION_TOKEN": SECRET, **values}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    try:
        pinned_model()
    except ValueError as missing:
        pytest.skip(str(missing))
    server = Quiet(("127.0.0.1", 0), Actions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    number = free_port()
    url = f"http://127.0.0.1:{server.server_port}/actions"
    values = environment(LINDA_ACTION_URL=url, LINDA_RASA_PORT=str(number), LINDA_ACTION_TIMEOUT_S="1")
    rasa = subprocess.Popen([sys.executable, str(HERE / "serve.py")], env=values)
    try:
        await_ready(number, rasa)
        yield number
    finally:
        rasa.terminate()
        assert rasa.wait(15) is not None
        server.shutdown()


def await_ready(number: int, rasa: "subprocess.Popen[bytes]") -> None:
    for _ in range(400):
        assert rasa.poll() is None, "Rasa ended at start"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", number, timeout=2)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("Rasa was not ready within 20 s")


def post(number: int, body: Any, secret: str | None = SECRET) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {secret}"} if secret is not None else {})}
    connection.request("POST", "/webhooks/linda/webhook", body if isinstance(body, bytes) else json.dumps(body).encode(), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


def say(number: int, text: str, sender: str = "s") -> tuple[int, Any]:
    return post(number, {"sender": sender, "message": text, "metadata": {"turn": f"turn-{text}"}})


def test_metadata_and_ranking_reach_the_action(port: int) -> None:
    calls.clear()
    status, messages = say(port, "楼道灯又不亮了没人管")
    assert status == 200
    assert messages == [{"recipient_id": "s", "text": "收到"}, {"recipient_id": "s", "custom": {"turn": "turn-楼道灯又不亮了没人管"}}]
    (call,) = calls
    assert call["action"] == "action_report" and call["intent"]["name"] == "report_repair"
    assert call["metadata"] == {"turn": "turn-楼道灯又不亮了没人管"}
    assert call["authorization"] == f"Bearer {SECRET}"
    ranking = [r["confidence"] for r in call["intent_ranking"]]
    assert len(ranking) == 5 and ranking == sorted(ranking, reverse=True) and 0 <= ranking[-1] <= ranking[0] <= 1


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("公共收益多久公示一次", "action_ask_policy"),
        ("電梯裏關著人", "action_emergency"),
        ("我昨天报的修到哪了", "action_follow_up"),
        ("我们想成立业委会怎么弄", "action_guide"),
        ("转人工", "action_human"),
        ("明天天气咋样", "action_out_of_scope"),
        ("/restart", None),
        ("／report_emergency{}", None),
        ("…", "action_default_fallback"),
        ("", "action_default_fallback"),
    ],
)
def test_each_kind_of_message_calls_its_action(port: int, text: str, action: str | None) -> None:
    calls.clear()
    assert say(port, text)[0] == 200
    assert len(calls) == 1
    assert action is None or calls[0]["action"] == action
    assert not calls[0]["text"].startswith("/") and calls[0]["intent"]["confidence"] < 1


@pytest.mark.parametrize("text", ["失败", "古怪", "拖延"])
def test_a_failed_action_is_no_empty_answer(port: int, text: str) -> None:
    started = time.monotonic()
    status, body = say(port, text, sender=text)
    assert status == 502 and "action_" in body["error"]
    assert time.monotonic() - started < 2.5
    assert say(port, "你好", sender=text)[0] == 200  # the conversation goes on


def test_an_action_may_say_nothing(port: int) -> None:
    assert say(port, "沉默") == (200, [])


@pytest.mark.parametrize("secret", [None, "", "x", SECRET[:-1], SECRET + "x"])
def test_nobody_without_the_secret(port: int, secret: str | None) -> None:
    calls.clear()
    assert post(port, {"sender": "s", "message": "你好"}, secret)[0] == 401
    assert calls == []


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", {"sender": "s"}, {"message": "x"}, {"sender": "", "message": "x"}, {"sender": "s" * 201, "message": "x"},
     {"sender": "s", "message": 3}, {"sender": "s", "message": "x", "metadata": "m"}],
)  # fmt: skip
def test_odd_bodies_are_refused(port: int, body: Any) -> None:
    assert post(port, body)[0] == 400


def test_quick_messages_of_one_sender_keep_their_order(port: int) -> None:
    calls.clear()
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        jobs = []
        for i in range(5):
            jobs.append(pool.submit(say, port, f"{i}号楼停水", "quick"))
            time.sleep(0.002)
        assert [job.result()[0] for job in jobs] == [200] * 5
    assert [call["text"] for call in calls] == [f"{i}号楼停水" for i in range(5)]
    assert time.monotonic() - started < 2


def test_a_very_long_message_stalls_nobody(port: int) -> None:
    started = time.monotonic()
    assert say(port, "楼道漏水" * 20_000)[0] == 200
    assert time.monotonic() - started < 1.5


def test_rasas_own_doors_are_closed(port: int) -> None:
    for method, path in (
        ("POST", "/webhooks/rest/webhook"),
        ("GET", "/conversations/s/tracker"),
        ("PUT", "/model"),
        ("POST", "/model/parse"),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request(method, path, b"{}", {"Authorization": f"Bearer {SECRET}"})
        assert connection.getresponse().status in {404, 405}


def test_it_listens_on_the_loopback_address_alone(port: int) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {f[1].split(":")[0] for f in listening if f[3] == "0A" and f[1].endswith(f":{port:04X}")}
    assert addresses == {"0100007F"}


@pytest.mark.parametrize("damage", ["no pin", "wrong pin"])
def test_a_model_that_is_not_the_pinned_one_is_refused(tmp_path: Path, damage: str) -> None:
    (tmp_path / MODEL.name).write_bytes(b"x")
    if damage == "wrong pin":
        (tmp_path / "linda.json").write_text('{"sha256": "0"}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"nlu/train\.py"):
        pinned_model(tmp_path / MODEL.name)


@pytest.mark.parametrize("missing", ["LINDA_ACTION_TOKEN", "LINDA_ACTION_URL"])
def test_without_its_settings_it_does_not_start(missing: str) -> None:
    values = environment(LINDA_ACTION_URL="http://127.0.0.1:1/")
    del values[missing]
    ended = subprocess.run([sys.executable, str(HERE / "serve.py")], check=False, env=values, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1 and missing in ended.stderr and len(ended.stderr.splitlines()) == 1


def vector_of(*values: float) -> str:
    return base64.b64encode(np.array([*values, *[0.0] * (512 - len(values))], dtype="<f4").tobytes()).decode()


@pytest.mark.parametrize("vector", [3, "x", "", vector_of(0.5), vector_of(float("nan")), base64.b64encode(b"1234").decode()])
def test_odd_vectors_are_refused(port: int, vector: Any) -> None:
    assert post(port, {"sender": "s", "message": "楼道灯不亮", "vector": vector})[0] == 400


def test_a_vector_handed_over_is_used_for_its_own_text_alone(port: int) -> None:
    def ranking(message: str, **more: Any) -> list[tuple[str, float]]:
        calls.clear()
        assert post(port, {"sender": "v", "message": message, "metadata": {}, **more})[0] == 200
        return [(r["name"], round(r["confidence"], 4)) for r in calls[0]["intent_ranking"]]

    encoder = shared_encoder(encoder_folder())
    if encoder is None:
        pytest.skip("no sentence encoder")
    text = "公共收益多久公示一次"
    alone, own = ranking(text), base64.b64encode(encoder.encode(text).astype("<f4").tobytes()).decode()
    assert ranking(text, vector=own) == alone
    assert ranking(text, vector=vector_of(1.0)) != alone
    assert ranking(text) == alone  # kept for one turn only
