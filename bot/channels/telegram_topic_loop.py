"""Asks the messenger for topics, and to close and open them; what it refuses is asked again, ever less often."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from telegram.error import TelegramError

from bot.channels.telegram_api import TelegramApi, ending_of
from bot.channels.telegram_topics import TopicDesk, TopicJob

log = structlog.get_logger(__name__)
ROUND_S = 1.0


async def keep_topics(api: TelegramApi, desk: TopicDesk, stop: asyncio.Event, clock: Callable[[], datetime]) -> None:
    """One round after another until `stop`. A new topic whose answer was lost is asked for again: an empty one may be left behind."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(desk.look, clock())
            for job in await asyncio.to_thread(desk.jobs, clock()):
                if stop.is_set():
                    return
                await _do(api, desk, job, clock)
        except Exception:  # a database that is away must not end it
            log.exception("topics_failed")
        try:
            await asyncio.wait_for(stop.wait(), ROUND_S)
        except TimeoutError:
            continue


async def _do(api: TelegramApi, desk: TopicDesk, job: TopicJob, clock: Callable[[], datetime]) -> None:
    try:
        if job.what == "make":
            thread = await api.make_topic(job.group, job.name)
            await asyncio.to_thread(desk.made, job, thread, clock())
            return
        await (api.close_topic if job.what == "close" else api.reopen_topic)(job.group, job.thread)
        await asyncio.to_thread(desk.settled, job)
    except TelegramError as error:
        ending = ending_of(error)
        log.warning("topic_refused", what=job.what, why=ending.why, remedy="the group needs topics, and the bot the right to manage them")
        await asyncio.to_thread(desk.failed, job, ending.after, clock())
