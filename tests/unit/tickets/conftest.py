"""Builders for ticket tests: a conversation, a report with usable defaults, an operator."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import ConversationRow, MessageRow, OperatorRow, TicketRow
from tickets.open_ticket import NewTicket, open_ticket
from understanding.reading import Place

OPENED = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


class Builder:
    """Makes rows in the given session; everything has a default."""

    def __init__(self) -> None:
        self.count = itertools.count(1)

    def conversation(self, session: Session, **columns: Any) -> ConversationRow:
        values = {"id": f"c{next(self.count)}", "token_hash": "x", "channel": "web", "created_at": OPENED, "seen_at": OPENED, **columns}
        row = ConversationRow(**values)
        session.add(row)
        session.flush()
        return row

    def operator(self, session: Session, **columns: Any) -> OperatorRow:
        number = next(self.count)
        values = {
            "login": f"o{number}",
            "name": f"值班员{number}",
            "password_hash": "x",
            "role": "operator",
            "created_at": OPENED,
            **columns,
        }
        row = OperatorRow(**values)
        session.add(row)
        session.flush()
        return row

    def new(self, conversation_id: str | None = None, **fields: Any) -> NewTicket:
        values: dict[str, Any] = {
            "kind": "repair",
            "category": "lighting",
            "region": "donghe",
            "property_form": None,
            "place": Place(community="和平小区", building="3", unit="2", room="502"),
            "description": "楼道灯不亮",
            "occurred": None,
            "urgent": False,
            "anonymous": False,
            "person_id": None,
            "conversation_id": conversation_id,
            "turn_id": f"t{next(self.count)}",
            **fields,
        }
        return NewTicket(**values)

    def ticket(self, session: Session, now: datetime = OPENED, **fields: Any) -> TicketRow:
        if "conversation_id" not in fields:
            fields["conversation_id"] = self.conversation(session).id
        return open_ticket(session, self.new(**fields), now)


@pytest.fixture
def build() -> Builder:
    return Builder()


@pytest.fixture
def said() -> Callable[[Session, TicketRow], list[str]]:
    """The notices in a ticket's conversation, in order."""

    def read(session: Session, row: TicketRow) -> list[str]:
        query = select(MessageRow).where(MessageRow.conversation_id == row.conversation_id, MessageRow.author == "notice")
        return [message.body["text"] for message in session.scalars(query.order_by(MessageRow.id))]

    return read
