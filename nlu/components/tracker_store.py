"""What was being said, in memory and bounded. What is true stands in the product's database."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker


def latest_turns(events: list[Event], at_most: int) -> list[Event]:
    """At most `at_most` of the newest events, beginning where a turn begins (at a listening); the last listening at least."""
    starts = [i for i, event in enumerate(events) if isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME]
    fitting = [i for i in starts if len(events) - i <= at_most]
    return events[fitting[0] :] if fitting else events[starts[-1] :] if starts else []


class BoundedTrackers(TrackerStore):
    """Keeps `max_event_history` events of each of the `max_conversations` latest conversations, as event objects."""

    def __init__(self, domain: Any = None, host: Any = None, event_broker: Any = None, url: Any = None, **settings: Any) -> None:
        self._events_kept = int(settings.get("max_event_history", 1))
        self._conversations_kept = int(settings.get("max_conversations", 5000))
        self._kept: OrderedDict[str, list[Event]] = OrderedDict()
        super().__init__(domain, event_broker)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keeps the tracker's latest turns and forgets the conversation that was silent longest."""
        self._kept[tracker.sender_id] = latest_turns(list(tracker.events), self._events_kept)
        self._kept.move_to_end(tracker.sender_id)
        while len(self._kept) > self._conversations_kept:
            self._kept.popitem(last=False)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation's tracker, None when it is not (or no longer) known."""
        events = self._kept.get(sender_id)
        if events is None:
            return None
        tracker = self.init_tracker(sender_id)
        for event in events:
            tracker.update(event)
        return tracker

    async def keys(self) -> Iterable[str]:
        """The conversations known."""
        return list(self._kept)
