"""Telephone numbers in a cleaned message: mobile, landline, short public numbers; spaced, hyphened or spoken."""

import re

from understanding.numerals import DIGITS

_GAP = r"[\s\-·.]{0,2}"
_D = "[0-9零〇一幺二两三四五六七八九]"
_ONE = "[1一幺]"
_MOBILE = re.compile(rf"(?<!{_D})(?<![A-Za-z])(?:\+?86{_GAP})?({_ONE}{_GAP}[3-9三四五六七八九](?:{_GAP}{_D}){{9}})(?!{_D})")
_LANDLINE = re.compile(rf"(?<!{_D})(?<![A-Za-z])(\(?[0零]{_D}{{2,3}}\)?{_GAP}[2-9二三四五六七八九]{_D}{{6,7}})(?!{_D})")
_LOCAL = re.compile(rf"(?:座机|固话|固定电话|电话|打)(?:号码?)?[是:,\s]{{0,3}}([2-9二三四五六七八九]{_D}{{6,7}})(?!{_D})")
_SERVICE = re.compile(rf"(?<!{_D})([48]00{_GAP}[0-9]{{3,4}}{_GAP}[0-9]{{3,4}})(?!{_D})")
_SPAN = re.compile(r"[\s\-·.()]")

PATTERNS = (_MOBILE, _LANDLINE, _LOCAL, _SERVICE)


def phone_spans(text: str) -> list[tuple[int, int, str]]:
    """(start, end, digits) of each number, in order, none overlapping."""
    found: list[tuple[int, int, str]] = []
    for pattern in PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span(1)
            if all(end <= other or start >= stop for other, stop, _ in found):
                found.append((start, end, "".join(DIGITS.get(c, c) for c in _SPAN.sub("", match[1]))))
    return sorted(found)


def find_phones(text: str) -> tuple[str, ...]:
    """The numbers in ASCII digits without gaps, in order, each once; landlines with their area code where said."""
    return tuple(dict.fromkeys(digits for _, _, digits in phone_spans(text)))
