"""From the lines of a law or a set of rules to its articles (第X条), under their chapters and sections.

Ids are as printed: 第一章, 第一章第二节, 第二百七十八条. What stands before the first of them (title, table of contents) is 文头.
"""

import re
from dataclasses import replace

from knowledge.import_docx import chinese
from knowledge.plan import Block, Clause

_NUMERALS = "零〇一二三四五六七八九十百"
_ARTICLE = re.compile(rf"^第([{_NUMERALS}]{{1,7}}|\d{{1,3}})条(之[{_NUMERALS}]{{1,2}})?(?=[^{_NUMERALS}款项规的、，,和至以及之]|$)")
_PART = re.compile(rf"^第([{_NUMERALS}]{{1,5}})([编章节])(?![的规])(.{{0,30}})$")
_ENDS = tuple("。；：！？;:!?")
_ITEM = re.compile(rf"^(?:[（(][{_NUMERALS}]{{1,3}}[）)]|\d{{1,2}}[.．、](?!\d))")
_AFTER = re.compile(r"^附件\d{0,2}(?:[:：]|$)|^抄送[:：]")
_VALUES = {chinese(n).replace("〇", "零"): n for n in range(1, 1000)}


def article_number(numerals: str) -> int:
    """The number of an article's numerals (二百七十八 → 278); 0 for what is none."""
    return int(numerals) if numerals.isdecimal() else _VALUES.get(numerals.replace("〇", "零"), 0)


def has_articles(lines: list[str]) -> bool:
    """Whether a text is divided into articles."""
    return sum(bool(_ARTICLE.match(line)) for line in lines) >= 3


def _structure(lines: list[str]) -> list[tuple[str, re.Match[str] | None]]:
    """For each line what it opens: article, part (only one that articles follow: not a line of the table of contents) or nothing."""
    found: list[tuple[str, re.Match[str] | None]] = []
    for line in lines:
        article, part = _ARTICLE.match(line), _PART.match(line)
        found.append(("article", article) if article else ("part", part) if part else ("", None))
    order = {"编": 0, "章": 1, "节": 2}
    follows: tuple[str, int] = ("", 0)
    for place in range(len(found) - 1, -1, -1):
        kind, match = found[place]
        if kind == "part" and match:
            level = order[match[2]]
            leads = follows[0] == "article" or (follows[0] == "part" and follows[1] > level)
            follows = ("part", level) if leads else ("listed", level)
            found[place] = (kind, match) if leads else ("", None)
        elif kind == "article":
            follows = ("article", 0)
    return found


def split_articles(lines: list[str]) -> tuple[list[Block], dict[str, Clause]]:
    """The blocks of a text in order (joined they are the text) and its clauses by id. Articles only rise; some may be left out."""
    blocks: list[Block] = [Block("文头", ())]
    parents: dict[str, str | None] = {"文头": None}
    last, parts = 0, {"编": "", "章": "", "节": ""}
    for line, (kind, match) in zip(lines, _structure(lines), strict=True):
        number = article_number(match[1]) if match and kind == "article" else 0
        if match and kind == "part":
            parts[match[2]] = match[0][: match[0].index(match[2]) + 1]
            parts |= {"编": {"章": "", "节": ""}, "章": {"节": ""}, "节": {}}[match[2]]
            name = "".join(parts.values())
            above = "".join(p for level, p in parts.items() if level != match[2])
            parents.setdefault(name, above or None)
            blocks.append(Block(name, (line,), match[3].strip()))
        elif match and number and (number > last or (match[2] and number == last)):
            last = number
            name = f"第{match[1]}条{match[2] or ''}"
            parents[name] = "".join(parts.values()) or None
            blocks.append(Block(name, (line,)))
        elif last and _AFTER.match(line):
            parents["文尾"] = None
            blocks.append(Block("文尾", (line,)))
        else:
            blocks[-1] = _joined(blocks[-1], line)
    blocks = [b for b in blocks if b.paragraphs]
    return blocks, _clauses(blocks, parents)


def _joined(last: Block, line: str) -> Block:
    """A block with one more line: a paragraph of its own, or the rest of the one the page broke off."""
    anew = last.clause in ("文头", "文尾") or bool(_ITEM.match(line)) or last.paragraphs[-1].endswith(_ENDS) or "条" not in last.clause
    paragraphs = (*last.paragraphs, line) if anew or not last.paragraphs else (*last.paragraphs[:-1], last.paragraphs[-1] + line)
    return replace(last, paragraphs=paragraphs)


def _clauses(blocks: list[Block], parents: dict[str, str | None]) -> dict[str, Clause]:
    found: dict[str, Clause] = {}
    for block in blocks:
        text = "\n".join(block.paragraphs)
        before = found.get(block.clause)
        heading = before.heading if before else block.heading
        found[block.clause] = Clause(block.clause, heading, f"{before.text}\n{text}" if before else text, parents[block.clause])
    return found
