"""Conversation locks: whoever waits is woken at once, in order of arrival. The stock lock looks again once a second."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockError, LockStore

LONGEST_WAIT_S = 60.0


class ConversationLocks(LockStore):
    """One asyncio lock per conversation, forgotten when nobody holds or awaits it; for one process."""

    def __init__(self, endpoint_config: Any = None) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LONGEST_WAIT_S, wait_time_in_seconds: float = 0
    ) -> AsyncGenerator[TicketLock, None]:
        """Holds the conversation; raises LockError after waiting `lock_lifetime` seconds."""
        lock, holders = self._locks.get(conversation_id, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[conversation_id] = (lock, holders + 1)
        try:
            try:
                await asyncio.wait_for(lock.acquire(), lock_lifetime)
            except asyncio.TimeoutError as late:
                raise LockError(f"conversation is busy for more than {lock_lifetime} s") from late
            try:
                yield TicketLock(conversation_id)
            finally:
                lock.release()
        finally:
            _, holders = self._locks[conversation_id]
            if holders == 1:
                del self._locks[conversation_id]
            else:
                self._locks[conversation_id] = (lock, holders - 1)

    def get_lock(self, conversation_id: str) -> TicketLock | None:
        """Never a ticket lock: ours are held in memory."""
        return None

    def delete_lock(self, conversation_id: str) -> None:
        """Nothing to delete."""

    def save_lock(self, lock: TicketLock) -> None:
        """Nothing to save."""
