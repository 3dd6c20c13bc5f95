"""A ticket's card in a staff group: number, category, place and matter as the firewall allows, and the button that claims it."""

import secrets
from datetime import datetime, timedelta, timezone

from sqlalchemy.orm import Session

from bot.channels.telegram_office import Office
from config.categories import categories
from config.words import Words
from storage.models import ChoiceRow, StaffTopicRow, TicketRow
from tickets.ticket import ticket_record

LONGEST = 600
BEIJING = timezone(timedelta(hours=8))


def topic_name(row: TicketRow) -> str:
    """LD26112000012 电梯故障"""
    return f"{'‼ ' if row.urgent else ''}{row.number} {_category(row)}"


def card(session: Session, topic: StaffTopicRow, row: TicketRow, office: Office, now: datetime) -> tuple[str, list[tuple[str, str]]]:
    """The card's words and its button, whose token stands for this topic alone."""
    words = Words()
    record = ticket_record(session, row, audience="queue")
    place = record["place"] if office.rooms else {**record["place"], "room": None}
    named = {key: words(f"place_{key}", **{key: place[key]}) for key in ("building", "unit", "room") if place.get(key)}
    where = [place.get("community"), named.get("building"), named.get("unit"), named.get("room"), place.get("spot")]
    lines = [
        words("tg_staff_card", number=row.number, category=_category(row), kind=words(f"kind_{row.kind}")),
        words("tg_staff_place", place="".join(str(part) for part in where if part) or words("tg_staff_nowhere")),
        words("tg_staff_matter", text=str(record["description"])[:LONGEST]),
    ]
    due = [clock["due_at"] for clock in record["clocks"] if clock["due_at"] and clock["state"] == "running"]
    if due:
        local = datetime.fromisoformat(min(due)).astimezone(BEIJING)
        lines.append(words("tg_staff_due", due=f"{local:%m-%d %H:%M}"))
    lines.append(words("tg_staff_how"))
    token = f"st-{secrets.token_urlsafe(18)}"
    meaning = {"do": "staff_claim", "topic": topic.id, "title": words("tg_staff_claim")}
    session.add(ChoiceRow(token=token, conversation_id=topic.conversation_id, meaning=meaning, made_at=now))
    return "\n".join(lines), [(words("tg_staff_claim"), token)]


def _category(row: TicketRow) -> str:
    known = categories().get(row.category)
    return Words()("kind_handoff") if row.kind == "handoff" or known is None else known.title
