"""Several matters in one message: where it divides."""

import re
from collections.abc import Callable

_MARK = re.compile(
    r"[,。;!\s]*(?:另外|还有(?!一[会点]|[0-9一二三四五六七八九十两几]|吗|没)|顺便(?:说[下一]?[下声]?|再?问[一下]*|"
    r"提一?[下嘴])?|外加|再一个|再就是|再有|再者|再说一个|以及|除此之外|除了这个|对了|第[二三四五][件个](?:事儿?|问题)?|第[二三四五](?=[,:、])|"
    r"[二三四五]是(?!不)|(?<=[,。;!\s])[2-5](?=[、)]|\.(?![0-9]))[、.)]|其次|同时|最后(?=[,一还说])(?:一[件个](?:事儿?|问题)?)?)[,:、\s]*"
)
_FIRST = re.compile(r"^[,\s]*(?:第一[件个]?(?:事儿?|问题)?|一是|首先|1(?=[、.)]))[,:、.)\s]*")
_SHORTEST = 4  # characters that can hold a matter


def divide(text: str, matter_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """The two or more parts of a message, in order, or () when it holds one matter.

    `matter_of` names the matter of a part (a category, or None when it is none). What is no matter, or the same as the part before
    it, stays with that part; what comes before the first matter stays with the first.
    """
    groups: list[tuple[str | None, int, int]] = []
    for start, end in _pieces(text):
        matter = matter_of(text[start:end].strip(" ,。;!"))
        if groups and (matter is None or groups[-1][0] in {None, matter}):
            groups[-1] = (groups[-1][0] or matter, groups[-1][1], end)
        else:
            groups.append((matter, start, end))
    if len({matter for matter, _, _ in groups} - {None}) < 2:
        return ()
    return tuple(text[start:end].strip(" ,。;!") for _, start, end in groups)


def _pieces(text: str) -> list[tuple[int, int]]:
    """(start, end) of what stands between the marks, each long enough to hold a matter."""
    first = _FIRST.match(text)
    start = first.end() if first else 0
    pieces = []
    for mark in _MARK.finditer(text, start):
        if mark.start() - start >= _SHORTEST:
            pieces.append((start, mark.start()))
            start = mark.end()
    pieces.append((start, len(text)))
    return [(start, end) for start, end in pieces if len(text[start:end].strip(" ,。;!")) >= _SHORTEST]
