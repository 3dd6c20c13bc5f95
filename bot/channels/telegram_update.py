"""Reads one stored update: who says what, in which chat. Shapes it does not know become `other`, never an exception."""

from dataclasses import dataclass
from typing import Any, Literal

What = Literal[
    "text", "command", "choice", "photo", "location", "contact", "edit", "blocked", "unblocked", "migrated", "unreadable", "nothing"
]
UNREADABLE = (
    "voice", "audio", "video", "video_note", "sticker", "animation", "document", "poll", "dice", "venue", "game", "story",
    "checklist", "paid_media",
)  # fmt: skip
GONE = {"kicked", "left"}
MOST_BYTES = 15 * 1024 * 1024


@dataclass(frozen=True)
class Said:
    """One update as the channel works with it. `argument`: of a command the words after it, of a choice its token, else a file or number.

    `addressed`: in a group, whether the words are meant for the bot (it was named, answered or commanded).
    """

    what: What
    chat: int
    private: bool
    sender: int | None = None
    locale: str = "zh-CN"
    text: str = ""
    argument: str = ""
    callback: str = ""
    addressed: bool = True
    position: tuple[float, float] | None = None


@dataclass(frozen=True)
class Me:
    """The bot itself, as getMe says."""

    id: int
    username: str


def read_update(kind: str, body: dict[str, Any], me: Me) -> Said:
    """What the update of `kind` says; `nothing` for all that needs no answer."""
    part = _record(body.get(kind))
    if kind == "callback_query":
        return _choice(part)
    if kind == "my_chat_member":
        return _membership(part)
    if kind in {"message", "edited_message"}:
        return _message(part, me, edited=kind == "edited_message")
    return Said("nothing", 0, private=False)


def _record(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _choice(part: dict[str, Any]) -> Said:
    message, sender = _record(part.get("message")), _record(part.get("from"))
    chat = _record(message.get("chat")) or {"id": sender.get("id"), "type": "private"}
    token = part.get("data")
    return Said(
        "choice" if isinstance(token, str) and token else "nothing",
        _id(chat.get("id")),
        private=chat.get("type", "private") == "private",
        sender=_id(sender.get("id")) or None,
        locale=_locale(sender),
        argument=str(token or "")[:40],  # ours are shorter: a longer one is found nowhere
        callback=str(part.get("id") or ""),
    )


def _membership(part: dict[str, Any]) -> Said:
    chat, new = _record(part.get("chat")), _record(part.get("new_chat_member"))
    what: What = "blocked" if new.get("status") in GONE else "unblocked"
    return Said(what, _id(chat.get("id")), private=chat.get("type") == "private")


def _locale(sender: dict[str, Any]) -> str:
    """Simplified Chinese unless the person's Telegram plainly speaks another tongue."""
    tag = str(sender.get("language_code") or "zh-CN")[:20]
    return tag if tag.isascii() and tag.replace("-", "").isalnum() else "zh-CN"


def _message(part: dict[str, Any], me: Me, *, edited: bool) -> Said:
    chat, sender = _record(part.get("chat")), _record(part.get("from"))
    private = chat.get("type", "private") == "private"
    text = str(part.get("text") or part.get("caption") or "")
    what, argument, words = _kind(part, text, me)
    return Said(
        "nothing" if _machine(sender, chat) and what != "migrated" else ("edit" if edited and what != "nothing" else what),
        _id(chat.get("id")),
        private=private,
        sender=_id(sender.get("id")) or None,
        locale=_locale(sender),
        text=words,
        argument=argument,
        addressed=private or _addressed(part, text, me),
        position=_position(part),
    )


def _machine(sender: dict[str, Any], chat: dict[str, Any]) -> bool:
    return bool(sender.get("is_bot")) or chat.get("type") == "channel"


def _kind(part: dict[str, Any], text: str, me: Me) -> tuple[What, str, str]:
    """What a message is, its argument and its words."""
    if _id(part.get("migrate_to_chat_id")):
        return "migrated", str(part["migrate_to_chat_id"]), ""
    photo = photo_of(part)
    if photo:
        return "photo", photo, _unnamed(text, me)
    if _position(part):
        return "location", "", ""
    contact = _record(part.get("contact"))
    if contact:
        own = contact.get("user_id") is not None and contact.get("user_id") == _record(part.get("from")).get("id")
        return "contact", str(contact.get("phone_number") or "")[:30] if own else "", ""
    if part.get("text"):
        return _words(text, me)
    return ("unreadable" if any(key in part for key in UNREADABLE) else "nothing"), "", _unnamed(text, me)


def _words(text: str, me: Me) -> tuple[What, str, str]:
    if text.startswith("/"):
        head, _, rest = text.partition(" ")
        name, _, bot = head[1:].partition("@")
        if name.isascii() and name.replace("_", "").isalnum() and bot.lower() in {"", me.username.lower()}:
            return "command", rest.strip(), name.lower()
    return "text", "", _unnamed(text, me)


def _unnamed(text: str, me: Me) -> str:
    """The words without the name by which the bot was called."""
    mention = f"@{me.username}"
    where = text.lower().find(mention.lower()) if me.username else -1
    return text if where < 0 else f"{text[:where]}{text[where + len(mention) :]}".strip()


def _addressed(part: dict[str, Any], text: str, me: Me) -> bool:
    answered = _record(_record(part.get("reply_to_message")).get("from"))
    named = bool(me.username) and f"@{me.username}".lower() in text.lower()
    return named or _id(answered.get("id")) == me.id or (text.startswith("/") and "@" not in text.split(" ", 1)[0])


def _position(part: dict[str, Any]) -> tuple[float, float] | None:
    found = _record(part.get("location"))
    latitude, longitude = found.get("latitude"), found.get("longitude")
    if isinstance(latitude, (int, float)) and isinstance(longitude, (int, float)):
        return float(latitude), float(longitude)
    return None


def photo_of(part: dict[str, Any]) -> str:
    """The file id of the largest picture we may fetch, also of one sent as a file; empty without one."""
    sizes = part.get("photo")
    fitting = [s for s in sizes if isinstance(s, dict) and _id(s.get("file_size")) <= MOST_BYTES] if isinstance(sizes, list) else []
    if fitting:
        best = max(fitting, key=lambda s: _id(s.get("width")) * _id(s.get("height")))
        return str(best.get("file_id") or "")[:200]
    document = _record(part.get("document"))
    if str(document.get("mime_type", "")).startswith("image/") and _id(document.get("file_size")) <= MOST_BYTES:
        return str(document.get("file_id") or "")[:200]
    return ""
