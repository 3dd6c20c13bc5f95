"""Wrong characters of the same sound that people dictate and type, put right before classification (never in what is stored)."""

import re
from functools import cache
from pathlib import Path

from config.yaml_text import read_yaml

_FILE = Path(__file__).resolve().parent / "spelling.yml"


@cache
def _mended() -> tuple[dict[str, str], re.Pattern[str]]:
    data = read_yaml(_FILE.read_text(encoding="utf-8"))
    meant = {str(wrong): str(right) for right, wrongs in data.items() for wrong in wrongs}
    return meant, re.compile("|".join(sorted(map(re.escape, meant), key=len, reverse=True)))


_DIGIT = re.compile(r"[0-9]+")


def mended(text: str) -> str:
    """The text as it was meant, lower case."""
    meant, wrong = _mended()
    return wrong.sub(lambda match: meant[match[0]], text.lower())


def folded(text: str) -> str:
    """The mended text with each number reduced to its length (502 → 000), as the classifiers see it."""
    return _DIGIT.sub(lambda match: "0" * min(len(match[0]), 5), mended(text))
