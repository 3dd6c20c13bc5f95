"""Hides telephone, identity and bank card numbers in free text, however they are written; everything else stays as it is."""

import re
import unicodedata
from collections.abc import Iterable

SPOKEN = ("零〇○", "一壹幺", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
CHINESE_DIGITS = {char: digit for digit, chars in enumerate(SPOKEN) for char in chars}
# Characters people put between the digits of one number: blanks, dashes, dots.
BETWEEN = " \t\u00a0\u2002\u2003\u2009\u202f\u3000-\u2010\u2011\u2012\u2013\u2014\u2212－_.·•・"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\ufe0f\u20e3\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u00ad"
OTHER = dict(zip("＋（），、ＸｘX×ＬＤLD", "+(),,xxxxldld", strict=True))

TICKET = re.compile(r"(?<![a-z0-9])ld[ ]?\d{11}(?!\d)")
_S = "[ ]{0,3}"  # up to three separators between two digits (BETWEEN and INVISIBLE become a blank)
_PREFIX = rf"(?:\(?(?:\+{_S}|00)?86\)?{_S}|0{_S})?"
PLAIN = (
    # 11-digit mobile numbers in any grouping, with or without +86 or a leading 0
    re.compile(rf"(?<![\d]){_PREFIX}1{_S}[3-9](?:{_S}\d){{9}}(?!\d)"),
    re.compile(r"(?<!\d)1[3-9]\d,\d{4},\d{4}(?!\d)"),
    # identity numbers: 18 places with a believable birth date, in any grouping
    re.compile(
        rf"(?<!\d)[1-8](?:{_S}\d){{5}}{_S}(?:1{_S}9|2{_S}0)(?:{_S}\d){{2}}{_S}(?:0{_S}[1-9]|1{_S}[0-2])"
        rf"{_S}[0-3]{_S}\d(?:{_S}\d){{3}}{_S}[\dx](?!\d)"
    ),
    # landlines with area code
    re.compile(rf"(?<!\d)\(?0{_S}(?:1{_S}0|2{_S}\d|[3-9]{_S}\d{_S}\d){_S}\)?{_S}[2-9](?:{_S}\d){{6,7}}(?!\d)"),
    # landlines without, when the words before say that it is one
    re.compile(
        r"(?:电话|座机|手机|号码|联系|拨打|致电|来电|打给)[^\d]{0,6}"
        r"(?!20[0-4]\d[01]\d[0-3]\d(?!\d))(?P<only>[2-9]\d{2,3}[ ]?\d{4})(?!\d)"
    ),
)
CARD = re.compile(rf"(?<!\d)[3-69](?:{_S}\d){{14,18}}(?!\d)")
LONG = re.compile(r"(?<!\d)\d{12,}x?(?!\d)|(?<!\d)\d{11}(?=x)")
STAMP = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d{3})?)?")
SPOKEN_PHONE = re.compile(rf"{_PREFIX}1{_S}[3-9](?:{_S}\d){{9}}|1[3-9]\d,\d{{4}},\d{{4}}")
SPOKEN_LONG = re.compile(rf"\d(?:{_S}\d){{11,19}}x?")
SPOKEN_LANDLINE = re.compile(rf"0{_S}(?:1{_S}0|2{_S}\d|[3-9]{_S}\d{_S}\d){_S}[2-9](?:{_S}\d){{6,7}}")


def _one(char: str) -> str:
    """The character as the patterns see it; always exactly one, so that positions stay."""
    if char in INVISIBLE or char in BETWEEN:
        return " "
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    return OTHER.get(char, char)


def _luhn(digits: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_card(match: re.Match[str]) -> bool:
    """A grouped number only counts as a card when it looks like one: room lists are grouped in fours too."""
    digits = re.sub(r"\D", "", match.group())
    return digits.startswith("62") or _luhn(digits)


def _spans_of_plain(plain: str) -> Iterable[tuple[int, int]]:
    for pattern in PLAIN:
        for match in pattern.finditer(plain):
            yield match.span("only") if "only" in pattern.groupindex else match.span()
    for match in CARD.finditer(plain):
        if _is_card(match):
            yield match.span()
    for match in LONG.finditer(plain):
        if not STAMP.fullmatch(match.group()):
            yield match.span()


def _spans_of_spoken(text: str, plain: str) -> Iterable[tuple[int, int]]:
    """Numbers written wholly or partly in Chinese digits. No word boundary there: 周一一三八… has none."""
    wide = "".join(str(CHINESE_DIGITS[c]) if c in CHINESE_DIGITS else p for c, p in zip(text, plain, strict=True))
    for pattern, enough in ((SPOKEN_PHONE, 3), (SPOKEN_LONG, 8), (SPOKEN_LANDLINE, 3)):
        for match in pattern.finditer(wide):
            spoken = sum(c in CHINESE_DIGITS for c in text[match.start() : match.end()])
            around = wide[max(0, match.start() - 1) : match.start()] + wide[match.end() : match.end() + 1]
            alone = enough == 3 and not any(map(str.isdigit, around))
            if spoken >= enough or (spoken and alone):
                yield match.span()


def mask(text: str) -> str:
    """`text` with every digit of a phone, identity or bank card number replaced by `*`, length kept.

    Knows spaced, dashed, full-width and Chinese digits (一三八…). Ticket numbers (LD and 11 digits), dates, amounts, rooms and
    short service numbers stay. Masking twice changes nothing. Linear in the length of the text.
    """
    plain = "".join(map(_one, text))
    plain = TICKET.sub(lambda match: re.sub(r"\d", "#", match.group()), plain)
    hidden, left = list(text), list(plain)

    def hide(start: int, end: int) -> None:
        for place in range(start, end):
            if plain[place].isdigit() or text[place] in CHINESE_DIGITS or (plain[place] == "x" and place == end - 1):
                hidden[place] = left[place] = "*"

    for span in _spans_of_plain(plain):
        hide(*span)
    for span in _spans_of_spoken("".join(hidden), "".join(left)):
        hide(*span)
    return "".join(hidden)
