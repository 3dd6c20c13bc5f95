"""Between the channel's threads and the bot's loop: calls of the worker, and the way out of the scheduler."""

import asyncio
from concurrent.futures import CancelledError

from bot.channels.telegram_api import TelegramApi
from bot.channels.telegram_groups import group_choice, is_group, thread_of
from bot.channels.telegram_text import parcels
from bot.channels.telegram_update import Me
from bot.deliveries import Taken
from bot.outgoing import Ending, Parcel
from bot.turn import TurnDesk


class Line:
    """The bot's calls from worker threads."""

    def __init__(self, api: TelegramApi, loop: asyncio.AbstractEventLoop) -> None:
        self._api, self._loop = api, loop
        self.known: Me | None = None

    def me(self) -> Me | None:
        """Who the bot is; None while the server has not said."""
        return self.known

    def fetch(self, file_ref: str, seconds: float) -> bytes:
        """A file's bytes; TimeoutError after `seconds`."""
        task = asyncio.run_coroutine_threadsafe(self._api.fetch(file_ref), self._loop)
        try:
            return task.result(seconds)
        except (TimeoutError, CancelledError):
            task.cancel()
            raise

    def tap(self, callback: str, words: str = "") -> None:
        """Stop the waiting sign, with `words` for who tapped."""
        asyncio.run_coroutine_threadsafe(self._api.answer_tap(callback, words), self._loop)


class Out:
    """The way out for `bot.outgoing`."""

    def __init__(self, api: TelegramApi, turns: TurnDesk, public_url: str) -> None:
        self._api, self._turns, self._public_url = api, turns, public_url

    async def send(self, parcel: Parcel) -> Ending:
        """Send one piece."""
        return await self._api.send(parcel)

    def parcels(self, taken: Taken) -> list[Parcel]:
        """The pieces of a message; in a residents' group only with the buttons everybody may tap."""
        to_residents = is_group(taken.address) and thread_of(taken.address) is None
        return parcels(taken, self._public_url, self._open if to_residents else (lambda _token: True))

    def _open(self, token: str) -> bool:
        with self._turns.desk.database.read() as session:
            return group_choice(session, token)
