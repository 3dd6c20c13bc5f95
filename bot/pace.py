"""How fast a messenger may be sent to: all together, one chat, one group; and which chat was told to wait."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

KEPT = 20_000
LONGEST_PAUSE_S = 5.0  # one send that finds nobody costs nothing; the first that arrives frees all others


@dataclass(frozen=True)
class Limits:
    """Sends allowed: in any second in all, seconds between two to one chat, in any minute to one group."""

    overall: int = 25
    chat_gap_s: float = 1.02  # from the end of one send to the beginning of the next
    group_a_minute: int = 18


class Pace:
    """Tells how long a send has to wait, and remembers those made. `monotonic` in seconds; `is_group` knows a group by its address.

    `chat_of` gives the chat an address belongs to: the topics of one group share its limits.
    """

    def __init__(
        self,
        limits: Limits,
        monotonic: Callable[[], float],
        is_group: Callable[[str], bool],
        chat_of: Callable[[str], str] = lambda address: address,
    ) -> None:
        self._limits, self._monotonic, self._is_group, self.chat_of = limits, monotonic, is_group, chat_of
        self._all: deque[float] = deque(maxlen=limits.overall)
        self._chats: dict[str, float] = {}
        self._groups: dict[str, deque[float]] = {}
        self._everybody_until = 0.0
        self._under_way = 0
        self._failures = 0  # in a row, those of one moment counted once
        self._failed_at = float("-inf")

    def room(self) -> int:
        """How many sends may begin now, whatever the chat.

        A send counts until a second after its end: only so is the limit kept at the server, however long each was on its way there.
        """
        now = self._monotonic()
        if now < self._everybody_until:
            return 0
        if self._failures:
            return 1 - self._under_way
        recent = sum(1 for at in self._all if now - at < 1.0)
        return self._limits.overall - recent - self._under_way

    def wait(self, address: str) -> float:
        """Seconds until this chat may be sent to; 0.0 when now."""
        now, address = self._monotonic(), self.chat_of(address)
        wait = max(0.0, self._chats.get(address, 0.0) - now)
        group = self._groups.get(address)
        if group is not None and len(group) == group.maxlen:
            wait = max(wait, group[0] + 60.0 - now)
        return wait

    def spend(self, address: str) -> None:
        """A send begins."""
        now, address = self._monotonic(), self.chat_of(address)
        self._under_way += 1
        self._forget(now)
        if self._is_group(address):
            self._groups.setdefault(address, deque(maxlen=self._limits.group_a_minute)).append(now)

    def ended(self, address: str) -> None:
        """A send ended, however; the chat rests from now on."""
        now, address = self._monotonic(), self.chat_of(address)
        self._under_way -= 1
        self._all.append(now)
        self._chats[address] = max(self._chats.get(address, 0.0), now + self._limits.chat_gap_s)

    def pause(self, address: str, seconds: float) -> None:
        """This chat alone waits (429)."""
        address = self.chat_of(address)
        self._chats[address] = max(self._chats.get(address, 0.0), self._monotonic() + seconds)

    def unreached(self, began: float) -> bool:
        """A send begun at `began` found nobody: one at a time from now on, ever more seldom. False when it had begun before the last
        that failed and so tells nothing new: thirty sends cut off by one moment are one failure."""
        if began < self._failed_at:
            return False
        self._failed_at = self._monotonic()
        self._failures += 1
        if self._failures > 1:
            self._everybody_until = self._failed_at + min(LONGEST_PAUSE_S, 0.25 * 2 ** min(self._failures, 7))
        return True

    def reached(self) -> None:
        """A send arrived, or was refused by somebody: the messenger is there."""
        self._failures, self._everybody_until = 0, 0.0

    def _forget(self, now: float) -> None:
        if len(self._chats) > KEPT:
            self._chats = {address: until for address, until in self._chats.items() if until > now}
            self._groups = {address: times for address, times in self._groups.items() if times and now - times[-1] < 60.0}
