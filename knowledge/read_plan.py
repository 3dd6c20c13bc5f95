"""From the raw text of a plan to its lines: page furniture dropped, white space put right, not one word changed."""

import re

from knowledge.plan import squeezed

_BETWEEN_LATIN = re.compile(r"(?<=[A-Za-z])\s+(?=[A-Za-z])")
_SPACE = re.compile(r"[ \t\u3000\u00a0\f\r]+")


def _line(raw: str) -> str:
    """One line without white space, except a single space between Latin words."""
    kept = _BETWEEN_LATIN.sub("\0", raw)
    return _SPACE.sub("", kept).replace("\0", " ").strip()


def read_plan(raw: str, furniture: tuple[str, ...] = ()) -> list[str]:
    """The lines of a plan that carry text. `furniture` lists lines repeated on each page (compared without white space)."""
    dropped = {squeezed(f) for f in furniture}
    lines = (_line(line) for line in raw.replace("\f", "\n").split("\n"))
    return [line for line in lines if line and squeezed(line) not in dropped]
