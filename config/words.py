"""Every word said to people: Babel catalogues under config/locales, looked up by symbolic id, rendered at the edge."""

from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.messages.pofile import read_po

LOCALES = Path(__file__).resolve().parent / "locales"
DEFAULT = "zh_Hans"
# Babel does not negotiate BCP-47 tags to script catalogues, so the mapping is ours.
CATALOGUE_OF_TAG = {
    "zh": "zh_Hans",
    "zh-cn": "zh_Hans",
    "zh-hans": "zh_Hans",
    "zh-hans-cn": "zh_Hans",
    "zh-sg": "zh_Hans",
    "en": "en",
    "en-us": "en",
    "en-gb": "en",
}


@cache
def _catalogue(name: str) -> dict[str, str]:
    """All messages of one locale: linda.po and the parts beside it; an id that stands twice is a fault (ValueError)."""
    folder = LOCALES / name / "LC_MESSAGES"
    found: dict[str, str] = {}
    for path in sorted([*folder.glob("*.po"), *folder.glob("parts/*.po")]):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=Locale.parse(name))
        for message in catalogue:
            if not message.id or not message.string:
                continue
            if str(message.id) in found:
                raise ValueError(f"{path.name}: message id {message.id} stands twice")
            found[str(message.id)] = str(message.string)
    return found


def catalogue_name(tag: str) -> str:
    """The catalogue for a BCP-47 tag; anything unknown speaks Simplified Chinese."""
    known = CATALOGUE_OF_TAG.get(tag.lower())
    if known:
        return known
    found = negotiate_locale([tag.replace("-", "_")], [DEFAULT, "en"])
    return found or DEFAULT


class Words:
    """Speaks one locale: `words("place_unit", unit="2")`. An id without words is a bug (KeyError)."""

    def __init__(self, tag: str = "zh-CN") -> None:
        self.name = catalogue_name(tag)

    def __call__(self, message_id: str, **values: Any) -> str:
        text = _catalogue(self.name).get(message_id) or _catalogue(DEFAULT)[message_id]
        return text.format(**values) if values else text

    def has(self, message_id: str) -> bool:
        """Whether the catalogue, or the default one, has words for this id."""
        return message_id in _catalogue(self.name) or message_id in _catalogue(DEFAULT)
