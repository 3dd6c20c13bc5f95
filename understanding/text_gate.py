"""The one gate every message passes before anything reads it (design rule 6); the raw text is kept elsewhere, untouched."""

import re
import unicodedata
from functools import cache
from typing import Protocol

from config.refusal import Refused

LONGEST = 1_000  # characters understood; the whole message stays the description
_LOOKED_AT = 4_000  # characters looked at before invisible ones are dropped
_COMBINING_RUN = 4  # marks kept on one letter: NFKC sorts a run of marks in quadratic time

_SPACES = "\t\n\v\f\r\x85\u2028\u2029"
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5\u180b\u180c\u180d\ufffc\ufffd"
_VARIATION = "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
_HIDDEN = re.compile(f"[{_FILLERS}{_VARIATION}]")
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
_BLANKS = re.compile(r"\s+")
_LEADING = re.compile(r"^[\s/\\]+")


class _Converter(Protocol):
    def convert(self, text: str, /) -> str: ...


@cache
def _converter() -> _Converter:
    from opencc import OpenCC

    converter: _Converter = OpenCC("t2s")
    return converter


def clean(raw: str | bytes) -> str:
    """The message as every reader sees it: NFKC, nothing invisible, one line, no leading `/`, simplified, at most 1,000 characters.

    Refused when the bytes are not UTF-8 or the text holds half a surrogate pair. May be empty (stickers, only invisible characters).
    """
    text = _strict(raw)[:_LOOKED_AT]
    text = unicodedata.normalize("NFKC", _limit_marks(_drop_hidden(text)))[:_LOOKED_AT]
    text = _BLANKS.sub(" ", _drop_hidden(text)).strip()
    text = _LEADING.sub("", text)
    return simplified(text[:LONGEST]).strip()[:LONGEST]


def simplified(text: str) -> str:
    """The text in simplified characters; anything else unchanged."""
    return _converter().convert(text) if _HAN.search(text) else text


def _strict(raw: str | bytes) -> str:
    try:
        if isinstance(raw, bytes):
            return raw.decode("utf-8", errors="strict")
        raw.encode("utf-8", errors="strict")
    except UnicodeError as fault:
        raise Refused("文字里有损坏的字符，无法读取", "请重新输入后再发送", code="bad_text") from fault
    return raw


def _drop_hidden(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for character in _HIDDEN.sub("", text):
        if character in _SPACES:
            kept.append(" ")
        elif unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}:
            kept.append(character)
    return "".join(kept)


def _limit_marks(text: str) -> str:
    if not any(map(unicodedata.combining, text)):
        return text
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _COMBINING_RUN:
            kept.append(character)
    return "".join(kept)
