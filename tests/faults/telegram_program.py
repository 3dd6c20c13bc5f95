"""A nursery for the Telegram channel: everything is imported once, then each `start` on stdin forks a process that can be killed at once.

python -m tests.faults.telegram_program URL FOLDER API polling|webhook PORT
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from bot.channels.telegram_webhook import telegram_router
from storage.database import Database
from tests.faults.telegram_stage import plain_turns, service

SECRET = "a-webhook-secret-of-the-test"


def run(url: str, folder: Path, api: str, mode: str, port: int) -> None:
    """Serve until killed or told to stop."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    database = Database(url, pool_size=8)
    turns = plain_turns(database, folder)
    hook = {"webhook_url": "https://linda.test/telegram/webhook", "webhook_secret": SECRET} if mode == "webhook" else {}
    channel = service(turns, api, folder, **hook)
    channel.start()
    if mode == "polling":
        signal.signal(signal.SIGTERM, lambda *_: (channel.stop(), os._exit(0)))
        while True:
            time.sleep(60)
    app = FastAPI()
    clock = lambda: datetime.now(UTC)  # noqa: E731
    app.include_router(telegram_router(database, SECRET, personal=False, clock=clock, wake=channel.wake))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
    channel.stop()


class Nursery:
    """The test's side."""

    def __init__(self, url: str, folder: Path, api: str, mode: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "tests.faults.telegram_program", url, str(folder), api, mode, str(port)]
        self._log = (folder / "program.log").open("ab")
        root = Path(__file__).resolve().parents[2]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, cwd=root)
        assert self._process.stdout is not None and self._process.stdin is not None
        self._out, self._in = self._process.stdout, self._process.stdin
        assert self._out.readline() == b"ready\n"
        self.child = 0

    def start(self) -> int:
        """A new process; its id."""
        self._in.write(b"start\n")
        self._in.flush()
        self.child = int(self._out.readline())
        return self.child

    def kill(self, child: int | None = None) -> None:
        """SIGKILL."""
        os.kill(child or self.child, signal.SIGKILL)

    def close(self) -> None:
        """End the nursery and its last child."""
        if self.child:
            try:
                os.kill(self.child, signal.SIGKILL)
            except ProcessLookupError:
                self.child = 0
        self._in.close()
        self._process.kill()  # it only waits for words; a machine that stands still must not hide why the test failed
        self._process.wait(60)
        self._out.close()
        self._log.close()


def main(arguments: list[str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            if sys.platform == "linux":  # a child must not outlive a test that failed
                ctypes.CDLL(None).prctl(1, signal.SIGKILL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(arguments[0], Path(arguments[1]), arguments[2], arguments[3], int(arguments[4]))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
