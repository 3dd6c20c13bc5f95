"""Telegram's updates become rows before they are acknowledged; a repeat finds its row, an odd shape is kept and skipped.

Nothing here knows python-telegram-bot: an update is stored as it came (without the person's data unless the deployment allows it),
so that a shape the library does not know cannot stop the intake.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.masking import mask
from storage.models import ChannelUpdateRow

CHANNEL = "telegram"
KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
PERSONAL_KEYS = frozenset({"first_name", "last_name", "username", "phone_number", "vcard", "title", "author_signature", "bio"})
TEXT_KEYS = frozenset({"text", "caption"})
ROOM = re.compile(r"(?<=单元)\s?\d{3,4}(?!\d)|(?<![\dA-Za-z])\d{3,4}(?=\s?[室户房])|(?<=\d[-－]\d[-－])\d{3,4}(?!\d)")
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class IntakeRule:
    """How updates are stored: `personal` keeps phones, rooms and names (the deployment said so); `settle` lets disordered posts arrive.

    `staff`: addresses of the office's groups; what operators write there goes to residents as it is, only names are left out.
    """

    personal: bool = False
    settle: timedelta = timedelta(0)
    staff: frozenset[str] = frozenset()


def store_updates(session: Session, bodies: Sequence[Any], rule: IntakeRule, now: datetime) -> int:
    """Store each update once in the caller's transaction; gives how many were new."""
    if not bodies:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [_row(body, rule, now) for body in bodies]
    added = 0
    for row in rows:  # one by one: a batch of polling may hold the same update twice
        once = insert(ChannelUpdateRow).values(**row).on_conflict_do_nothing(index_elements=["channel", "update_key"])
        added += len(session.execute(once.returning(ChannelUpdateRow.id)).all())
    return added


def unreadable(raw: bytes) -> dict[str, Any]:
    """What is stored of a body that is no JSON object."""
    return {"unreadable": raw[:2000].decode("utf-8", "replace")}


def _row(given: Any, rule: IntakeRule, now: datetime) -> dict[str, Any]:
    body = clean(given) if isinstance(given, dict) else {"unreadable": str(given)[:2000]}
    whole = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    update_id = _number(body.get("update_id")) or 0
    kind = next((k for k in KINDS if isinstance(body.get(k), dict)), _other(body))
    inner = body.get(kind) if kind in KINDS else None
    part: dict[str, Any] = inner if isinstance(inner, dict) else {}
    chat = chat_id(part)
    usable = kind in KINDS and chat is not None
    return {
        "channel": CHANNEL,
        "update_key": f"{update_id}-{hashlib.sha256(whole.encode()).hexdigest()[:24]}",
        "update_id": update_id,
        "address": str(chat) if chat is not None else "",
        "kind": kind[:30],
        "album": str(part["media_group_id"])[:80] if part.get("media_group_id") else None,
        "message_ref": _number(part.get("message_id")),
        "body": body if rule.personal else without_person(body, hide=str(chat) not in rule.staff),
        "state": "pending" if usable else "dead",
        "attempts": 0,
        "ready_at": now + rule.settle,
        "note": None if usable else "skipped: odd shape",
        "received_at": now,
        "done_at": None if usable else now,
    }


def _other(body: dict[str, Any]) -> str:
    return next((str(key) for key in body if key != "update_id"), "nothing")


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST else None


def chat_id(part: dict[str, Any]) -> int | None:
    """The chat an update belongs to; of a tapped button whose message is gone, the one who tapped."""
    message = part.get("message")
    for holder in (part.get("chat"), message.get("chat") if isinstance(message, dict) else None, part.get("from")):
        if isinstance(holder, dict) and _number(holder.get("id")) is not None:
            return _number(holder["id"])
    return None


def clean(value: Any) -> Any:
    """`value` without NUL and lone surrogates, which a database refuses; numbers beyond 64 bits become words."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {clean(str(key)): clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [clean(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        return str(value)[:40]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def without_person(value: Any, *, hide: bool = True) -> Any:
    """An update without names and phones; numbers and rooms in its words are starred unless `hide` is off, a location is rounded to
    some 100 metres."""
    if isinstance(value, list):
        return [without_person(inner, hide=hide) for inner in value]
    if not isinstance(value, dict):
        return value
    return {key: _plain(key, inner, hide) for key, inner in value.items() if key not in PERSONAL_KEYS}


def _plain(key: str, value: Any, hide: bool) -> Any:
    if key in TEXT_KEYS and isinstance(value, str):
        return hide_rooms(mask(value)) if hide else value
    if key in {"latitude", "longitude"} and isinstance(value, float):
        return round(value, 3)
    return without_person(value, hide=hide)


def hide_rooms(text: str) -> str:
    """The room of an address starred: 3号楼2单元502 -> 3号楼2单元***."""
    return ROOM.sub(lambda match: re.sub(r"\d", "*", match.group()), text)


def texts_of(rows: Iterable[ChannelUpdateRow]) -> list[str]:
    """The words of several parts of one album, in order, without repeats."""
    found = [str(row.body.get("message", {}).get("caption") or "") for row in rows]
    return [text for text in dict.fromkeys(found) if text]
