"""Runs the Telegram channel in one thread with its own loop: one process polls, works and sends, another takes over when it is gone."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_api import TelegramApi
from bot.channels.telegram_bridge import Line, Out
from bot.channels.telegram_commands import command_menu
from bot.channels.telegram_groups import chat_of, is_group
from bot.channels.telegram_intake import CHANNEL, IntakeRule, store_updates
from bot.channels.telegram_office import Office
from bot.channels.telegram_staff import StaffTalk
from bot.channels.telegram_topic_loop import keep_topics
from bot.channels.telegram_topics import TopicDesk
from bot.channels.telegram_turns import TelegramRule
from bot.channels.telegram_worker import Worker
from bot.outgoing import Outgoing, Times
from bot.pace import Limits, Pace
from bot.turn import TurnDesk
from config.words import Words
from storage.leases import Lease, release_lease, take_lease, this_process

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=12)
RENEW_S = 3.0
PHOTOS_S = 2.0
SOON_S = 0.3
LONGEST_PAUSE_S = 5.0  # one call that finds nobody costs nothing; residents wait for the first that does


@dataclass(frozen=True)
class TelegramSettings:
    """What a deployment says. `webhook_url` empty: polling. `personal`: phones and rooms said in Telegram are kept. `office`: the staff
    groups, when there are any."""

    token: str
    base_url: str
    public_url: str
    photos: Path
    personal: bool = False
    webhook_url: str = ""
    webhook_secret: str = ""
    details: Callable[[str], str] = lambda _conversation: ""
    limits: Limits = field(default_factory=Limits)
    poll_s: int = 25
    office: Office | None = None


class TelegramService:
    """Start and stop from any thread; `wake` after an update was stored by a webhook."""

    def __init__(self, turns: TurnDesk, settings: TelegramSettings, times: Times | None = None) -> None:
        self._turns, self._settings, self._times = turns, settings, times or Times()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)
        self._stop = asyncio.Event()
        self._api = TelegramApi(settings.token, settings.base_url, poll_s=settings.poll_s)
        self._line = Line(self._api, self._loop)
        rule = TelegramRule(personal=settings.personal, details=settings.details)
        staff = StaffTalk(turns, settings.office) if settings.office is not None else None
        self._topics = TopicDesk(turns.desk.database, settings.office) if settings.office is not None else None
        self._intake = IntakeRule(personal=settings.personal, staff=staff.addresses if staff is not None else frozenset())
        self.channel = TelegramChannel(turns, settings.photos, self._line, rule, staff)
        self._worker = Worker(self.channel, turns)
        self._holder = this_process(f"{id(self):x}")
        self.leads = False

    def bot_name(self) -> str:
        """The bot's user name; empty while the server has not said."""
        return self._line.known.username if self._line.known else ""

    def wake(self) -> None:
        """Something was stored."""
        self._worker.wake.set()

    def start(self) -> None:
        """Begin in an own thread."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End cleanly: sends under way are waited for, the lease is given back."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        except Exception:
            log.exception("telegram_ended")
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _main(self) -> None:
        await self._api.open()
        greeting = asyncio.create_task(self._introduce())
        lease: Lease | None = None
        roles: _Roles | None = None
        while not self._stop.is_set():
            lease = await self._renew(lease)
            self.leads = lease is not None
            if lease is not None and roles is None:
                roles = _Roles(self)
                roles.start()
            elif lease is None and roles is not None:
                await roles.stop()
                roles = None
            await _wait(self._stop, RENEW_S if lease is not None else 1.0)
        greeting.cancel()
        if roles is not None:
            await roles.stop()
        if lease is not None:
            await asyncio.to_thread(self._release, lease)
        await self._api.close()

    async def _renew(self, lease: Lease | None) -> Lease | None:
        def renew() -> Lease | None:
            with self._turns.desk.database.write() as session:
                return take_lease(session, CHANNEL, self._holder, self._turns.desk.clock(), LEASE)

        try:
            return await asyncio.to_thread(renew)
        except Exception as error:
            log.warning("lease_unknown", error=type(error).__name__)
            return lease if lease is not None and self._turns.desk.clock() < lease.until else None

    def _release(self, lease: Lease) -> None:
        with self._turns.desk.database.write() as session:
            release_lease(session, lease, self._turns.desk.clock())

    async def _introduce(self) -> None:
        """Ask who we are and show the menu, until the server answers."""
        pause = 1.0
        while not self._stop.is_set():
            try:
                if self._line.known is None:
                    self._line.known = await self._api.me()
                await self._api.show_commands(command_menu(Words()), None)
                await self._api.show_commands(command_menu(Words("zh-CN")), "zh")
                return
            except InvalidToken:
                log.error("telegram_token_refused", remedy="check LINDA_TELEGRAM_TOKEN with @BotFather")
            except TelegramError as error:
                log.warning("telegram_away", error=type(error).__name__)
            await _wait(self._stop, pause)
            pause = min(60.0, pause * 2)

    async def take_in(self, stop: asyncio.Event) -> None:
        """Polling by hand: what the server gave is committed, and only the next call confirms it.

        The offset is sent once after each batch and never kept: an id may begin again anywhere after a quiet week, and an offset above
        it would throw it away.
        """
        offset: int | None = None
        pause = 1.0
        if self._settings.webhook_url:
            await self._ask_for_posts(stop)
            return
        polling = False
        while not stop.is_set():
            try:
                if not polling:
                    await self._api.use_polling()
                    polling = True
                asked = self._loop.time()
                found = await self._api.updates(offset)
                offset = None
                if found:
                    await asyncio.to_thread(self._store, found)
                    offset = _after(found)
                    self.wake()
                elif self._loop.time() - asked < SOON_S:  # a server that does not wait must not be asked without pause
                    await _wait(stop, SOON_S)
                pause = 1.0
            except Conflict:
                log.warning("telegram_polled_elsewhere", remedy="another program polls with this token; only one may")
                await _wait(stop, 3.0)
            except Exception as error:  # the server or the database is away: nothing was confirmed, so nothing is lost
                log.warning("telegram_poll_failed", error=type(error).__name__)
                await _wait(stop, pause)
                pause = min(LONGEST_PAUSE_S, pause * 2)

    def _store(self, found: list[dict[str, object]]) -> None:
        with self._turns.desk.database.write() as session:
            store_updates(session, found, self._intake, self._turns.desk.clock())

    async def _ask_for_posts(self, stop: asyncio.Event) -> None:
        pause = 2.0
        while not stop.is_set():
            try:
                await self._api.use_webhook(self._settings.webhook_url, self._settings.webhook_secret)
                return
            except TelegramError as error:
                log.error("webhook_not_set", error=str(error)[:120], remedy="LINDA_PUBLIC_URL must be an https address Telegram can reach")
            await _wait(stop, pause)
            pause = min(60.0, pause * 2)

    async def send_out(self, stop: asyncio.Event) -> None:
        """The outgoing scheduler."""
        pace = Pace(self._settings.limits, self._times.monotonic, is_group, chat_of)
        out = Out(self._api, self._turns, self._settings.public_url)
        await Outgoing(self._turns.desk.database, CHANNEL, out, pace, self._times).run(stop)

    async def keep_topics(self, stop: asyncio.Event) -> None:
        """The topics of the staff groups."""
        if self._topics is not None:
            await keep_topics(self._api, self._topics, stop, self._turns.desk.clock)

    def work_off(self, stop: threading.Event) -> None:
        """The worker."""
        self._worker.run(stop)

    def fetch_photos(self, stop: threading.Event) -> None:
        """Photos that could not be fetched at once."""
        while not stop.wait(PHOTOS_S):
            try:
                self.channel.photos.retry()
            except Exception:
                log.exception("photos_failed")


class _Roles:
    """What the process that holds the lease does."""

    def __init__(self, service: TelegramService) -> None:
        self._service = service
        self._stop, self._ended = asyncio.Event(), threading.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._threads = [
            threading.Thread(target=work, args=(self._ended,), daemon=True) for work in (service.work_off, service.fetch_photos)
        ]

    def start(self) -> None:
        service = self._service
        self._tasks = [asyncio.create_task(work(self._stop)) for work in (service.take_in, service.send_out, service.keep_topics)]
        for thread in self._threads:
            thread.start()

    async def stop(self) -> None:
        self._ended.set()
        self._service.wake()
        self._stop.set()
        self._tasks[0].cancel()  # a long poll: nothing it brings is confirmed
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for thread in self._threads:
            await asyncio.to_thread(thread.join, 5.0)


def _after(found: list[dict[str, object]]) -> int | None:
    """The offset that confirms this batch: after its last update, as the server ordered them."""
    last = found[-1].get("update_id")
    return last + 1 if isinstance(last, int) else None


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
