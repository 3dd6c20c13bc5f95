"""A whole Linda on other ports with an empty database, for one measuring command: started, waited for, stopped."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.settings import Settings
from processes.supervisor import Supervisor, prepare

BUILT = ("understanding", "index", "static", "encoder")


@dataclass(frozen=True)
class Scratch:
    """The scratch deployment: its settings, base address of the API and processes."""

    settings: Settings
    api: str
    supervisor: Supervisor

    def memory_mb(self) -> float:
        """Resident memory of all its processes, in MB."""
        total = 0
        for process in self.supervisor.processes.values():
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            total += sum(p.memory_info().rss for p in tree)
        return total / 1e6

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time each process has used so far."""
        return {name: sum(psutil.Process(process.pid).cpu_times()[:2]) for name, process in self.supervisor.processes.items()}


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_linda(settings: Settings, folder: Path) -> Iterator[Scratch]:
    """Application and Rasa as `make run` starts them, with the models of `settings` and a database of their own."""
    prepare(settings)
    data = folder / "data"
    data.mkdir()
    for name in BUILT:
        if (settings.data_dir / name).exists():
            (data / name).symlink_to(settings.data_dir / name)
    port, rasa_port = free_port(), free_port()
    apart = settings.model_copy(
        update={
            "data_dir": data, "database_url": f"sqlite:///{data / 'linda.db'}", "limits": "off", "port": port,
            "public_url": f"http://127.0.0.1:{port}", "rasa_url": f"http://127.0.0.1:{rasa_port}",
        }
    )  # fmt: skip
    prepare(apart)
    supervisor = Supervisor(apart)
    supervisor.environment |= {"LINDA_LIMITS": "off", "LINDA_RASA_URL": apart.rasa_url, "LINDA_PUBLIC_URL": apart.public_url}
    try:
        for name in supervisor.commands():
            supervisor.start(name)
        supervisor.wait_ready()
        yield Scratch(apart, f"http://127.0.0.1:{port}/api/v1", supervisor)
    finally:
        supervisor.stop()
