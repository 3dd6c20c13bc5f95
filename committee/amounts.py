"""The numbers of a vote as people say them: 850户, 10万平, 两万三, 三分之二, 72%, each with its place in the sentence."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from understanding.numerals import numeral

Dimension = Literal["heads", "area"]

_CHINESE = "零〇一二两三四五六七八九十百千"
_MIXED = rf"\d[千百][\d{_CHINESE}]*"  # 5千, 2千5, 3百二十
_PLAIN = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|{_MIXED}|\d+(?:\.\d+)?|[{_CHINESE}]+)"
# 两万三 and 7万5 mean the next smaller scale; 七万二千 spells it out.
_NUMBER = rf"(?P<high>{_PLAIN})?(?P<scale>[万w亿])(?P<low>{_MIXED}|[{_CHINESE}]+|\d{{1,4}}(?!\d))?|(?P<plain>{_PLAIN})"
_UNIT = r"(?P<unit>户业主|家业主|位业主|个业主|名业主|户|家|票|张票|张|个人|人|平方米|平方|平米|平|㎡|m2|m²|方|亩|%)?"
_FRACTION = (
    rf"(?P<denominator>[{_CHINESE}]+)分之(?P<numerator>[{_CHINESE}]+|\d+(?:\.\d+)?)|(?P<over>\d+)/(?P<under>\d+)|(?P<half>一半)"
    r"|(?P<tenths>[一二三四五六七八九1-9])成(?![立员功为本交分])"
)
AMOUNT = re.compile(
    rf"(?P<about>约|大概|大约|差不多|将近|近|快)?(?:{_FRACTION}|(?:百分之(?P<percent>{_PLAIN}))|(?:{_NUMBER}))"
    rf"(?P<more>多|来(?!了)|几|左右)?\s*{_UNIT}(?P<more_after>左右|多)?"
)
# A number before one of these is no count of votes: 3号楼, 2单元, 11个委员, 5月, 15天, 第三次.
_OTHER = re.compile(
    r"\s*(号|楼|栋|幢|单元|室|层|期|月|日|年|天|点|分钟|小时|届|条|项|次|元|块钱|万元"
    r"|个委员|名委员|位委员|个候选|名候选|位候选|个小区|个月|部电梯|台|个车位)"
)
_BEFORE_OTHER = re.compile(r"(第|选|选出|选了)$")
# 一家有三套房, 名下两间铺面: what one owner has, no count of households.
_OF_ONE = re.compile(r"\s*(套|间|处|个房本|个本|本)")
_FEW = 20
_EACH = re.compile(r"(每|平均|户均|人均|每家|每户|每套|一户|一家)$")  # 每户100平 is of one unit

SQUARE_METRES = dict.fromkeys(("平方米", "平方", "平米", "平", "㎡", "m2", "m²", "方"), Fraction(1)) | {"亩": Fraction(2000, 3)}
SPELLED = str.maketrans("0123456789", "零一二三四五六七八九")
HEADS = {"户业主", "家业主", "位业主", "个业主", "名业主", "户", "家", "票", "张票", "张", "个人", "人"}


@dataclass(frozen=True)
class Amount:
    """One number: `value` counts households or square metres, or is a share 0..1 when `is_share`; `dimension` None without a unit."""

    value: Fraction
    dimension: Dimension | None
    is_share: bool
    about: bool
    start: int
    end: int


def amounts(text: str) -> list[Amount]:
    """Every number of the sentence that may be a count or a share of votes, in order."""
    found = []
    for match in AMOUNT.finditer(text):
        if _OTHER.match(text, match.end()) and not match["unit"]:
            continue
        if _OF_ONE.match(text, match.end()) and not match["unit"] and _is_few(match):
            continue
        if _BEFORE_OTHER.search(text[max(0, match.start() - 2) : match.start()]) and not match["unit"]:
            continue
        if _EACH.search(text[max(0, match.start() - 3) : match.start()]) or _is_mere_word(text, match):
            continue
        value = _share(match) if _is_share(match) else _count(match)
        if value is None:
            continue
        is_share = _is_share(match) or match["unit"] == "%"
        if match["unit"] == "%":
            value = value / 100
        elif match["unit"] in SQUARE_METRES:
            value = value * SQUARE_METRES[match["unit"]]
        about = bool(match["about"] or match["more"] or match["more_after"])
        found.append(Amount(value, _dimension(match["unit"]), is_share, about, match.start(), match.end()))
    return found


def _is_few(match: re.Match[str]) -> bool:
    value = _count(match) if match["plain"] else None
    return value is not None and value < _FEW


def _is_mere_word(text: str, match: re.Match[str]) -> bool:
    """一共, 一起, 一个人: one Chinese numeral without a unit is a part of a word, no count."""
    plain = match["plain"]
    if not plain or plain.isascii() or len(plain) > 1:
        return False
    return not match["unit"] or (plain == "一" and text[match.end("plain") : match.end("plain") + 1] in {"方", "人", "个"})


def _is_share(match: re.Match[str]) -> bool:
    return any(match[name] for name in ("denominator", "over", "half", "percent", "tenths"))


def _share(match: re.Match[str]) -> Fraction | None:
    if match["half"]:
        return Fraction(1, 2)
    if match["tenths"]:
        tenths = _decimal(match["tenths"])
        return tenths / 10 if tenths is not None else None
    if match["percent"]:
        value = _decimal(match["percent"])
        return value / 100 if value is not None else None
    top, bottom = (match["numerator"], match["denominator"]) if match["denominator"] else (match["over"], match["under"])
    numerator, denominator = _decimal(top), _decimal(bottom)
    if numerator is None or not denominator or numerator > denominator:
        return None
    return numerator / denominator


def _count(match: re.Match[str]) -> Fraction | None:
    if match["plain"]:
        return _decimal(match["plain"])
    high = _decimal(match["high"]) if match["high"] else None
    if high is None:
        return None
    scale = 100_000_000 if match["scale"] == "亿" else 10_000
    return high * scale + _low(match["low"], scale)


def _low(words: str | None, scale: int) -> Fraction:
    """What follows 万: 两万三 → 3,000; 七万二千 → 2,000; 1万2 → 2,000; 1万2000 → 2,000."""
    value = _decimal(words) if words else None
    if value is None or words is None:
        return Fraction(0)
    if len(words) == 1 and value < 10:
        return value * (scale // 10)
    return value


def _decimal(words: str) -> Fraction | None:
    plain = words.replace(",", "")
    try:
        return Fraction(plain)
    except ValueError:
        said = numeral(plain.translate(SPELLED) if not plain.isascii() else plain)
        return Fraction(said) if said is not None else None


def _dimension(unit: str | None) -> Dimension | None:
    if unit in SQUARE_METRES:
        return "area"
    return "heads" if unit in HEADS else None
