"""In a group the assistant answers questions of policy when it is addressed; everything of a person goes to the private chat."""

from typing import Any

from sqlalchemy.orm import Session

from actions.emergency import PHONES
from bot.channels.telegram_update import Said
from bot.inbox import accept
from bot.message import Incoming
from bot.turn import TurnDesk
from config.words import Words
from storage.models import ChoiceRow, ConversationRow

SURE = 0.3
OPEN_CHOICES = {"region"}  # what a button in a group may stand for


def group_choice(session: Session, token: str) -> bool:
    """Whether a button may be shown and tapped in a group."""
    row = session.get(ChoiceRow, token)
    return row is not None and row.meaning.get("do") in OPEN_CHOICES


def is_group(address: str) -> bool:
    """Telegram's groups have negative ids."""
    return address.startswith("-")


def topic_address(group: str, thread: int) -> str:
    """A topic of a group as an address of its own: -1001234#56."""
    return f"{group}#{thread}"


def chat_of(address: str) -> str:
    """The chat a topic is in; a chat is its own. Telegram's limits hold for the chat."""
    return address.partition("#")[0]


def thread_of(address: str) -> int | None:
    """The topic's number; None for a whole chat."""
    _, mark, thread = address.partition("#")
    return int(thread) if mark else None


class GroupTalk:
    """Decides what is answered in a group. `link` leads to the private chat."""

    def __init__(self, turns: TurnDesk, link: str) -> None:
        self._turns, self._link = turns, link

    def emergency(self, said: Said) -> str | None:
        """The safety line for everybody when the words tell of danger, without a ticket's number; else None."""
        reading = self._turns.desk.reader.read(said.text, None)
        if reading.emergency is None:
            return None
        category = self._turns.desk.parts.categories[reading.emergency.category]
        phones = PHONES[reading.emergency.category]
        return Words()("tg_group_emergency", first_line=category.first_line, phones=phones, link=self._link)

    def is_policy(self, said: Said, conversation: ConversationRow) -> bool:
        """Whether it is a question of policy that holds no person's data."""
        if said.what != "text" or not said.text.strip():
            return False
        reading = self._turns.desk.reader.read(said.text, conversation.region)
        intent, confidence = self._turns.desk.judge_intent(reading, {})
        return intent == "ask_policy" and confidence >= SURE and not reading.phones and reading.place.room is None

    def answer_policy(self, conversation_id: str, message: Incoming) -> dict[str, Any] | None:
        """Decide the message as a question of policy, whatever else could be heard in it: a group never begins a report."""
        desk = self._turns.desk
        with desk.database.write() as session:
            shown = {"text": message.text or "", "attachments": []}
            accepted = accept(session, conversation_id, message, desk.clock(), shown)
        if accepted.result is None:
            self._turns.decide_as(accepted.turn_id, "ask_policy")
        return accepted.result

    def private_words(self) -> str:
        """The short reply to everything else."""
        return Words()("tg_group_private", link=self._link)
