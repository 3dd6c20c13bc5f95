"""Typesets a paper as PDF (or pictures of its pages) with typst; the content goes in as data and is never run as markup."""

import json
from functools import cache
from typing import Any, Literal

import typst

from committee.paper_file import BLANK, PLACEHOLDER, TEMPLATES, Block, PaperFile, note_text
from config.refusal import Unavailable
from config.words import Words

# Best first: what Debian's fonts-noto-cjk brings, then what other systems have.
SERIF = ("Noto Serif CJK SC", "Source Han Serif SC", "Songti SC", "SimSun", "FangSong", "Noto Sans CJK SC", "Droid Sans Fallback")
SANS = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "SimHei", "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei")
CHINESE_HINTS = ("CJK", "Han S", "Song", "Hei", "Kai", "Fang", "Ming", "WenQuanYi", "Fallback", "PingFang", "YaHei")


def chosen_fonts(families: list[str]) -> tuple[list[str], list[str]]:
    """The fonts for text and headings out of those present, best first; any other with a Chinese name serves when none is known.
    Unavailable when no font for Chinese is present: boxes instead of words would be printed."""
    have = set(families)
    others = [name for name in families if any(hint in name for hint in CHINESE_HINTS)]
    serif = [name for name in SERIF if name in have]
    sans = [name for name in SANS if name in have]
    if not (serif or sans or others):
        raise Unavailable("中文字体", "没有中文字体，装上 fonts-noto-cjk 再生成 PDF，或者先用 DOCX")
    return serif or sans or others, sans or serif or others


@cache
def _fonts() -> tuple[typst.Fonts, tuple[list[str], list[str]]]:
    fonts = typst.Fonts()
    return fonts, chosen_fonts(fonts.families())


def typeset(paper: PaperFile, values: dict[str, Any], *, notes: bool = True) -> bytes:
    """The PDF. Unavailable without a Chinese font."""
    (made,) = _typeset(paper, values, notes, "pdf")
    return made


def pictures(paper: PaperFile, values: dict[str, Any], *, notes: bool = True, ppi: float = 80) -> list[bytes]:
    """Each page of the same as PNG, to be looked at."""
    return _typeset(paper, values, notes, "png", ppi)


def _typeset(paper: PaperFile, values: dict[str, Any], notes: bool, form: Literal["pdf", "png"], ppi: float | None = None) -> list[bytes]:
    fonts, (text, heading) = _fonts()
    blocks = [_block(block, paper, values, notes) for block in paper.blocks]
    data = {"title": _filled_title(paper, values), "blocks": blocks, "notes": notes, "text_fonts": text, "heading_fonts": heading}
    inputs = {"paper": json.dumps(data, ensure_ascii=False)}
    source = str(TEMPLATES / "paper.typ")
    made: Any = typst.compile(source, root=str(TEMPLATES), font_paths=fonts, format=form, ppi=ppi, sys_inputs=inputs)
    return list(made) if isinstance(made, list) else [made]


def _filled_title(paper: PaperFile, values: dict[str, Any]) -> str:
    return f"{values.get('estate') or ''}{paper.title}"


def filled(text: str, values: dict[str, Any]) -> str:
    """The text with its fields; a missing one as a visible blank."""
    return PLACEHOLDER.sub(lambda match: str(values.get(match[1]) or BLANK), text)


def _block(block: Block, paper: PaperFile, values: dict[str, Any], notes: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": block.kind, "bold": block.bold, "indent": block.indent, "note": ""}
    if notes and block.note:
        made["note"] = note_text(block.note, Words())
    if block.kind == "table":
        entry = paper.lists[str(block.table)]
        rows = [[row.get(key, "") for key, _, _ in entry.columns] for row in values.get(str(block.table)) or []]
        rows += [[""] * len(entry.columns)] * max(0, entry.least - len(rows))
        made |= {"heads": [heading for _, heading, _ in entry.columns], "widths": [width for _, _, width in entry.columns], "rows": rows}
    elif block.kind in {"rows", "grid"}:
        made["rows"] = [[filled(cell, values) for cell in row] for row in block.rows or block.grid or ()]
    else:
        made["texts"] = [filled(text, values) for text in block.texts()]
    return made
