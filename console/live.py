"""News for the open pages: every change of a ticket and every word of a resident in scope, told as Server-Sent Events."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from threading import Lock

from anyio import to_thread
from sqlalchemy import select

from console.access import Viewer
from console.scope import sees
from storage.database import Database
from storage.models import MessageRow, TicketEventRow, TicketRow
from tickets.ticket import OPEN_STATES

PAUSE_S = 1.0
RECENT = 300
STREAM_S = 3600.0
CHECK_EVERY_S = 10.0
QUIET_S = 15.0


@dataclass(frozen=True)
class News:
    """Something that happened to a ticket; `key` is unique, `event` the history's name or `said`."""

    key: str
    number: str
    region: str
    community: str | None
    kind: str
    category: str
    event: str
    urgent: bool


class LiveFeed:
    """The newest changes of the whole database, read at most once a second however many pages are open.

    Seen changes are remembered by key and looked up, never by a high-water mark: rows can appear out of order.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._read_at = float("-inf")
        self._news: tuple[News, ...] = ()

    def recent(self) -> tuple[News, ...]:
        """The newest changes, oldest first, then the newest words of residents."""
        with self._lock:
            if time.monotonic() - self._read_at >= PAUSE_S * 0.9:
                self._news = self._read()
                self._read_at = time.monotonic()
            return self._news

    def _read(self) -> tuple[News, ...]:
        about = (TicketRow.number, TicketRow.region, TicketRow.community, TicketRow.kind, TicketRow.category, TicketRow.urgent)
        changes = select(TicketEventRow.id, TicketEventRow.event, *about).join(TicketRow, TicketRow.id == TicketEventRow.ticket_id)
        said = (
            select(MessageRow.id, *about)
            .join(TicketRow, TicketRow.conversation_id == MessageRow.conversation_id)
            .where(MessageRow.author == "resident", TicketRow.state.in_(OPEN_STATES))
        )
        with self._database.read() as session:
            events = session.execute(changes.order_by(TicketEventRow.id.desc()).limit(RECENT)).all()
            words = session.execute(said.order_by(MessageRow.id.desc()).limit(RECENT)).all()
        changed = [News(f"e{e.id}", e.number, e.region, e.community, e.kind, e.category, e.event, e.urgent) for e in reversed(events)]
        spoken = [
            News(f"m{m.id}-{m.number}", m.number, m.region, m.community, m.kind, m.category, "said", m.urgent) for m in reversed(words)
        ]
        return (*changed, *spoken)


@dataclass(frozen=True)
class Listener:
    """An open page: who looks, whether he still may (asked every ten seconds), whether the browser has gone."""

    viewer: Viewer
    still_allowed: Callable[[], bool]


async def stream(feed: LiveFeed, listener: Listener) -> AsyncIterator[str]:
    """The events of one page, from now on; ends when the session ends, after an hour at the latest (the browser comes back)."""
    sent = {news.key for news in await to_thread.run_sync(feed.recent)}
    yield "retry: 2000\nevent: ready\ndata: {}\n\n"
    quiet = lived = checked = 0.0
    while lived < STREAM_S:
        await asyncio.sleep(PAUSE_S)
        lived, checked, quiet = lived + PAUSE_S, checked + PAUSE_S, quiet + PAUSE_S
        if checked >= CHECK_EVERY_S:
            checked = 0.0
            if not await to_thread.run_sync(listener.still_allowed):
                yield "event: signed-out\ndata: {}\n\n"
                return
        recent = await to_thread.run_sync(feed.recent)
        for news in recent:
            if news.key not in sent and sees(listener.viewer, news.region, news.community, news.kind, news.category):
                quiet = 0.0
                yield told(listener.viewer, news)
        sent |= {news.key for news in recent}
        if quiet >= QUIET_S:
            quiet = 0.0
            yield ": still here\n\n"


def told(viewer: Viewer, news: News) -> str:
    """One event as the stream carries it. It names the ticket and what happened, never what was said."""
    data = {"number": news.number, "event": news.event, "urgent": news.urgent, "kind": news.kind}
    if news.event == "said" and viewer.walled(news.kind):
        return ": not for this side\n\n"
    return f"event: ticket\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
