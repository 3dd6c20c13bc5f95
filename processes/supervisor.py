"""`linda up`: prepares, starts Rasa and the application, watches both, stops them cleanly on Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config.refusal import Refused
from config.settings import PROJECT, Settings
from console.operators import ensure_admin
from processes.assemble import action_token, clock
from storage.database import Database
from storage.migrate import migrate

NLU = PROJECT / "nlu"
NLU_PYTHON = NLU / ".venv" / "bin" / "python"
READY_S = 90.0
GRACE_S = 10.0

out = Console()


def prepare(settings: Settings) -> None:
    """Everything that must exist before serving: trained models, the index, the schema. Only what changed is done again."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn())
    with Progress(*columns, console=out) as progress:
        environment = _environment(settings)
        trained = [("训练类别与紧急识别", _understanding(settings))]
        if settings.rasa == "on":
            trained.append(("训练意图理解（Rasa）", [str(NLU_PYTHON), str(NLU / "train.py")]))
        # Side by side, but Rasa after the other training, whose vectors of the sentences it takes over.
        lanes = [[("建立政策索引", [sys.executable, "-m", "processes.build_index"])], trained]
        with ThreadPoolExecutor(len(lanes)) as side_by_side:
            for lane in [side_by_side.submit(_follow_all, progress, steps, environment) for steps in lanes]:
                lane.result()
        task = progress.add_task("数据库", total=100)
        migrate(settings.database_url)
        progress.update(task, completed=100)


def _understanding(settings: Settings) -> list[str]:
    folders = ["--out", str(settings.data_dir / "understanding"), "--encoder", str(settings.encoder_dir)]
    return [sys.executable, "-m", "understanding.train", *folders]


def _follow_all(progress: Progress, steps: list[tuple[str, list[str]]], environment: dict[str, str]) -> None:
    """Run some steps one after another."""
    for title, command in steps:
        _follow(progress, title, command, environment)


def _follow(progress: Progress, title: str, command: list[str], environment: dict[str, str]) -> None:
    """Run one step that prints `PROGRESS <0..100> <words>` and draw it."""
    task = progress.add_task(title, total=100)
    tail: list[str] = []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            tail = [*tail[-60:], line]
            if line.startswith("PROGRESS "):
                _, percent, *words = line.split(maxsplit=2)
                progress.update(task, completed=float(percent), description=f"{title} {words[0].strip() if words else ''}")
    if process.returncode != 0:
        raise Refused(f"{title}失败：{''.join(tail)[-2000:]}", "看上面的报错，改正后重跑")
    progress.update(task, completed=100, description=title)


def _environment(settings: Settings) -> dict[str, str]:
    url = httpx.URL(settings.rasa_url)
    return {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "LINDA_DATA_DIR": str(settings.data_dir),
        "LINDA_DATABASE_URL": settings.database_url,
        "LINDA_ENCODER_DIR": str(settings.encoder_dir),
        "LINDA_ACTION_TOKEN": action_token(settings),
        "LINDA_ACTION_URL": f"http://{settings.host}:{settings.port}/internal/actions",
        "LINDA_RASA_PORT": str(url.port or 5105),
        "LINDA_PORT": str(settings.port),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
    }


def _refuse_taken(port: int, host: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(f"端口 {port} 已被占用", "关掉占用它的程序，或用 LINDA_PORT 换一个端口") from error


class Supervisor:
    """The processes of the embedded default. A process that dies is started again; too often and all stop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.environment = _environment(settings)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.logs = settings.data_dir / "log"

    def commands(self) -> dict[str, list[str]]:
        """What runs: Rasa on its own Python, and the application."""
        found = {"app": [sys.executable, "-m", "processes.serve"]}
        if self.settings.rasa == "on":
            found["rasa"] = [str(NLU_PYTHON), str(NLU / "serve.py")]
        return found

    def start(self, name: str) -> None:
        """Start one process in its own group, its output to var/log."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.commands()[name], cwd=PROJECT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait_ready(self) -> dict[str, str]:
        """Wait until the application answers and Rasa with it; Refused with the log's tail when one dies."""
        url = f"http://{self.settings.host}:{self.settings.port}/readyz"
        end = time.monotonic() + READY_S
        parts: dict[str, str] = {}
        while time.monotonic() < end:
            self._refuse_dead()
            try:
                parts = httpx.get(url, timeout=2.0, trust_env=False).json()["parts"]
            except (httpx.HTTPError, ValueError, KeyError):
                parts = {}
            if parts.get("database") == "ok" and (self.settings.rasa == "off" or parts.get("nlu") == "ok"):
                return parts
            time.sleep(0.1)
        if parts.get("database") == "ok":
            return parts
        raise Refused("启动超时", f"看 {self.logs} 里的日志")

    def _refuse_dead(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                tail = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2500:]
                raise Refused(f"{name} 没有启动成功：\n{tail}", f"看 {self.logs / name}.log")

    def watch(self) -> None:
        """Until Ctrl-C: start again what died."""
        deaths: list[float] = []
        while True:
            time.sleep(0.5)
            for name, process in list(self.processes.items()):
                if process.poll() is None:
                    continue
                deaths = [*[d for d in deaths if time.monotonic() - d < 60], time.monotonic()]
                if len(deaths) > 5:
                    raise Refused(f"{name} 一分钟内反复退出", f"看 {self.logs / name}.log")
                out.print(f"[yellow]{name} 退出了（{process.returncode}），重新启动[/yellow]")
                self.start(name)

    def stop(self) -> None:
        """End every process: politely, then firmly."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        end = time.monotonic() + GRACE_S
        for process in self.processes.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


def up(settings: Settings) -> None:
    """Prepare, start, tell the addresses, watch, stop."""
    began = time.monotonic()
    _refuse_taken(settings.port, settings.host)
    prepare(settings)
    database = Database(settings.database_url)
    password = ensure_admin(database, clock())
    database.close()
    supervisor = Supervisor(settings)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        for name in supervisor.commands():
            supervisor.start(name)
        parts = supervisor.wait_ready()
        _tell(settings, password, parts, time.monotonic() - began)
        supervisor.watch()
    except KeyboardInterrupt:
        out.print("正在停止…")
    finally:
        supervisor.stop()
    out.print("已停止，数据都在。")


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _tell(settings: Settings, password: str | None, parts: dict[str, str], seconds: float) -> None:
    base = settings.public_url
    out.print(f"\n[bold green]邻答已就绪[/bold green]（{seconds:.1f} 秒）")
    out.print(f"  居民页面    {base}/")
    out.print(f"  值班后台    {base}/console")
    if password:
        out.print(f"  管理员      admin  密码 [bold]{password}[/bold]（只显示这一次，请记下）")
    degraded = [name for name, state in parts.items() if state in {"down", "degraded"}]
    if degraded:
        out.print(f"  [yellow]降级运行：{'、'.join(degraded)}（/readyz 可查）[/yellow]")
    out.print("  按 Ctrl-C 停止\n")
    Path(settings.data_dir / "ready").write_text(f"{seconds:.1f}\n", encoding="ascii")
