"""The lines of a .docx in the order of its body: paragraphs and table cells, with the numbers Word writes by itself written out."""

import io
from collections import defaultdict
from typing import Any

from config.refusal import Refused

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "零一二三四五六七八九"
_CHINESE = {"chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCountingThousand", "ideographDigital"}


def docx_lines(data: bytes) -> list[str]:
    """The lines of a .docx; text deleted with changes tracked is not there, inserted text is. Refused when it cannot be opened."""
    from docx import Document

    try:
        document = Document(io.BytesIO(data))
        numbers = _Numbers(document)
        return [line for p in document.element.body.iter(f"{_W}p") for line in _paragraph(p, numbers)]
    except Exception as error:  # python-docx and lxml raise many kinds on broken files; all mean the same here
        raise Refused(f".docx 打不开（{type(error).__name__}）", "用 WPS 或 Word 打开，另存为 .docx 再导入") from error


def _paragraph(p: Any, numbers: "_Numbers") -> list[str]:
    if any(True for _ in p.iterancestors(f"{_W}txbxContent")) and p.xpath("ancestor::mc:Fallback", namespaces=_SPACES):
        return []  # a text box is stored twice
    parts = []
    for node in p.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}noBreakHyphen"):
        if next(node.iterancestors(f"{_W}p")) is not p or any(True for _ in node.iterancestors(f"{_W}del", f"{_W}moveFrom")):
            continue
        kind = node.tag.removeprefix(_W)
        parts.append({"t": node.text or "", "tab": " ", "br": "\n", "noBreakHyphen": "-"}[kind])
    text = "".join(parts)
    return (numbers.of(p) + text).split("\n") if text.strip() else []


_SPACES = {"mc": "http://schemas.openxmlformats.org/markup-compatibility/2006"}


class _Numbers:
    """Counts the automatically numbered paragraphs of a document and says the number of each as it is printed."""

    def __init__(self, document: Any) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._styles = {s.style_id: s.element for s in document.styles}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return
        shapes = {a.get(f"{_W}abstractNumId"): self._shape(a) for a in root.findall(f"{_W}abstractNum")}
        for number in root.findall(f"{_W}num"):
            shape = number.find(f"{_W}abstractNumId")
            self._levels[number.get(f"{_W}numId")] = shapes.get(shape.get(f"{_W}val") if shape is not None else None, {})

    @staticmethod
    def _shape(abstract: Any) -> dict[int, tuple[str, str, int]]:
        """Level → (format, pattern like “%1、”, first number)."""

        def value(level: Any, name: str, otherwise: str) -> str:
            found = level.find(f"{_W}{name}")
            return str(found.get(f"{_W}val")) if found is not None and found.get(f"{_W}val") is not None else otherwise

        return {
            int(level.get(f"{_W}ilvl")): (value(level, "numFmt", "decimal"), value(level, "lvlText", ""), int(value(level, "start", "1")))
            for level in abstract.findall(f"{_W}lvl")
        }

    def of(self, p: Any) -> str:
        """The number printed before a paragraph; empty for one without."""
        found = self._numbered(p)
        if found is None:
            return ""
        name, level = found
        levels, counts = self._levels.get(name, {}), self._counts[name]
        kind, pattern, first = levels.get(level, ("none", "", 1))
        if kind in ("bullet", "none"):
            return ""
        counts[level] = counts.get(level, first - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        for one in range(level + 1):
            shape = levels.get(one, ("decimal", "", 1))
            pattern = pattern.replace(f"%{one + 1}", _written(counts.get(one, shape[2]), shape[0]))
        return pattern

    def _numbered(self, p: Any) -> tuple[str, int] | None:
        holder = p.find(f"{_W}pPr/{_W}numPr")
        style = p.find(f"{_W}pPr/{_W}pStyle")
        if holder is None and style is not None:
            known = self._styles.get(style.get(f"{_W}val"))
            holder = known.find(f"{_W}pPr/{_W}numPr") if known is not None else None
        name = holder.find(f"{_W}numId") if holder is not None else None
        if holder is None or name is None or name.get(f"{_W}val") == "0":
            return None
        level = holder.find(f"{_W}ilvl")
        return str(name.get(f"{_W}val")), int(level.get(f"{_W}val")) if level is not None else 0


def _written(number: int, kind: str) -> str:
    if kind not in _CHINESE or not 0 < number < 1000:
        return str(number)
    return chinese(number)


def chinese(number: int) -> str:
    """A number from 1 to 999 in Chinese numerals (12 → 十二, 278 → 二百七十八)."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        said += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        said += "零"
    return said + (_DIGITS[ones] if ones else "")
