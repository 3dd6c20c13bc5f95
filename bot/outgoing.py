"""The one outgoing scheduler: receipts overtake broadcasts, limits are kept, and a send whose answer was lost is repeated at most once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from bot import deliveries, linking
from bot.deliveries import Due, Settled, Taken
from bot.pace import Pace
from bot.undelivered import Sweep, undelivered
from storage.database import Database

log = structlog.get_logger(__name__)
T = TypeVar("T")
ROUND_S = 0.2
MOST_FLYING = 25  # what a crash can leave in doubt
UNREACHED = ("not_sent", "busy", "lost")
SEND_S = 60.0  # no send lasts longer; older claims were left by a crash


@dataclass(frozen=True)
class Parcel:
    """One piece as the messenger takes it; `buttons` are (title, token), only under the last piece."""

    address: str
    text: str
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ending:
    """What the messenger said: sent | too_fast (wait `after` seconds) | blocked | moved (to `address`) | not_sent | busy | lost | wrong.

    not_sent: it certainly did not arrive and is tried again for as long as it takes. busy: the server failed (5xx), tried again as long,
    but marked. lost: the answer was lost, nobody knows, repeated once. wrong: it never will be taken.
    """

    what: str
    why: str = ""
    after: float = 0.0
    address: str = ""


class Sender(Protocol):
    """A channel's way out."""

    async def send(self, parcel: Parcel) -> Ending:
        """Send one piece and say what became of it; never raises for what the other side does."""
        ...

    def parcels(self, taken: Taken) -> Sequence[Parcel]:
        """The message in pieces the messenger takes; never none."""
        ...


@dataclass(frozen=True)
class Times:
    """The clock, replaceable by a faster one in tests: wall time, seconds for limits, and waiting."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep


@dataclass
class Outgoing:
    """Sends what the rows say for one channel; runs in one process at a time (the caller holds the lease)."""

    database: Database
    channel: str
    sender: Sender
    pace: Pace
    times: Times = field(default_factory=Times)
    _ready: dict[int, Due] = field(default_factory=dict)
    _flying: dict[int, str] = field(default_factory=dict)
    _endings: list[tuple[Settled, Ending, str]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False
    _sweep: Sweep = field(default_factory=Sweep)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; then those under way are waited for and written down."""
        await self._in_thread(self._recover)
        collected = -1.0
        writing = asyncio.create_task(self._keep_writing())
        while not stop.is_set():
            try:
                if self.times.monotonic() - collected >= ROUND_S:
                    collected = self.times.monotonic()
                    await self._collect()
                await self._launch()
            except Exception:  # a database that is away must not end the sending
                log.exception("outgoing_failed", channel=self.channel)
                await self.times.sleep(1.0)
            await self.times.sleep(0.02)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)
        self._over = True  # not cancelled: a writing that waits for a thread would be dropped with what it holds
        self._ended.set()
        await writing
        await self._write()

    async def _keep_writing(self) -> None:
        """Write endings down as they come: what is not written when the process is killed is in doubt."""
        while not self._over:
            try:
                await self._ended.wait()
                self._ended.clear()
                await self._write()
            except Exception:
                log.exception("outgoing_not_written", channel=self.channel)
                self._ended.set()
                await self.times.sleep(0.5)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(work)

    def _recover(self) -> None:
        now = self.times.now()
        with self.database.write() as session:
            again, unsure = deliveries.recover(session, self.channel, now, taken_before=now + timedelta(seconds=1))
        if again or unsure:
            log.warning("sends_cut_off", channel=self.channel, repeated=again, unsure=unsure)

    async def _collect(self) -> None:
        now, tick = self.times.now(), self.times.monotonic()
        found = await self._in_thread(lambda: self._look(now, tick))
        self._ready = {one.id: one for one in found if one.id not in self._flying}

    def _look(self, now: datetime, tick: float) -> list[Due]:
        with self.database.read() as session:
            stretches = self._sweep.next(session, now, tick)
            uncopied = sorted({one for where in stretches for one in linking.uncopied(session, where)})
            missing = sorted({one for where in stretches for one in undelivered(session, self.channel, where)})
        if missing or uncopied:
            with self.database.write() as session:
                linking.mirror(session, self.channel, uncopied, now)
                deliveries.make_deliveries(session, self.channel, missing, now)
        with self.database.read() as session:
            return deliveries.due(session, self.channel, now)

    async def _launch(self) -> None:
        room = min(self.pace.room(), MOST_FLYING - len(self._flying))
        if room <= 0 or not self._ready:
            return
        busy = {self.pace.chat_of(address) for address in self._flying.values()}
        picked: list[Due] = []
        for one in sorted(self._ready.values(), key=lambda d: (d.lane, d.id)):
            if len(picked) == room:
                break
            chat = self.pace.chat_of(one.address)
            if chat not in busy and self.pace.wait(chat) <= 0.0:
                picked.append(one)
                busy.add(chat)
        if not picked:
            return
        for one in picked:
            self._flying[one.id] = one.address
            self._ready.pop(one.id, None)
        await self._take_and_send(picked)

    async def _take_and_send(self, picked: list[Due]) -> None:
        def claim() -> list[Taken]:
            with self.database.write() as session:
                return deliveries.take(session, [one.id for one in picked], self.times.now())

        try:
            taken = await self._in_thread(claim)
        except Exception:
            for one in picked:
                self._flying.pop(one.id, None)
            raise
        held = {one.id for one in taken}
        for one in picked:
            if one.id not in held:
                self._flying.pop(one.id, None)
        for claimed in taken:
            self.pace.spend(claimed.address)
            task = asyncio.create_task(self._send(claimed))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, taken: Taken) -> None:
        parts, began = 1, self.times.monotonic()
        try:
            parcels = self.sender.parcels(taken)
            parts = len(parcels)
            ending = await self.sender.send(parcels[min(taken.parts_done, parts - 1)])
        except Exception as error:  # a bug of ours: this message alone is given up, visibly
            log.exception("send_failed", delivery=taken.id)
            ending = Ending("wrong", type(error).__name__)
        self.pace.ended(taken.address)
        self._note(ending, taken.address, began)
        self._endings.append((_settled(taken, ending, parts), ending, taken.address))
        self._ended.set()

    def _note(self, ending: Ending, address: str, began: float) -> None:
        """What the ending means for the pace of this chat and of all."""
        if ending.what == "too_fast":
            self.pace.pause(address, ending.after)
        if ending.what not in UNREACHED:
            self.pace.reached()
        elif self.pace.unreached(began):
            log.warning("messenger_away", channel=self.channel, why=ending.why, remedy="sends go on one at a time until one arrives")

    async def _write(self) -> None:
        ended, self._endings = self._endings, []
        if not ended:
            return

        def write() -> None:
            now = self.times.now()
            with self.database.write() as session:
                deliveries.settle(session, [settled for settled, _, _ in ended], now)
                for _, ending, address in ended:
                    if ending.what == "blocked":
                        deliveries.block(session, self.channel, address, now, blocked=True)
                    elif ending.what == "moved" and ending.address:
                        deliveries.move(session, self.channel, address, ending.address)

        try:
            await self._in_thread(write)
        except Exception:
            self._endings = ended + self._endings
            raise
        for settled, _, _ in ended:
            self._flying.pop(settled.id, None)


def _settled(taken: Taken, ending: Ending, parts: int) -> Settled:
    """The row after `ending`."""
    done, repeats = taken.parts_done, taken.repeats
    if ending.what == "sent":
        over = done + 1 >= parts
        return Settled(taken.id, "sent" if over else "waiting", done + 1, 0 if not over else repeats)
    if ending.what == "lost":
        again = repeats < deliveries.MOST_REPEATS
        return Settled(taken.id, "waiting" if again else "unsure", done, repeats + 1, ending.why, after=1.0)
    if ending.what == "wrong":
        plainer = taken.note != "plain"  # once more without its buttons: the words matter most
        return Settled(taken.id, "waiting" if plainer else "failed", done, repeats, "plain" if plainer else ending.why)
    if ending.what == "blocked":
        return Settled(taken.id, "blocked", done, repeats, ending.why)
    if ending.what == "busy":
        repeats = max(1, repeats)
    return Settled(taken.id, "waiting", done, repeats, taken.note, after=ending.after)  # too_fast, not_sent, moved, busy
