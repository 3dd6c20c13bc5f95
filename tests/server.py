"""A real server process for tests: started on a free port with its own data directory, killed or stopped by PID."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from config.settings import PROJECT

BUILT = ("understanding", "index", "static", "encoder", "model")


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`python -m processes.serve` with Rasa off (the fallback intents decide), on the models built under var/."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        data = folder / "data"
        data.mkdir(exist_ok=True)
        for name in BUILT:
            source = PROJECT / "var" / name
            if source.exists() and not (data / name).exists():
                (data / name).symlink_to(source)
        self.environment = {
            **os.environ,
            "LINDA_DATA_DIR": str(data),
            "LINDA_PORT": str(self.port),
            "LINDA_RASA": "off",
            "LINDA_LIMITS": "off",
            "OMP_NUM_THREADS": "1",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=f"{self.base}/api/v1", timeout=30.0, trust_env=False)

    @property
    def database_url(self) -> str:
        """Where its rows are."""
        return self.environment.get("LINDA_DATABASE_URL") or f"sqlite:///{self.folder / 'data' / 'linda.db'}"

    def start(self) -> None:
        """Migrate and start; returns when it answers."""
        from storage.migrate import migrate

        migrate(self.database_url)
        with (self.folder / "server.log").open("ab") as log:
            command = [sys.executable, "-m", "processes.serve"]
            self.process = subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=log, stderr=log)
        for _ in range(2400):  # two minutes: other work may hold both cores
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "server.log").read_text(errors="replace")[-3000:])
            try:
                httpx.get(f"{self.base}/healthz", timeout=1.0, trust_env=False)
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError("server did not start")

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM and wait."""
        self.http.close()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
