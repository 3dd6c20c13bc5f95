"""What is said, as Telegram takes it: plain text in pieces of at most 4096 UTF-16 units, sources as lines, buttons under the last piece."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from bot.deliveries import Taken
from bot.outgoing import Parcel
from config.words import Words

LONGEST = 4096
KEPT_FREE = 60  # for the mark of a repeat
ENDS = "。！？；!?;\n"
SOFT = "，、：,: 　"
NUMBER = re.compile(r"LD\d{11}")
JOINER = "\u200d"


def units(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, longest: int = LONGEST - KEPT_FREE) -> list[str]:
    """`text` in pieces of at most `longest` UTF-16 units, cut at ends of sentences where there are any; never inside a character."""
    pieces: list[str] = []
    rest = text.strip()
    while units(rest) > longest:
        cut = _cut(rest, longest)
        piece = rest[:cut].rstrip()
        if piece:
            pieces.append(piece)
        rest = rest[cut:].lstrip("\n ")
    return [*pieces, rest] if rest or not pieces else pieces


def _cut(text: str, longest: int) -> int:
    """Where to cut: after the last end of a sentence in the later half, else after a comma, else between two whole characters."""
    fits = used = 0
    for char in text:
        used += 2 if ord(char) > 0xFFFF else 1
        if used > longest:
            break
        fits += 1
    for marks in (ENDS, SOFT):
        where = max(text.rfind(mark, fits // 2, fits) for mark in marks)
        if where > 0:
            return where + 1
    while fits > 1 and _joined(text, fits):
        fits -= 1
    return fits if fits > 1 else longest // 2


def _joined(text: str, place: int) -> bool:
    """Whether the character at `place` belongs to the one before it (combining, variation, joiner, skin tone, half a flag)."""
    here, before = text[place], text[place - 1]
    flags = 0x1F1E6 <= ord(here) <= 0x1F1FF and 0x1F1E6 <= ord(before) <= 0x1F1FF
    return bool(unicodedata.combining(here)) or here in {JOINER, "\ufe0f", "\u20e3"} or before == JOINER or flags or _tone(here)


def _tone(char: str) -> bool:
    return 0x1F3FB <= ord(char) <= 0x1F3FF


def citation_lines(words: Words, citations: Sequence[dict[str, Any]]) -> list[str]:
    """Each source once: title, number, clause, standing; what binds only elsewhere is said to."""
    lines = []
    for one in citations:
        number = words("tg_source_number", number=one["doc_number"]) if one.get("doc_number") else ""
        standing = "" if one["status"] == "in_force" else words(f"tg_source_{one['status']}")
        other = "" if one["binding"] else words("tg_source_elsewhere")
        lines.append(words("tg_source", title=one["title"], number=number, clause=one["clause"], standing=standing, elsewhere=other))
    return list(dict.fromkeys(lines))


def whole_text(words: Words, taken: Taken, public_url: str) -> str:
    """The message with its speaker, sources and document as plain lines."""
    body = taken.body
    lines = [str(body.get("text") or "")]
    if taken.author == "operator" and taken.author_name:
        lines[0] = words("tg_operator_says", name=taken.author_name, text=lines[0])
    lines += citation_lines(words, body.get("citations") or [])
    document = body.get("document")
    if document:
        url = str(document.get("url", ""))
        lines.append(words("tg_document", title=document.get("title", ""), url=f"{public_url}{url}" if url.startswith("/") else url))
    return "\n".join(line for line in lines if line)


def parcels(taken: Taken, public_url: str, allowed: Callable[[str], bool]) -> list[Parcel]:
    """The pieces of a message; a repeat is marked 重发 with its ticket. `allowed`: which buttons may be shown in this chat."""
    words = Words()
    text = whole_text(words, taken, public_url)
    pieces = split(text) or [""]
    choices = [] if taken.note == "plain" else taken.body.get("choices") or []
    buttons = tuple((str(c["title"])[:60], str(c["choice"])) for c in choices if allowed(str(c["choice"])))
    if taken.repeats:
        number = NUMBER.search(text)
        mark = words("tg_again_ticket", number=number.group()) if number else words("tg_again")
        place = min(taken.parts_done, len(pieces) - 1)
        pieces[place] = f"{mark}\n{pieces[place]}"
    last = len(pieces) - 1
    return [Parcel(taken.address, piece or "…", buttons if place == last else ()) for place, piece in enumerate(pieces)]
