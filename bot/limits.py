"""Rate limits of the residents' door: leaky buckets in memory, per conversation and per address."""

import threading
from collections.abc import Callable

from config.refusal import Refused

MESSAGES = (20, 1.0)  # burst, per second, one conversation
CONVERSATIONS = (60, 0.5)  # burst, per second, one address
KEPT = 50_000


class Limits:
    """`allow` raises Refused (429) when a key goes faster than its bucket. Off for measuring on loopback."""

    def __init__(self, monotonic: Callable[[], float], *, on: bool) -> None:
        self.on = on
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def allow(self, what: str, key: str, rule: tuple[int, float]) -> None:
        """Count one event of `what` by `key` against (burst, refill per second)."""
        if not self.on:
            return
        burst, rate = rule
        now = self._monotonic()
        with self._lock:
            level, seen = self._buckets.get((what, key), (0.0, now))
            level = max(0.0, level - (now - seen) * rate)
            if level + 1 > burst:
                raise Refused("发得太快了", "稍等几秒再发；着急请直接打电话", status=429, code="too_fast")
            if len(self._buckets) > KEPT:
                self._buckets.clear()
            self._buckets[(what, key)] = (level + 1, now)
