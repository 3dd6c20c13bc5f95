"""The text of a file that is to become a plan: .txt, .docx (tracked deletions left out, automatic numbers written out) or a PDF with text.

Nothing but white space and page furniture (page numbers, heads and feet that stand on most pages) is left out; what was, is listed.
"""

import hashlib
import io
import logging
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.refusal import Refused
from knowledge.import_docx import docx_lines
from knowledge.plan import squeezed

MOST_BYTES, _MOST_UNPACKED, _MOST_PAGES, _MOST_CHARACTERS = 20 * 2**20, 150 * 2**20, 500, 600_000
_PAGE_NUMBER = re.compile(r"^(?:[-—－–―·.]*\d{1,4}[-—－–―·.]*|第\d{1,4}页(?:[，,/]?共\d{1,4}页)?|\d{1,4}/\d{1,4})$")
_EDGE, _LEAST_A_PAGE = 2, 25
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd\ue000-\uf8ff]")


@dataclass(frozen=True)
class SourceText:
    """A file's text: raw lines with the furniture already dropped, what was dropped, and the file's own digest."""

    file_name: str
    sha256: str
    lines: tuple[str, ...]
    furniture: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def read_file(path: Path) -> SourceText:
    """The text of a file. Refused, with what to do, for what is no readable text."""
    if not path.is_file():
        raise Refused(f"没有文件 {path}", "核对路径")
    return read_bytes(path.read_bytes(), path.name)


def read_bytes(data: bytes, name: str) -> SourceText:
    """The text of a file's bytes; `name` tells the kind by its ending."""
    if len(data) > MOST_BYTES:
        raise Refused(f"文件超过 {MOST_BYTES // 2**20} MB", "分成几份，或另存为纯文字")
    ending = Path(name).suffix.lower()
    furniture: list[str] = []
    if ending == ".txt":
        lines = _decoded(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    elif ending == ".docx":
        _check_zip(data)
        lines = docx_lines(data)
    elif ending == ".pdf":
        lines, furniture = _pdf_lines(data)
    else:
        raise Refused(f"读不了 {ending or '没有扩展名的文件'}", "另存为 .docx、.txt 或文字版 PDF 再导入（.doc、.wps 请先转成 .docx）")
    lines = [line for line in lines if line.strip()]
    _check_text(lines)
    return SourceText(name[-200:], hashlib.sha256(data).hexdigest(), tuple(lines), tuple(furniture))


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("文字编码认不出来", "另存为 UTF-8 的 .txt 再导入")


def _check_text(lines: list[str]) -> None:
    text = squeezed("".join(lines))
    if len(text) < 60:
        raise Refused("文件里几乎没有文字", "核对是不是选错了文件；扫描件请先做文字识别，核对后另存为 .docx")
    if len(text) > _MOST_CHARACTERS:
        raise Refused(f"文字超过 {_MOST_CHARACTERS // 10000} 万字", "按文件分开导入")
    odd = len(_NOT_TEXT.findall(text))
    if odd * 50 > len(text) or "\x00" in text:
        raise Refused("文字有乱码（字体没有对应的文字，或不是文本文件）", "从原始 .docx 导入，或重新导出 PDF")


def _check_zip(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST_UNPACKED:
                raise Refused("文件解开后太大", "去掉图片另存后再导入")
    except zipfile.BadZipFile:
        raise Refused("这不是完好的 .docx", "用 WPS 或 Word 打开，另存为 .docx 再导入") from None


def _pdf_lines(data: bytes) -> tuple[list[str], list[str]]:
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns line by line about harmless faults of a file
    try:
        pages = _pages(PdfReader(io.BytesIO(data)))
    except Refused:
        raise
    except Exception as error:  # pypdf raises many kinds on broken files; all mean the same here
        raise Refused(f"PDF 打不开（{type(error).__name__}）", "重新导出 PDF，或从 .docx 导入") from error
    if sum(len(squeezed("".join(page))) for page in pages) < _LEAST_A_PAGE * len(pages):
        raise Refused("PDF 里没有文字，是扫描件", "先做文字识别，核对后另存为 .docx 再导入")
    return without_furniture(pages)


def _pages(reader: Any) -> list[list[str]]:
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("PDF 加了密码", "去掉密码后再导入")
    if len(reader.pages) > _MOST_PAGES:
        raise Refused(f"PDF 超过 {_MOST_PAGES} 页", "按文件分开导入")
    return [[line for line in (page.extract_text() or "").split("\n") if line.strip()] for page in reader.pages]


def without_furniture(pages: list[list[str]]) -> tuple[list[str], list[str]]:
    """The lines of the pages without page numbers and without heads and feet that stand on more than half of (three or more) pages."""
    edges = Counter(squeezed(line) for page in pages for line in {*page[:_EDGE], *page[-_EDGE:]})
    repeated = {line for line, n in edges.items() if len(pages) >= 3 and n * 2 > len(pages)}
    kept: list[str] = []
    dropped: list[str] = []
    for page in pages:
        last = len(page) - 1
        for place, line in enumerate(page):
            plain = squeezed(line)
            at_edge = place < _EDGE or place > last - _EDGE
            number = place in (0, last) and bool(_PAGE_NUMBER.match(plain))
            (dropped if number or (at_edge and plain in repeated) else kept).append(line)
    return kept, dropped
