"""Fills the DOCX templates of committee/templates; blanks stay visible, the margin notes are Word comments that can be hidden."""

import io
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate  # type: ignore[import-untyped]

from committee.paper_file import BLANK, TEMPLATES, PaperFile
from config.refusal import Unavailable

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def fill_docx(paper: PaperFile, values: dict[str, Any], *, notes: bool = True, folder: Path = TEMPLATES) -> bytes:
    """The filled template `<id>.docx`. Unavailable when it is missing (python -m committee.make_templates writes it)."""
    path = folder / f"{paper.id}.docx"
    if not path.is_file():
        raise Unavailable("文书模板", f"缺少 {path.name}，运行 python -m committee.make_templates 重做")
    template = DocxTemplate(path)
    context = {name: values.get(name) or BLANK for name in paper.fields if name not in paper.lists}
    for name, entry in paper.lists.items():
        rows = list(values.get(name) or [])
        empty = {key: "" for key, _, _ in entry.columns}
        context[name] = rows + [empty] * max(0, entry.least - len(rows))
    context["title"] = f"{values.get('estate') or ''}{paper.title}"
    template.render(context, autoescape=True)
    if not notes:
        _drop_notes(template)
    made = io.BytesIO()
    template.save(made)
    return made.getvalue()


def _drop_notes(template: Any) -> None:
    """Take the marks of all comments out of the text, and the comments themselves away."""
    body = template.docx.element.body
    for name in ("commentRangeStart", "commentRangeEnd", "commentReference"):
        for element in list(body.iter(f"{{{WORD}}}{name}")):
            element.getparent().remove(element)
    part = template.docx.part
    for key, relation in list(part.rels.items()):
        if relation.reltype.endswith("/comments"):
            part.drop_rel(key)
            part.rels.pop(key, None)
