"""The only place that knows rasa_sdk: our decisions as Rasa custom actions, run by its ActionExecutor behind our own route."""

from collections.abc import Callable
from typing import Any

from anyio import to_thread
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from rasa_sdk.interfaces import ActionNotFoundException

NAMES = (
    "action_ask_policy", "action_report", "action_emergency", "action_inform", "action_correct", "action_affirm", "action_deny",
    "action_cancel", "action_follow_up", "action_guide", "action_vote", "action_human", "action_smalltalk", "action_out_of_scope",
    "action_default_fallback",
)  # fmt: skip
Decide = Callable[[str, dict[str, float]], bool]  # turn id, probability of each intent


class _DecideAction(Action):  # type: ignore[misc]  # rasa_sdk has no types
    """One action name of nlu/capabilities/*/domain.yml; all of them decide the turn named in the message's metadata."""

    def __init__(self, name: str, decide: Decide) -> None:
        self._name = name
        self._decide = decide

    def name(self) -> str:
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        message = tracker.latest_message or {}
        turn_id = (message.get("metadata") or {}).get("turn_id")
        heard = [message.get("intent") or {}, *(message.get("intent_ranking") or [])]
        intents = {i["name"]: float(i["confidence"]) for i in heard if i.get("name") not in {None, "", "nlu_fallback"}}
        if turn_id:
            await to_thread.run_sync(self._decide, str(turn_id), intents)
        return []


class ActionDesk:
    """Runs Rasa's action calls; `decide` is bot.turn's, handed in by the entry point."""

    def __init__(self, decide: Decide) -> None:
        self._executor = ActionExecutor()
        for name in NAMES:
            self._executor.register_action(_DecideAction(name, decide))

    async def run(self, call: dict[str, Any]) -> dict[str, Any]:
        """One action call of Rasa (its JSON) → {"events", "responses"}; an unknown action is KeyError."""
        try:
            result = await self._executor.run(call)
        except ActionNotFoundException as error:
            raise KeyError(str(error)) from error
        return result if isinstance(result, dict) else dict(result or {"events": [], "responses": []})
