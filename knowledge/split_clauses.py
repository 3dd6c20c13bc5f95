"""From the lines of a plan to its clauses.

Ids join the numerals of every level in full width (三（二）1); an annex table gives one clause per row (附件1第10项) and per numbered
point of a row (附件1第10项2). What stands before the first clause is 文头 and 引言, what stands after the last one 附件目录 and 文尾.
"""

import re
from dataclasses import dataclass, field

from knowledge.plan import Block, Clause

_NUMERALS = "一二三四五六七八九十"
_TOP = re.compile(rf"^([{_NUMERALS}]{{1,3}})、(.+)$")
_SECOND = re.compile(rf"^[（(]([{_NUMERALS}]{{1,3}})[）)](.+)$")
_THIRD = re.compile(r"^(\d{1,2})[.．、](?!\d)(.+)$")
_ANNEX = re.compile(r"^附件(\d+)$")
_ROW = re.compile(r"^(\d{1,2})(?!\d|[.．、年月日])(.*)$")
_TAIL = re.compile(r"^抄送[：:]|^.{2,30}\d{4}年\d{1,2}月\d{1,2}日印发$")
_ENDS = tuple("。；：！？;:!?")
_HEADING_MAX = 45


def numeral(number: int) -> str:
    """A number from 1 to 99 in Chinese numerals (13 → 十三)."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else _NUMERALS[tens - 1] + "十")
    return head + (_NUMERALS[ones - 1] if ones else "")


@dataclass
class _State:
    """Where the reading stands: the open clause and the last number of each level."""

    clause: str = "文头"
    top: str = ""
    second: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    annex: str = ""
    row: str = ""
    blocks: list[Block] = field(default_factory=list)
    gaps: bool = False

    def open(self, clause: str, line: str, heading: str = "") -> None:
        self.clause = clause
        self.blocks.append(Block(clause, (line,), heading))

    def add(self, line: str) -> None:
        """Append a line to the open clause, joined to the paragraph before it when that one was broken off by the page."""
        if not self.blocks or self.blocks[-1].clause != self.clause:
            self.blocks.append(Block(self.clause, (line,)))
            return
        last = self.blocks[-1]
        *before, open_one = last.paragraphs
        paragraphs = (*before, open_one, line) if self._begins_anew(last, line) else (*before, open_one + line)
        self.blocks[-1] = Block(last.clause, paragraphs, last.heading)

    def _begins_anew(self, last: Block, line: str) -> bool:
        """Whether a line begins a paragraph of its own; otherwise the page broke the one before it."""
        before = last.paragraphs[-1]
        in_preamble = any(p.startswith("为") for p in last.paragraphs) and not line.startswith("为")
        if last.clause == "文尾" or (last.clause == "文头" and not in_preamble):
            return True
        if last.clause == "附件目录" and _THIRD.match(line):
            return True
        only_heading = len(last.paragraphs) == 1 and bool(last.heading) and before.endswith(last.heading)
        return before.endswith(_ENDS) or (only_heading and not self.row)

    def is_next(self, level: str, number: int) -> bool:
        """Whether `number` follows the last one of this level (with `gaps`, at any distance); then it is counted."""
        due = self.counts.get(level, 0) + 1
        if number < due or (number > due and not self.gaps):
            return False
        self.counts[level] = number
        return True


def _value(numerals: str) -> int:
    for number in range(1, 100):
        if numeral(number) == numerals:
            return number
    return 0


def _title(text: str) -> str:
    """The heading at the start of a clause: up to its first full stop or colon, when short enough to be one."""
    head = re.split(r"[。：:]", text, maxsplit=1)[0]
    a_sentence = text == f"{head}。" and "，" in head
    return head if len(head) <= _HEADING_MAX and not a_sentence else ""


def _numbered(state: _State, line: str) -> bool:
    """Open the clause a numbered line begins; False when it begins none."""
    if (found := _TOP.match(line)) and state.is_next("top", _value(found[1])):
        state.top, state.second = found[1], ""
        state.counts.update(second=0, third=0)
        state.open(found[1], line, _title(found[2]))
    elif state.top and (found := _SECOND.match(line)) and state.is_next("second", _value(found[1])):
        state.second = f"（{found[1]}）"
        state.counts["third"] = 0
        state.open(state.top + state.second, line, _title(found[2]))
    elif state.top and (found := _THIRD.match(line)) and state.is_next("third", int(found[1])):
        state.open(f"{state.top}{state.second}{int(found[1])}", line, _title(found[2]))
    else:
        return False
    return True


def _annexed(state: _State, line: str) -> bool:
    """Open a row, or a numbered point of a row, of an annex table; False for any other line."""
    if (found := _THIRD.match(line)) and state.row and state.is_next("point", int(found[1])):
        state.open(f"{state.row}{int(found[1])}", line)
    elif (found := _ROW.match(line)) and state.is_next("row", int(found[1])):
        state.row = f"{state.annex}第{int(found[1])}项"
        state.counts["point"] = 0
        state.open(state.row, line, found[2])
    else:
        return False
    return True


def _line(state: _State, line: str, unnumbered: dict[str, list[str]], closing: dict[str, str]) -> None:
    if state.clause == "文尾" or (_TAIL.match(line) and state.top):
        state.clause, state.row = "文尾", ""
        state.add(line)
    elif state.top and (found := _ANNEX.match(line)):
        state.annex, state.row = f"附件{found[1]}", ""
        state.counts.update(row=0, point=0)
        state.open(state.annex, line)
    elif state.annex:
        if not _annexed(state, line):
            state.add(line)
    elif state.top and re.match(r"^附件[:：]", line):
        state.open("附件目录", line)
    elif state.clause == "附件目录":
        state.add(line)
    elif line in unnumbered.get(state.top, ()):
        state.counts["second"] = state.counts.get("second", 0) + 1
        state.counts["third"] = 0
        state.second = f"（{numeral(state.counts['second'])}）"
        state.open(state.top + state.second, line, line)
    elif back := next((clause for start, clause in closing.items() if line.startswith(start)), None):
        state.open(back, line)
    elif not _numbered(state, line):
        state.add(line)


def _with_preamble(blocks: list[Block]) -> list[Block]:
    """Cut the text before the first clause into 文头 (titles, addressees) and 引言 (the paragraph that says why)."""
    head = blocks[0]
    starts = [i for i, p in enumerate(head.paragraphs) if p.startswith("为")]
    if head.clause != "文头" or not starts:
        return blocks
    at = starts[-1]
    before = [Block("文头", head.paragraphs[:at])] if at else []
    return [*before, Block("引言", head.paragraphs[at:]), *blocks[1:]]


def split_clauses(
    lines: list[str], unnumbered: dict[str, list[str]] | None = None, closing: dict[str, str] | None = None, *, gaps: bool = False
) -> list[Block]:  # fmt: skip
    """The blocks of a plan in the order of its text; joined they are the text. A clause taken up again has several blocks.

    With `gaps` a numeral may be left out (（三） and then （十）), as it happens in plans nobody looked through."""
    state = _State(gaps=gaps)
    for line in lines:
        _line(state, line, unnumbered or {}, closing or {})
    return _with_preamble(state.blocks)


def _parent(clause: str) -> str | None:
    below = (r"^(附件\d+第\d+项)\d+$", r"^(附件\d+)第\d+项$", r"^(.+）)\d+$", rf"^([{_NUMERALS}]+)（[{_NUMERALS}]+）$")
    for pattern in (*below, rf"^([{_NUMERALS}]+)\d+$"):
        if found := re.match(pattern, clause):
            return found[1]
    return None


def _row_heading(block: Block) -> str:
    """The left cell of a table row: all the lines before its first point."""
    text = "".join(block.paragraphs)
    return re.sub(r"^\d{1,2}", "", text)


def clauses_of(blocks: list[Block]) -> dict[str, Clause]:
    """The clauses by id, in order; the text of a clause taken up again is joined."""
    found: dict[str, Clause] = {}
    for position, block in enumerate(blocks):
        heading = block.heading
        points = position + 1 < len(blocks) and _parent(blocks[position + 1].clause) == block.clause
        if re.match(r"^附件\d+第\d+项$", block.clause) and (points or not heading):
            heading = _row_heading(block)
        text = "\n".join(block.paragraphs)
        if before := found.get(block.clause):
            found[block.clause] = Clause(before.id, before.heading, f"{before.text}\n{text}", before.parent)
        else:
            found[block.clause] = Clause(block.clause, heading, text, _parent(block.clause))
    return found
