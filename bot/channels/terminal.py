"""The terminal channel: the whole way without a network, for `linda chat` and for tests."""

import uuid
from typing import Any

from sqlalchemy import select

from bot.conversations import NewConversation, message_record, open_conversation
from bot.message import Incoming
from bot.turn import TurnDesk
from config.refusal import Refused
from storage.models import MessageRow
from storage.personal_data import PersonalData


class TerminalChannel:
    """One conversation held in this process."""

    def __init__(self, turns: TurnDesk, region: str | None, people: PersonalData, *, property_form: str | None = None) -> None:
        if region is not None and region not in turns.desk.parts.regions:
            raise Refused(f"没有 {region} 这个地区", "用 donghe、ejinhoro、nmg 或 minle")
        self._turns = turns
        self._people = people
        self._seen: set[int] = set()
        with turns.desk.database.write() as session:
            row, _ = open_conversation(session, NewConversation("terminal", region, property_form), turns.desk.clock())
            self.conversation_id = row.id

    def say(self, text: str | None, choice: str | None = None) -> dict[str, Any]:
        """One message and its Turn."""
        return self._turns.take(self.conversation_id, Incoming(uuid.uuid4().hex, text, choice))

    def news(self) -> list[dict[str, Any]]:
        """What operators and notices said since the last call."""
        with self._turns.desk.database.read() as session:
            rows = session.scalars(
                select(MessageRow)
                .where(MessageRow.conversation_id == self.conversation_id, MessageRow.author.in_(("operator", "notice")))
                .order_by(MessageRow.id)
            )
            fresh = [message_record(row) for row in rows if row.id not in self._seen]
        self._seen |= {message["id"] for message in fresh}
        return fresh
