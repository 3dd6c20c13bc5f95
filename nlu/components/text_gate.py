"""The text gate: every message and every training sentence goes through `clean` before anything looks at it."""

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

LONGEST = 1000  # characters understood; a 200,000-character message stalls Rasa for minutes
MANY = 64 * LONGEST  # nothing behind this many raw characters is even looked at
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # controls, zero-width and bidi, lone surrogates, private use, unassigned
SELECTORS = {chr(c) for c in (*range(0xFE00, 0xFE10), 0x3164, 0x115F, 0x1160, 0xFFA0)}


@lru_cache(maxsize=1)
def _to_simplified() -> Callable[[str], str]:
    try:
        from opencc import OpenCC
    except ImportError:  # no wheel for this platform: traditional script is then understood less well, never wrongly
        return str
    converter: Any = OpenCC("t2s")
    return lambda text: str(converter.convert(text))


def clean(raw: str) -> str:
    """The message as the pipeline sees it: at most 1,000 characters, perhaps empty.

    Order: NFKC, invisible characters dropped (line breaks and tabs become spaces), spaces joined and trimmed, leading `/` removed (Rasa
    runs text that begins with it as an intent), traditional script to simplified.
    """
    text = unicodedata.normalize("NFKC", raw[:MANY])
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or _visible(c))
    text = " ".join(text.split())[:LONGEST].lstrip("/ ").rstrip()
    return _to_simplified()(text)


@lru_cache(maxsize=8192)
def _visible(character: str) -> bool:
    return unicodedata.category(character) not in INVISIBLE and character not in SELECTORS
