"""The one place that knows python-telegram-bot: its transport, types and errors become plain values here.

Updates are fetched raw over its HTTPXRequest, because an update its types do not know must not stop the intake. Sending uses plain
`Bot`, without its AIORateLimiter: that one stops everybody when one chat is told to wait; `bot.outgoing` waits for that chat alone.
"""

import logging
import os
from collections.abc import Awaitable, Sequence
from typing import Any

import httpx
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import HTTPXRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.channels.telegram_groups import chat_of, thread_of
from bot.channels.telegram_update import Me
from bot.outgoing import Ending, Parcel

os.environ.setdefault("PTB_TIMEDELTA", "true")  # retry_after as a timedelta, without a warning at each 429
for _name in ("httpx", "httpcore", "telegram"):  # below WARNING they print the address, and the token is part of it
    logging.getLogger(_name).setLevel(logging.WARNING)

ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
BUTTONS_IN_ROW = 2
SHORT_TITLE = 8
GONE = (
    "chat not found",
    "user is deactivated",
    "peer_id_invalid",
    "have no rights",
    "not enough rights",
    "bot was kicked",
    "user not found",
    "thread not found",  # a topic somebody deleted
    "topic_deleted",
)


class TelegramApi:
    """One bot at one server. Every method but `send` raises TelegramError when the server is away or refuses."""

    def __init__(self, token: str, base_url: str, *, poll_s: int = 25) -> None:
        base = base_url.rstrip("/")
        self.poll_s = poll_s
        # A proxy of the environment is the only way out in many places, but never the way to this machine.
        direct: dict[str, Any] = {"trust_env": not base.startswith(("http://127.", "http://localhost", "http://[::1]"))}
        self._polling = HTTPXRequest(1, read_timeout=poll_s + 10.0, pool_timeout=None, httpx_kwargs=direct)
        sending = HTTPXRequest(48, read_timeout=15.0, write_timeout=15.0, pool_timeout=10.0, httpx_kwargs=direct)
        own_poll = HTTPXRequest(1, httpx_kwargs=direct)
        self.bot = Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=sending, get_updates_request=own_poll)
        self._address = f"{base}/bot{token}"

    async def open(self) -> None:
        """Make the connections; nothing is sent yet."""
        await self._polling.initialize()
        await self.bot.request.initialize()

    async def close(self) -> None:
        """Give the connections back."""
        await self._polling.shutdown()
        await self.bot.request.shutdown()

    async def me(self) -> Me:
        """Who the bot is."""
        user = await self.bot.get_me()
        return Me(user.id, user.username or "")

    async def updates(self, offset: int | None) -> list[dict[str, Any]]:
        """What waits at the server, raw; `offset` confirms all before it."""
        wanted: dict[str, Any] = {"timeout": self.poll_s, "limit": 100, "allowed_updates": list(ALLOWED), "offset": offset}
        data = RequestData([RequestParameter.from_input(key, value) for key, value in wanted.items() if value is not None])
        found = await self._polling.post(f"{self._address}/getUpdates", data)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    async def use_polling(self) -> None:
        """Take the webhook off; what waits stays (`drop_pending_updates` is never used)."""
        await self.bot.delete_webhook(drop_pending_updates=False)

    async def use_webhook(self, url: str, secret: str) -> None:
        """Have updates posted to `url` with the secret in their header."""
        await self.bot.set_webhook(url, secret_token=secret, allowed_updates=list(ALLOWED), max_connections=10, drop_pending_updates=False)

    async def show_commands(self, commands: Sequence[tuple[str, str]], language: str | None) -> None:
        """The menu of commands (name, words), of one language or for everybody else."""
        await self.bot.set_my_commands([BotCommand(name, words) for name, words in commands], language_code=language)

    async def answer_tap(self, callback: str, words: str = "") -> None:
        """Stop the waiting sign on a tapped button, with `words` for who tapped it; it does not matter when that fails."""
        try:
            await self.bot.answer_callback_query(callback, words[:200] or None, show_alert=bool(words))
        except TelegramError:
            return

    async def fetch(self, file_ref: str) -> bytes:
        """A file's bytes."""
        found = await self.bot.get_file(file_ref)
        return bytes(await found.download_as_bytearray())

    async def make_topic(self, group: str, name: str) -> int:
        """A new topic of a group with topics; gives its number."""
        return (await self.bot.create_forum_topic(group, name[:128])).message_thread_id

    async def close_topic(self, group: str, thread: int) -> None:
        """Close a topic; one that is closed or gone already is fine."""
        await _already(self.bot.close_forum_topic(group, thread))

    async def reopen_topic(self, group: str, thread: int) -> None:
        """Open a closed topic again; one that is open is fine."""
        await _already(self.bot.reopen_forum_topic(group, thread))

    async def send(self, parcel: Parcel) -> Ending:
        """Send one piece as plain text: no parse mode, so nobody's words can become markup or break the sending."""
        try:
            await self.bot.send_message(
                chat_of(parcel.address),
                parcel.text,
                reply_markup=_keyboard(parcel),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                message_thread_id=thread_of(parcel.address),
            )
        except TelegramError as error:
            return ending_of(error)
        except (TypeError, KeyError, ValueError, OverflowError):  # it was taken; only the answer has a shape the library does not know
            return Ending("sent", "odd answer")
        return Ending("sent")


async def _already(call: Awaitable[bool]) -> None:
    try:
        await call
    except BadRequest as error:
        if not any(words in str(error).lower() for words in ("not_modified", "thread not found", "topic_id_invalid", "topic_deleted")):
            raise


def _keyboard(parcel: Parcel) -> InlineKeyboardMarkup | None:
    rows: list[list[InlineKeyboardButton]] = []
    for title, token in parcel.buttons:
        button = InlineKeyboardButton(title, callback_data=token)
        fits = rows and len(rows[-1]) < BUTTONS_IN_ROW and len(title) <= SHORT_TITLE and len(rows[-1][-1].text) <= SHORT_TITLE
        if fits:
            rows[-1].append(button)
        else:
            rows.append([button])
    return InlineKeyboardMarkup(rows) if rows else None


def ending_of(error: TelegramError) -> Ending:
    """What an error of sending says about the message: whether it arrived, never will, or nobody knows."""
    why = f"{type(error).__name__}: {error}"[:200]
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return Ending("too_fast", why, after=float(wait.total_seconds() if not isinstance(wait, int) else wait))
    if isinstance(error, ChatMigrated):
        return Ending("moved", why, address=str(error.new_chat_id))
    if isinstance(error, Forbidden) or (isinstance(error, BadRequest) and any(words in str(error).lower() for words in GONE)):
        return Ending("blocked", why)
    if isinstance(error, BadRequest):
        return Ending("wrong", why)
    if isinstance(error, InvalidToken):
        return Ending("not_sent", why, after=30.0)
    if isinstance(error, NetworkError | TimedOut):
        cause = error.__cause__
        if isinstance(cause, NEVER_SENT):
            return Ending("not_sent", why, after=1.0)
        return Ending("lost", why) if isinstance(cause, httpx.HTTPError) else Ending("busy", why, after=1.0)
    return Ending("lost", why)  # an answer that is no JSON
