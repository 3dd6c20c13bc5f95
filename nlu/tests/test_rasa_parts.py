import asyncio
from typing import Any

import pytest
import yaml
from rasa.core.actions.action import RemoteAction
from rasa.core.lock_store import LockError
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException

from components.classifier import says_something
from components.lock_store import ConversationLocks
from components.tracker_store import BoundedTrackers
from train import HERE


def test_the_validator_takes_what_rasa_takes_and_refuses_the_rest() -> None:
    action = RemoteAction("action_x", None)
    assert action._validate_action_result({"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"text": "好"}]})
    assert action._validate_action_result({})
    for odd in ({"events": "x"}, {"responses": "x"}, {"events": [{"name": "no event"}]}, None, [], "x"):
        with pytest.raises(RasaException) as refusal:
            action._validate_action_result(odd)
        assert len(str(refusal.value)) < 400


def test_locks_keep_the_order_of_arrival_and_are_forgotten() -> None:
    async def turns() -> list[int]:
        locks, served = ConversationLocks(), []

        async def turn(number: int) -> None:
            async with locks.lock("one"):
                await asyncio.sleep(0.001)
                served.append(number)

        await asyncio.gather(*[turn(i) for i in range(20)])
        assert locks._locks == {}
        return served

    assert asyncio.run(turns()) == list(range(20))


def test_one_conversation_does_not_hold_up_another_and_waiting_ends() -> None:
    async def scene() -> None:
        locks = ConversationLocks()
        async with locks.lock("one"):
            async with locks.lock("two"):
                pass
            with pytest.raises(LockError):
                async with locks.lock("one", lock_lifetime=0.01):
                    pass
        assert locks._locks == {}

    asyncio.run(scene())


def test_a_failing_turn_lets_the_next_one_in() -> None:
    async def scene() -> None:
        locks = ConversationLocks()
        with pytest.raises(RuntimeError):
            async with locks.lock("one"):
                raise RuntimeError
        async with locks.lock("one", lock_lifetime=0.1):
            pass

    asyncio.run(scene())


def remembered(at_most: int) -> tuple[list[Any], list[str]]:
    async def scene() -> tuple[list[Any], list[str]]:
        store = BoundedTrackers(Domain.empty(), max_event_history=at_most, max_conversations=2)
        for sender in ("a", "b", "c"):
            tracker = await store.get_or_create_tracker(sender)
            for turn in range(50):
                for event in (UserUttered(f"{turn}"), ActionExecuted("action_x"), ActionExecuted("action_listen")):
                    tracker.update(event)
            await store.save(tracker)
        kept = await store.retrieve("c")
        assert isinstance(kept, DialogueStateTracker) and await store.retrieve("a") is None
        return list(kept.events), list(await store.keys())

    return asyncio.run(scene())


def test_trackers_are_bounded_in_both_directions() -> None:
    events, known = remembered(8)
    assert known == ["b", "c"]
    assert [getattr(e, "action_name", getattr(e, "text", None)) for e in events] == [
        "action_listen", "48", "action_x", "action_listen", "49", "action_x", "action_listen",
    ]  # fmt: skip


def test_as_configured_nothing_a_resident_said_is_kept() -> None:
    configured = yaml.safe_load((HERE / "endpoints.yml").read_text(encoding="utf-8"))["tracker_store"]["max_event_history"]
    events, _ = remembered(configured)
    assert [event.action_name for event in events] == ["action_listen"]


@pytest.mark.parametrize(("text", "expected"), [("...", False), ("?!", False), ("", False), ("3", True), ("👍", True), ("对", True)])
def test_punctuation_alone_says_nothing(text: str, expected: bool) -> None:
    assert says_something(text) is expected
