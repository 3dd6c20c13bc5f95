"""Works off stored updates: chats beside each other, each chat in order, albums whole, failures later, poison aside."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import structlog

from bot.channels import telegram_rows as rows
from bot.channels.telegram import TelegramChannel
from bot.turn import TurnDesk
from storage.models import ChannelUpdateRow

log = structlog.get_logger(__name__)
THREADS = 4
MOST_TRIES = 5
MOST_CRASHES = 8
ALBUM = timedelta(seconds=1.5)
FAIR = 10  # updates of one chat before the next chat's turn
IDLE_S = 0.2
REST_S = 0.1
FORGET = timedelta(days=30)


class Worker:
    """Runs in one process at a time (the caller holds the lease)."""

    def __init__(self, channel: TelegramChannel, turns: TurnDesk) -> None:
        self._channel, self._database, self._clock = channel, turns.desk.database, turns.desk.clock
        self.wake = threading.Event()
        self._busy: dict[str, Future[bool]] = {}
        self._resting: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; what is under way is finished."""
        with self._database.write() as session:
            rows.release_claims(session, self._clock())
            rows.prune(session, self._clock() - FORGET)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="telegram") as pool:
            while not stop.is_set():
                try:
                    began = self._start(pool, stop)
                except Exception:  # the worker must outlive a database that is away
                    log.exception("telegram_worker_failed")
                    began = False
                if not began:
                    self.wake.wait(IDLE_S)
                self.wake.clear()

    def _start(self, pool: ThreadPoolExecutor, stop: threading.Event) -> bool:
        self._busy = {address: task for address, task in self._busy.items() if not task.done()}
        if len(self._busy) >= THREADS:
            self.wake.wait(0.02)
            return True
        with self._database.read() as session:
            waiting = rows.waiting_chats(session, self._clock())
        began = False
        tick = time.monotonic()
        self._resting = {address: until for address, until in self._resting.items() if until > tick}
        for address in waiting:
            if address not in self._busy and address not in self._resting and len(self._busy) < THREADS:
                self._busy[address] = pool.submit(self._chat, address, stop)
                self._busy[address].add_done_callback(lambda _task: self.wake.set())
                began = True
        return began

    def _chat(self, address: str, stop: threading.Event) -> bool:
        """Some updates of one chat, oldest first; stops at one that must wait, so that the order holds."""
        return all(not stop.is_set() and self._one(address) for _ in range(FAIR))

    def _one(self, address: str) -> bool:
        now = self._clock()
        with self._database.read() as session:
            waiting = rows.next_updates(session, address)
        found = self._album(waiting) if waiting and waiting[0].ready_at <= now else []
        if not found:  # nothing, a failure that rests, or the rest of an album is still coming
            self._resting[address] = time.monotonic() + (REST_S if waiting else 0.0)
            return False
        first = found[0]
        with self._database.write() as session:
            if not rows.claim(session, first, now):
                return False
        if first.attempts >= MOST_CRASHES:
            self._channel.give_up(first, "crashed again and again")
            return True
        return self._work(found)

    def _album(self, waiting: Sequence[ChannelUpdateRow]) -> list[ChannelUpdateRow]:
        """The next update, with all parts of its album once no more is coming; empty while it must be waited for."""
        first = waiting[0]
        if first.album is None or first.kind != "message":
            return [first]
        parts = [row for row in waiting if row.album == first.album and row.kind == "message"]
        newest = max(row.received_at for row in parts)
        complete = first.prepared is not None or self._clock() - newest >= ALBUM
        return parts if complete else []

    def _work(self, found: Sequence[ChannelUpdateRow]) -> bool:
        first = found[0]
        try:
            self._channel.work(found)
        except Exception as error:
            log.exception("update_failed", update=first.id, attempt=first.attempts + 1)
            if first.attempts + 1 >= MOST_TRIES:
                self._channel.give_up(first, f"{type(error).__name__}: {error}")
                return True
            at = self._clock() + timedelta(seconds=2**first.attempts)
            with self._database.write() as session:
                rows.try_later(session, first.id, type(error).__name__, at)
            return False
        return True
