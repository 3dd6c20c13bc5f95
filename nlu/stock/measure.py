"""The stock Rasa pipeline's speed, measured as `linda bench turn` measures Linda's: `python3 nlu/stock/measure.py [SCRATCH FOLDER]`.

Standard library alone; Rasa with TensorFlow stands in nlu/stock/.venv (2.7 GB). It is installed when LINDA_BENCH_STOCK=on; without that
and without the environment one line says so, and LINDA_BENCH_STOCK=off skips the measuring. Each turn goes REST channel -> DIET ->
Memoization, Rule and TED -> action server; that server is a stub here, so the figures hold Rasa's own time only. SCRATCH FOLDER may hold
questions.json, a list of what to ask; QUESTIONS otherwise. Exit 0: measured or switched off; 1: one line saying what went wrong.
"""

import contextlib
import http.client
import http.server
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from prepare import HERE, MODEL, QUIET, VENV, CannotMeasure, install, train

from install import CannotInstall  # isort: skip

QUESTIONS = (
    "公共收益多久公示一次",
    "电梯坏了归谁修",
    "物业能停水催费吗",
    "社区代管的小区报的问题几天内要解决",
    "物业多久开一次协调会",
    "维修响应要多快",
    "充电桩要建多少",
    "物业合同多久要备案",
    "消防演练一年几次",
    "业委会党员要占多少",
    "码上办24小时没解决咋办",
    "投诉量要降多少",
)
WARM, COUNTED_ONE, COUNTED_MANY, SENDERS = 24, 200, 40, 16  # as in processes/bench.py
SHORT = 20  # turns of a short conversation: Rasa's time grows with each earlier turn, so one sender is measured both ways
SWITCH = "LINDA_BENCH_STOCK"
START_S, STOP_S, TURN_S = 300, 20, 60


def switched_on() -> bool:
    """Whether to measure; says in one line how to switch it on when not."""
    switch = os.environ.get(SWITCH, "")
    if switch == "on" or (switch != "off" and VENV.exists()):
        return True
    print(f"原版 Rasa 管线未测：设 {SWITCH}=on 再运行，会先装 TensorFlow（约 2.7 GB）并训练几分钟。", flush=True)
    return False


class Action(http.server.BaseHTTPRequestHandler):
    """The stub action: reads the call, says one sentence."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # header and body in one packet
    answer = json.dumps({"events": [], "responses": [{"text": "好的"}]}).encode()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: Any) -> None:
        """Nothing: one line a turn helps nobody."""


class Actions(http.server.ThreadingHTTPServer):
    """Serves Action on a free loopback port."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A caller that hung up is no news."""


def ask(port: int, method: str, path: str, body: Any = None, timeout_s: float = TURN_S) -> tuple[int, Any]:
    """Status and JSON of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request(method, path, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[int, float, int]]:
    """Rasa as its command line starts it: port, seconds until it takes messages, process id. Stopped at the end."""
    actions = Actions(("127.0.0.1", 0), Action)
    threading.Thread(target=actions.serve_forever, daemon=True).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [str(VENV / "bin" / "rasa"), "run", "-i", "127.0.0.1", "-p", str(port), "-m", str(MODEL)]
    command += ["--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    environment = {**os.environ, **QUIET, "LINDA_STOCK_ACTION_URL": f"http://127.0.0.1:{actions.server_port}/webhook"}
    started, log = time.monotonic(), folder / "stock-rasa.log"
    with log.open("w", encoding="utf-8") as file:
        rasa = subprocess.Popen(command, cwd=HERE, env=environment, stdout=file, stderr=file, start_new_session=True)
    try:
        wait_ready(rasa, port, log)
        yield port, time.monotonic() - started, rasa.pid
    finally:
        stop(rasa)
        actions.shutdown()
        actions.server_close()


def wait_ready(rasa: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Returns when the channel answers; raises CannotMeasure with the log's last line when it will not."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and rasa.poll() is None:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            if ask(port, "GET", "/webhooks/rest/", timeout_s=1)[0] == 200:
                return
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() or ["（没有日志）"]
    raise CannotMeasure(f"原版 Rasa 没有起来：{lines[-1]}")


def stop(rasa: "subprocess.Popen[bytes]") -> None:
    """Ends Rasa and what it started, gently first."""
    for number, wait_s in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, STOP_S)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(rasa.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            rasa.wait(wait_s)
            return


def resident_mb(pid: int) -> float:
    """Resident memory of the process (Rasa serves in one)."""
    answer = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=True)
    return int(answer.stdout) * 1024 / 1e6


class Answers(NamedTuple):
    """What one measurement gathered: milliseconds of each turn, turns without an answer, seconds it all took."""

    times: list[float]
    failures: list[str]
    seconds: float


def questions(folder: Path) -> Iterator[str]:
    """What to ask, without end."""
    given = folder / "questions.json"
    return itertools.cycle(json.loads(given.read_text(encoding="utf-8")) if given.is_file() else QUESTIONS)


def talk(port: int, sender: str, texts: list[str]) -> tuple[list[float], list[str]]:
    """One conversation: milliseconds of each turn, and what came back where no answer did."""
    times: list[float] = []
    failures: list[str] = []
    for text in texts:
        began = time.perf_counter()
        try:
            status, said = ask(port, "POST", "/webhooks/rest/webhook", {"sender": sender, "message": text})
        except (OSError, ValueError, http.client.HTTPException) as wrong:
            status, said = 0, str(wrong)
        times.append((time.perf_counter() - began) * 1000)
        if status != 200 or not said:
            failures.append(f"{status} {said}")
    return times, failures


def measured(port: int, asked: Iterator[str], each: int, conversations: int, at_once: int = 1) -> Answers:
    """Conversations of `each` turns, so many at once."""
    shares = [list(itertools.islice(asked, each)) for _ in range(conversations)]
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        results = list(pool.map(lambda n: talk(port, f"{each}-{conversations}-{n}", shares[n]), range(conversations)))
    seconds = time.perf_counter() - began
    return Answers([t for times, _ in results for t in times], [f for _, failures in results for f in failures], seconds)


def row(*cells: str) -> str:
    """One line of the table: Chinese characters are two columns wide."""
    widths = [len(c) + sum(unicodedata.east_asian_width(x) in "WF" for x in c) for c in cells]
    return "  " + cells[0] + " " * (22 - widths[0]) + "".join(" " * (10 - w) + c for c, w in zip(cells[1:], widths[1:], strict=True))


def figures(who: str, answers: Answers) -> str:
    """The table's line, counted as processes/bench.py counts."""
    ordered = sorted(answers.times)
    p50, p95 = statistics.median(ordered), ordered[int(len(ordered) * 0.95) - 1]
    rate = len(ordered) / answers.seconds
    return row(who, str(len(ordered)), str(len(answers.failures)), f"{p50:.1f}", f"{p95:.1f}", f"{rate:.1f}")


def measure(folder: Path) -> None:
    """Installs and trains what is missing, measures, prints."""
    install()
    pin, asked = train(), questions(folder)
    with running(folder) as (port, ready_s, pid):
        measured(port, asked, WARM, 1)
        rows = {
            f"一位，每 {SHORT} 句新会话": measured(port, asked, SHORT, COUNTED_ONE // SHORT),
            "一位，一个会话": measured(port, asked, COUNTED_ONE, 1),
            f"{SENDERS} 位同时": measured(port, asked, COUNTED_MANY, SENDERS, SENDERS),
        }
        memory = resident_mb(pid)
    print("对照：原版 Rasa 3.6.21 管线（jieba、词与 char_wb 计数、DIET、Memoization＋Rule＋TED；动作只是空壳，不查也不写库）")
    print(row("谁", "回合", "失败", "p50 ms", "p95 ms", "每秒回合"))
    for who, answers in rows.items():
        print(figures(who, answers))
    when = "" if pin["fresh"] else "，上次"
    size = f"{pin['intents']} 个意图 {pin['sentences']} 句{when}"
    trained = f"{pin['seconds']:.0f} 秒、处理器 {pin['processor_s']:.0f} 秒"
    print(f"  训练 {trained}（{size}）· 可用 {ready_s:.1f} 秒 · 内存 RSS {memory:.0f} MB", flush=True)
    failures = [failure for answers in rows.values() for failure in answers.failures]
    if failures:
        raise CannotMeasure(f"有 {len(failures)} 个回合没有回答，例：{failures[0][:200]}")


def main() -> int:
    if not switched_on():
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that Rasa is stopped on the way out
    try:
        if len(sys.argv) > 1:
            measure(Path(sys.argv[1]))
        else:
            with tempfile.TemporaryDirectory() as folder:
                measure(Path(folder))
    except (CannotInstall, CannotMeasure) as reason:
        print(f"原版 Rasa 管线未测：{reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
