"""Messages without a delivery are found a stretch at a time: new ones at once, a burst one after another, a late address by the sweep."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.conversations import NewConversation, open_conversation
from bot.deliveries import make_deliveries
from bot.undelivered import NEWEST, RECENT_EVERY_S, STRETCH, WHOLE, Stretch, Sweep, undelivered
from storage.database import Database
from storage.models import ConversationRow, MessageRow


def say(session: Session, conversation: str, count: int, at: datetime) -> None:
    body = {"kind": "text", "text": "x", "choices": [], "citations": []}
    session.add_all([MessageRow(conversation_id=conversation, author="linda", body=body, said_at=at) for _ in range(count)])
    session.flush()


def chat(session: Session, address: str | None, at: datetime) -> str:
    return open_conversation(session, NewConversation("telegram", channel_address=address), at)[0].id


def a_round(database: Database, sweep: Sweep, now: datetime, tick: float) -> int:
    """What one round finds; it gets its deliveries."""
    with database.write() as session:
        found = sorted({one for where in sweep.next(session, now, tick) for one in undelivered(session, "telegram", where)})
        return make_deliveries(session, "telegram", found, now)


def test_a_burst_is_found_stretch_by_stretch_without_waiting_for_the_sweep(database: Database, now: datetime) -> None:
    sweep = Sweep()
    with database.write() as session:
        talk = chat(session, "1", now)
        say(session, talk, 1, now)
    assert a_round(database, sweep, now, 0.0) == 1
    with database.write() as session:
        say(session, talk, 2 * STRETCH, now)
    found = [a_round(database, sweep, now, 0.2 * number) for number in range(1, 4)]
    assert sum(found) == 2 * STRETCH and max(found) <= 2 * STRETCH


def test_a_late_commit_with_a_lower_id_is_found(database: Database, now: datetime) -> None:
    sweep = Sweep()
    with database.write() as session:
        talk, web = chat(session, "1", now), open_conversation(session, NewConversation("web"), now)[0].id
        say(session, web, NEWEST, now)
    assert a_round(database, sweep, now, 0.0) == 0
    with database.write() as session:
        late = MessageRow(id=10**6, conversation_id=web, author="linda", body={"text": "x"}, said_at=now)
        session.add(late)
    assert a_round(database, sweep, now, 0.2) == 0
    with database.write() as session:
        session.add(MessageRow(id=10**6 - 3, conversation_id=talk, author="linda", body={"text": "x"}, said_at=now))
    assert a_round(database, sweep, now, 0.4) == 1


def test_an_address_that_comes_late_is_found_by_the_sweep_and_a_day_ago_at_the_start(database: Database, now: datetime) -> None:
    sweep = Sweep()
    with database.write() as session:
        topic = chat(session, None, now)
        say(session, topic, 1, now)
        other = chat(session, "2", now)
        say(session, other, NEWEST + 5, now)
    a_round(database, sweep, now, 0.0)
    with database.write() as session:
        session.get_one(ConversationRow, topic).channel_address = "1"
    assert a_round(database, sweep, now, 0.2) == 0
    assert a_round(database, sweep, now, RECENT_EVERY_S + 0.1) == 1
    with database.write() as session:
        say(session, topic, 1, now - WHOLE / 2)
        say(session, other, NEWEST + 5, now - WHOLE - timedelta(hours=1))
    assert a_round(database, Sweep(), now, 0.0) == NEWEST + 6


def test_no_look_joins_or_reads_beyond_its_stretch(database: Database, now: datetime) -> None:
    """PostgreSQL took five seconds to join an hour's messages with ten thousand conversations."""
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement.lower())

    with database.write() as session:
        say(session, chat(session, "1", now), 3, now)
    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        with database.read() as session:
            assert len(undelivered(session, "telegram", Stretch(0, STRETCH))) == 3
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    assert asked and not [statement for statement in asked if " join " in statement or "exists" in statement]
