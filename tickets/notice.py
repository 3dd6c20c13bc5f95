"""News of a ticket said into the conversation it came from; the news that it is done has five stars to tap below it."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.categories import categories
from config.words import Words
from storage.masking import mask
from storage.models import ChoiceRow, ConversationRow, FollowerRow, MessageRow, TicketRow
from tickets.firewall import hide_author


def tell_all(session: Session, row: TicketRow, event: str, values: dict[str, Any], now: datetime) -> None:
    """Say the news to everybody who waits for it: the author, the authors of merged tickets, and those who joined 我也遇到."""
    rows = [row, *followers(session, row)]
    for one in rows:
        say_notice(session, one, event, values, now)
    told = {one.conversation_id for one in rows}
    query = select(FollowerRow.conversation_id).where(FollowerRow.ticket_id.in_([one.id for one in rows])).order_by(FollowerRow.id)
    for conversation_id in dict.fromkeys(session.scalars(query)):
        if conversation_id not in told:
            _tell_follower(session, row, conversation_id, event, values, now)


def _tell_follower(  # noqa: PLR0913 - whom, of what
    session: Session, row: TicketRow, conversation_id: str, event: str, values: dict[str, Any], now: datetime
) -> None:
    """The same news for somebody who joined: without what was said to the author beyond what may leave the office."""
    conversation = session.get(ConversationRow, conversation_id)
    if conversation is None or conversation.erased_at is not None:
        return
    words = Words(conversation.locale)
    shown = _values(words, row, values)
    lines = [words("notice_follow_climbed" if "desk" in values else "notice_follow", **shown)]
    if values.get("text"):
        lines.append(words("notice_text", text=mask(hide_author(str(values["text"])))))
    stars = _stars(words, row) if event == "resolved" else ()
    say_into(session, conversation, "\n".join(lines), now, stars)


Button = tuple[str, dict[str, Any]]  # title and what it stands for


def star_title(words: Words, stars: int) -> str:
    """How a button shows so many stars."""
    return words("choice_stars", stars="★" * stars)


def _stars(words: Words, row: TicketRow) -> tuple[Button, ...]:
    """Five buttons to rate a ticket that is done, the best first; none otherwise."""
    if row.state != "resolved":
        return ()
    return tuple((star_title(words, n), {"do": "rate", "number": row.number, "stars": n}) for n in range(5, 0, -1))


def say_into(session: Session, conversation: ConversationRow, text: str, now: datetime, buttons: tuple[Button, ...] = ()) -> MessageRow:
    """Write a notice into a conversation, with buttons below it."""
    choices = []
    for title, meaning in buttons:
        token = secrets.token_urlsafe(12)
        session.add(ChoiceRow(token=token, conversation_id=conversation.id, meaning={**meaning, "title": title}, made_at=now))
        choices.append({"title": title, "choice": token})
    body = {"kind": "notice", "text": text, "choices": choices, "citations": []}
    message = MessageRow(conversation_id=conversation.id, author="notice", body=body, said_at=now)
    session.add(message)
    return message


def say_notice(session: Session, row: TicketRow, event: str, values: dict[str, Any], now: datetime) -> MessageRow | None:
    """Write a notice about `event` into the ticket's conversation, in its language; None when it has none or was erased.

    `values` may hold `text` (what somebody said about it) beside what the words of `notice_<event>` need.
    """
    conversation = session.get(ConversationRow, row.conversation_id) if row.conversation_id else None
    if conversation is None or conversation.erased_at is not None:
        return None
    words = Words(conversation.locale)
    lines = [words(_message(words, event, row), **_values(words, row, values))]
    if values.get("text"):
        lines.append(words("notice_text", text=values["text"]))
    stars = _stars(words, row) if event == "resolved" else ()
    return say_into(session, conversation, "\n".join(lines), now, stars)


def _message(words: Words, event: str, row: TicketRow) -> str:
    return next(m for m in (f"notice_{event}_{row.kind}", f"notice_{event}", "notice_updated") if words.has(m))


def _values(words: Words, row: TicketRow, values: dict[str, Any]) -> dict[str, Any]:
    category = categories().get(row.category)
    title = words("kind_handoff") if row.kind == "handoff" or category is None else category.title
    return {**values, "number": row.number, "category": title, "lead_unit": row.lead_unit, "state": words(f"state_{row.state}")}


def limit_words(length: timedelta) -> str:
    """A limit as people say it: 30分钟, 12小时, 15天."""
    words, minutes = Words(), int(length.total_seconds() // 60)
    if minutes < 60:
        return words("limit_minutes", count=minutes)
    if minutes <= 48 * 60:
        return words("limit_hours", count=minutes // 60)
    return words("limit_days", count=minutes // (24 * 60))


def followers(session: Session, row: TicketRow) -> list[TicketRow]:
    """The tickets merged into this one, directly or through another, oldest first: their authors hear the same news."""
    found: list[TicketRow] = []
    waiting = [row.id]
    while waiting:
        merged = list(session.scalars(select(TicketRow).where(TicketRow.merged_into.in_(waiting), TicketRow.state == "merged")))
        waiting = [one.id for one in merged if one not in found]
        found.extend(one for one in merged if one not in found)
    return sorted(found, key=lambda one: one.id)
