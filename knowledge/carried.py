"""Provisions carried over: what people have read of a plan of the folder, found again in a new text word for word but for its numbers.

A new version of a plan copies the old one, and counties copy one another. Where the words are the same, the reviewed provision is kept
with the new text's quotation and the new text's numbers, and is found as its twin is; every other sentence is read by rule.
"""

import re
from collections.abc import Iterable, Iterator

from knowledge.numbers import numbers_held, unsupported_numbers
from knowledge.plan import Plan, squeezed
from knowledge.provisions import Provision, Value, faults_against

_HAN = "一二两三四五六七八九十百千半"
_UNIT = "个?工作日|个?小时|分钟|个月|周岁|年|月|天|日|周|%|％|个百分点|亿元|万元|元|次|部|处|套|户|家|名|人|分|台|件|项|倍"
_NUMBER = re.compile(rf"\d+(?:\.\d+)?(?:{_UNIT})?|[{_HAN}]+(?:个?工作日|个?小时|分钟|个月|天|日|周|年|次)")
_ANY_NUMBER = f"({_NUMBER.pattern})"
_TELLING = 6  # characters: a shorter run of words is no proof of a copy
_COVERED = 0.6  # share of a longer sentence that a carried quotation must be to stand for it
Swaps = dict[str, str]


def carried(plan: Plan, known: Iterable[Provision]) -> list[Provision]:
    """The provisions of `known` that the plan's text repeats, in the order of its text; each is borne by it (`faults_against`)."""
    found: list[tuple[int, Provision]] = []
    said: set[tuple[str, str]] = set()
    for one in known:
        for at, quote in _copies(squeezed(one.quote), plan.plain):
            made = _renewed(one, plan, quote, f"c{len(found) + 1}")
            if made and (made.quote, made.answer) not in said and not faults_against(plan, made):
                said.add((made.quote, made.answer))
                found.append((at, made))
                break
    return [made for _, made in sorted(found, key=lambda pair: pair[0])]


def beside(carried_over: list[Provision], by_rule: list[Provision]) -> list[Provision]:
    """Both together: of those found by rule, what a carried one says already is left out."""
    quotes = [squeezed(p.quote) for p in carried_over]
    return [*carried_over, *(p for p in by_rule if not _is_said(squeezed(p.quote), quotes))]


def _is_said(quote: str, quotes: list[str]) -> bool:
    return any(quote in other or (other in quote and len(other) >= _COVERED * len(quote)) for other in quotes)


def _copies(quote: str, text: str) -> Iterator[tuple[int, str]]:
    """Where the text holds the quotation, whatever its numbers: place and words."""
    pieces = _NUMBER.split(quote)
    longest = max(pieces, key=len)
    if len(longest) < _TELLING or longest not in text:
        return
    pattern = re.compile(_ANY_NUMBER.join(map(re.escape, pieces)))
    same = text.find(quote)
    if same >= 0:
        yield same, quote
    yield from ((m.start(), m[0]) for m in pattern.finditer(text))


def _renewed(one: Provision, plan: Plan, quote: str, name: str) -> Provision | None:
    """The provision as the new text has it; None when its answer cannot be told from the new numbers."""
    swaps = _swaps(squeezed(one.quote), quote)
    clause = plan.clause_at(quote, one.clause)
    if swaps is None or clause is None:
        return None
    changed = {old: new for old, new in swaps.items() if old != new}
    answer = _swapped(one.answer, changed)
    told = set(_NUMBER.findall(answer))
    if unsupported_numbers(answer, quote) or (changed and not told <= set(_NUMBER.findall(quote))):
        answer = quote.strip("，,。；;")  # 半小时 said as 30分钟 must not outlive a change to 20分钟
    changes = {
        "plan": plan.id, "id": name, "clause": clause, "quote": quote, "answer": answer, "twin": one.key,
        "year": _year(one.year, changed, plan),
        "values": one.values if not changed else tuple(_values(one.values, changed, quote)),
        "asks": tuple(_swapped(a, changed) for a in one.asks),
        "questions": one.questions[:1],
        "lead_units": tuple(u for u in one.lead_units if squeezed(u) in plan.plain),
        "support_units": tuple(u for u in one.support_units if squeezed(u) in plan.plain),
    }  # fmt: skip
    return one.model_copy(update=changes)


def _swaps(old: str, new: str) -> Swaps | None:
    """Which number became which; None when one number became two."""
    swaps: Swaps = {}
    for before, after in zip(_NUMBER.findall(old), _matched(old, new), strict=True):
        if swaps.setdefault(before, after) != after:
            return None
    return swaps


def _matched(old: str, new: str) -> list[str]:
    found = re.fullmatch(_ANY_NUMBER.join(map(re.escape, _NUMBER.split(old))), new)
    return list(found.groups()) if found else []


def _swapped(text: str, changed: Swaps) -> str:
    """The text with each number that changed exchanged, longest first and each once."""
    if not changed:
        return text
    olds = "|".join(map(re.escape, sorted(changed, key=len, reverse=True)))
    return re.sub(rf"(?<![\d.])(?:{olds})(?!\d)", lambda m: changed[m[0]], text)


def _year(year: int | None, changed: Swaps, plan: Plan) -> int | None:
    """The year a rule is for, as the new text has it; None when it no longer names that year."""
    if year is None:
        return None
    new = changed.get(f"{year}年") or changed.get(str(year)) or str(year)
    return int(new.rstrip("年")) if new in plan.plain and re.fullmatch(r"20\d\d年?", new) else None


def _values(values: tuple[Value, ...], changed: Swaps, quote: str) -> Iterator[Value]:
    """The values whose number is known in the new text."""
    held = numbers_held(quote)
    for value in values:
        number = re.match(r"\d+(?:\.\d+)?", new := _swapped(f"{value.value}{value.unit}", changed))
        if number and number[0] in held:
            said = number[0]
            yield value.model_copy(update={"value": float(said) if "." in said else int(said), "unit": new[number.end() :] or value.unit})
