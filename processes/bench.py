"""`linda bench turn`: turns over real HTTP, real Rasa and a real SQLite file, one resident and sixteen at once."""

import json
import random
import statistics
import subprocess
import tempfile
import threading
import time
import uuid
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import track
from rich.table import Table

from config.refusal import Refused
from config.settings import PROJECT, Settings
from knowledge.library import load_library
from processes.scratch import running_linda

WARM, COUNTED_ONE, COUNTED_MANY, RESIDENTS = 24, 200, 40, 16
out = Console()


def run(settings: Settings, suite: str) -> None:
    """Run one suite and print its figures."""
    if suite == "knowledge":
        from processes.bench_knowledge import bench_knowledge  # its own module; builds thousands of plans

        bench_knowledge(settings)
        return
    if suite != "turn":
        raise Refused(f"没有 {suite} 这个速度测试", "现有：turn、knowledge")
    with tempfile.TemporaryDirectory() as folder:
        bench_turn(settings, Path(folder))


def bench_turn(settings: Settings, folder: Path) -> None:
    """Policy answers: latency for one resident, rate for sixteen; memory of all processes; stock Rasa beside it when installed."""
    table = Table("谁", "回合", "失败", "p50 ms", "p95 ms", "每秒回合", title="linda bench turn（政策问答，真实 HTTP、Rasa、SQLite FULL）")
    with running_linda(settings, folder) as scratch:
        asked = questions()
        one, many = asked[WARM : WARM + COUNTED_ONE], asked[WARM + COUNTED_ONE :][: RESIDENTS * COUNTED_MANY]
        _talk(scratch.api, asked[:WARM], [], [])
        _row(table, "一位居民", *_measure(scratch.api, 1, one))
        before = scratch.cpu_seconds()
        _row(table, f"{RESIDENTS} 位同时", *_measure(scratch.api, RESIDENTS, many))
        spent = {name: seconds - before[name] for name, seconds in scratch.cpu_seconds().items()}
        memory = scratch.memory_mb()
    out.print(table)
    out.print("每回合处理器时间：" + "，".join(f"{name} {seconds * 1000 / len(many):.1f} ms" for name, seconds in spent.items()))
    out.print(f"全部进程内存 RSS：{memory:.0f} MB")
    (folder / "questions.json").write_text(json.dumps(questions(), ensure_ascii=False), encoding="utf-8")
    _stock(folder)


def questions() -> list[str]:
    """Lay questions of the plans that bind 东河区, each once, in a fixed random order: no answer comes from memory."""
    library = load_library(PROJECT / "knowledge")
    asked = [q for plan in ("donghe-2025", "nmg-2026") for p in library.by_plan[plan] for q in p.questions]
    random.Random(20261120).shuffle(asked)
    return asked


def _talk(base: str, asked: list[str], times: list[float], failures: list[str]) -> None:
    """One resident over one kept connection. The plainest client there is: it shares the machine with what it measures."""
    address = urlsplit(base)
    line = HTTPConnection(address.hostname or "", address.port, timeout=30.0)
    made = _post(line, f"{address.path}/conversations", {"region": "donghe"}, {})[1]
    headers = {"Authorization": f"Bearer {made['token']}"}
    path = f"{address.path}/conversations/{made['conversation']}/messages"
    for text in asked:
        began = time.perf_counter()
        status, turn = _post(line, path, {"message_id": uuid.uuid4().hex, "text": text}, headers)
        times.append((time.perf_counter() - began) * 1000)
        if status != 200 or turn["outcome"] == "failed" or not turn["replies"]:
            failures.append(str(turn)[:200])
    line.close()


def _post(line: HTTPConnection, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    line.request("POST", path, json.dumps(body).encode(), {**headers, "Content-Type": "application/json"})
    response = line.getresponse()
    return response.status, json.loads(response.read())


def _measure(base: str, residents: int, asked: list[str]) -> tuple[list[float], list[str], float]:
    times: list[float] = []
    failures: list[str] = []
    threads = [threading.Thread(target=_talk, args=(base, asked[n::residents], times, failures)) for n in range(residents)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in track(threads, description=f"{residents} 位居民"):
        thread.join()
    return times, failures, time.perf_counter() - began


def _row(table: Table, who: str, times: list[float], failures: list[str], seconds: float) -> None:
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    rate = len(times) / seconds
    table.add_row(who, str(len(times)), str(len(failures)), f"{statistics.median(times):.1f}", f"{p95:.1f}", f"{rate:.1f}")
    if failures:
        out.print(f"失败例：{failures[0]}")


def _stock(folder: Path) -> None:
    """The stock Rasa pipeline measured in the same run, for comparison (nlu/stock/)."""
    script = PROJECT / "nlu" / "stock" / "measure.py"
    if not script.exists():
        out.print("原版 Rasa 管线：没有安装对比环境，未测")
        return
    subprocess.run(["python3", str(script), str(folder)], check=False, cwd=PROJECT)
