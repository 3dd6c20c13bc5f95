"""`python -m committee.make_templates [FOLDER]`: writes one DOCX template per paper from papers.yaml, to be edited in WPS or Word.

Edited templates in the folder are written over, so run it only after papers.yaml changed.
"""

import sys
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from committee.paper_file import PLACEHOLDER, TEMPLATES, Block, PaperFile, note_text, read_papers

TEXT_FONT, HEADING_FONT = "宋体", "黑体"
WIDTH_CM = 16.2


def write_templates(folder: Path = TEMPLATES) -> list[Path]:
    """Write every template and give back the files."""
    made = []
    for paper in read_papers().values():
        path = folder / f"{paper.id}.docx"
        _template(paper).save(str(path))
        made.append(path)
    return made


def _template(paper: PaperFile) -> Any:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin = section.bottom_margin = Cm(1.9)
    style = document.styles["Normal"]
    style.font.size = Pt(12)
    style.paragraph_format.line_spacing, style.paragraph_format.space_after = 1.35, Pt(4)
    _face(style, TEXT_FONT)
    for language in document.styles.element.iter(qn("w:lang")):  # else Chinese stops stand in the middle of their square
        language.set(qn("w:val"), "zh-CN")
        language.set(qn("w:eastAsia"), "zh-CN")
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(title, "{{ title }}", HEADING_FONT, Pt(18), bold=True)
    for block in paper.blocks:
        first = _block(document, block, paper)
        if block.note is not None and first is not None:
            document.add_comment(first, text=note_text(block.note), author="邻答", initials="依据")
    document.core_properties.author, document.core_properties.title = "邻答 Linda", paper.title
    return document


def _face(style: Any, name: str) -> None:
    style.font.name = name
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)


def _run(paragraph: Any, text: str, face: str = TEXT_FONT, size: Any = None, *, bold: bool = False) -> Any:
    run = paragraph.add_run(PLACEHOLDER.sub(r"{{ \1 }}", text) if "{{" not in text else text)
    run.bold = bold
    run.font.name = face
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    if size is not None:
        run.font.size = size
    return run


def _block(document: Any, block: Block, paper: PaperFile) -> Any:
    """Write one block; gives back the run a comment may hang on."""
    if block.kind == "table":
        return _growing(document, str(block.table), paper)
    if block.kind in {"rows", "grid"}:
        return _fixed(document, block)
    if block.kind == "rule":
        return _run(document.add_paragraph(), "－" * 32)
    first = None
    if block.kind == "sign" and document.paragraphs:
        document.paragraphs[-1].paragraph_format.keep_with_next = True
    for number, text in enumerate(block.texts(), start=1):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = block.kind == "sign" and number < len(block.texts())
        if block.kind == "sign":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        elif block.kind == "items" or (block.kind == "p" and block.indent and not block.bold):
            paragraph.paragraph_format.first_line_indent = Pt(24)
        shown = f"{number}. {text}" if block.kind == "items" else text
        face = HEADING_FONT if block.bold else TEXT_FONT
        run = _run(paragraph, shown, face, Pt(9) if block.kind == "small" else None, bold=block.bold)
        first = first or run
    return first


def _fixed(document: Any, block: Block) -> Any:
    rows = block.rows or block.grid or ()
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    first = None
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            is_head = x == 0 or (block.kind == "grid" and y == 0)
            run = _run(table.cell(y, x).paragraphs[0], text, HEADING_FONT if is_head else TEXT_FONT, Pt(11))
            first = first or run
    columns = len(rows[0])
    _widths(table, [5, WIDTH_CM - 5] if block.kind == "rows" else [WIDTH_CM / columns] * columns)
    _gap(document)
    return first


def _gap(document: Any) -> None:
    """A little room below a table."""
    form = document.add_paragraph().paragraph_format
    form.line_spacing, form.space_after = Pt(8), Pt(0)


def _growing(document: Any, name: str, paper: PaperFile) -> Any:
    """A table whose middle line docxtpl repeats: the lines that hold only its marks vanish."""
    columns = paper.lists[name].columns
    table = document.add_table(rows=4, cols=len(columns), style="Table Grid")
    first = None
    for x, (key, heading, _) in enumerate(columns):
        run = _run(table.cell(0, x).paragraphs[0], heading, HEADING_FONT, Pt(10.5), bold=True)
        table.cell(0, x).paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        first = first or run
        _run(table.cell(2, x).paragraphs[0], f"{{{{ row.{key} }}}}", TEXT_FONT, Pt(10.5))
    _run(table.cell(1, 0).paragraphs[0], f"{{%tr for row in {name} %}}")
    _run(table.cell(3, 0).paragraphs[0], "{%tr endfor %}")
    total = sum(width for _, _, width in columns)
    _widths(table, [WIDTH_CM * width / total for _, _, width in columns])
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # stands again on the next page
    _gap(document)
    return first


def _widths(table: Any, widths: list[float]) -> None:
    """Fix the widths in cm (LibreOffice and WPS go by the grid, Word by the cells) and give every cell room above and below."""
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)
            for paragraph in cell.paragraphs:
                form = paragraph.paragraph_format
                form.line_spacing, form.space_before, form.space_after = 1.15, Pt(3), Pt(3)


if __name__ == "__main__":
    for written in write_templates(Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATES):
        print(written.name)
