"""The numbers a sentence says, so that code can prove that an answer says none its quotation does not hold."""

import re
import unicodedata

_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_HAN = "零〇一二两三四五六七八九十百千半"
_VALUE = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_STEP = {"十": 10, "百": 100, "千": 1000}
_RUN = re.compile(f"[{_HAN}]+")
_TIME = "年|个月|月|天|日|小时|分钟|星期|周|次"
_MANY = _HAN.replace("一", "").replace("半", "")
_COUNTED = "个|家|部|元|万|倍|成|级|星|户|项|条|人|名|种|类|支|处|遍|回"
_SAID = re.compile(f"(?:([{_HAN}]+)(?={_TIME}))|(?:([{_MANY}][{_HAN}]*)(?={_COUNTED}))")


def _value(run: str) -> str | None:
    """A run of Chinese numerals as digits (十五 → 15, 半 → 0.5), None when it is no number."""
    if run == "半":
        return "0.5"
    if "半" in run:
        return None
    if not any(c in _STEP for c in run):
        return str(int("".join(str(_VALUE[c]) for c in run)))
    total, here = 0, 0
    for c in run:
        if c in _STEP:
            total, here = total + (here or 1) * _STEP[c], 0
        else:
            here = _VALUE[c]
    return str(total + here)


def _plain(digits: str) -> str:
    """Digits without leading zeros or an empty fraction."""
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


def numbers_held(text: str) -> set[str]:
    """Every number a quotation holds, in digits, Chinese numerals included whatever follows them."""
    clean = unicodedata.normalize("NFKC", text)
    held = {_plain(d) for d in _DIGITS.findall(clean)}
    return held | {value for run in _RUN.findall(clean) if (value := _value(run)) is not None}


def numbers_said(text: str) -> list[str]:
    """The numbers a sentence states, in digits: all digits, and Chinese numerals before a unit (三年, 半小时; not 一个, 一下)."""
    clean = unicodedata.normalize("NFKC", text)
    said = [_plain(d) for d in _DIGITS.findall(clean)]
    for found in _SAID.finditer(clean):
        value = _value(found[1] or found[2])
        if value is not None:
            said.append(value)
    return said


def unsupported_numbers(statement: str, quote: str) -> list[str]:
    """The numbers of a statement that its quotation does not hold; empty when the statement may be said."""
    held = numbers_held(quote)
    return [number for number in numbers_said(statement) if number not in held]
