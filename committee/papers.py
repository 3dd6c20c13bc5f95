"""Makes the papers of committee duties: as DOCX to be edited in WPS or Word, or as PDF to be printed."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from committee.instruments import ancestry
from committee.paper_docx import fill_docx
from committee.paper_file import PaperFile, read_papers
from committee.paper_pdf import typeset
from config.refusal import Refused
from config.words import Words

LONGEST = 4000  # characters of one field
MOST_LINES = 1000
# What neither XML nor a printer takes.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")
Form = Literal["docx", "pdf"]
MEDIA_TYPES = {"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"}


@dataclass(frozen=True)
class Paper:
    """A finished paper. `missing`: labels of the fields left blank; `file_name` as offered for saving."""

    content: bytes
    title: str
    file_name: str
    media_type: str
    missing: list[str]


@dataclass(frozen=True)
class PaperKind:
    """A kind of paper one may ask for: its fields as (name, label), its growing tables as list → columns (key, heading)."""

    id: str
    title: str
    fields: list[tuple[str, str]]
    lists: dict[str, list[tuple[str, str]]]


def paper_kinds(region: str | None = None, procedure_id: str | None = None) -> list[PaperKind]:
    """The kinds of papers that hold in the region (None: everywhere), of one procedure or of all."""
    line = ancestry(region)
    found = []
    for paper in read_papers().values():
        if any(scope in line for scope in paper.scope) and (procedure_id is None or procedure_id in paper.procedures):
            lists = {name: [(key, heading) for key, heading, _ in entry.columns] for name, entry in paper.lists.items()}
            found.append(PaperKind(paper.id, paper.title, [(f, paper.fields[f]) for f in paper.used_fields()], lists))
    return found


def make_paper(kind: str, fields: dict[str, Any], form: Form, *, notes: bool = True) -> Paper:
    """The paper `kind` filled with `fields` (text, or for a growing table a list of rows by column key); what is missing stays blank.

    `notes`: the sources of required contents stand in the margin (DOCX: as comments that can be hidden or deleted).
    Refused for an unknown kind, form or field, and for text that is too long.
    """
    paper = read_papers().get(kind)
    if paper is None:
        raise Refused(f"没有文书 {kind[:40]}", f"可选：{'、'.join(read_papers())}", status=404, code="no_paper")
    if form not in MEDIA_TYPES:
        raise Refused(f"没有格式 {str(form)[:20]}", "可选：docx、pdf", code="paper_form")
    values = _values(paper, fields)
    missing = [paper.fields[name] for name in paper.used_fields() if not values.get(name)]
    filled = fill_docx(paper, values, notes=notes) if form == "docx" else typeset(paper, values, notes=notes)
    estate = values.get("estate")
    name = "".join(c for c in f"{estate or ''}{paper.title}" if c.isalnum() or c in "（）—-")[:80]
    return Paper(filled, paper.title, f"{name}.{form}", MEDIA_TYPES[form], missing)


def paper_words(missing: list[str], words: Words | None = None) -> str:
    """What to tell the resident about the blanks of a paper; empty when there are none."""
    return (words or Words())("paper_missing", fields="、".join(missing)) if missing else ""


def _values(paper: PaperFile, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as plain text, clean of what a document cannot hold."""
    unknown = set(fields) - set(paper.fields)
    if unknown:
        raise Refused(
            f"《{paper.title}》没有栏目 {'、'.join(sorted(unknown))[:100]}", f"可选：{'、'.join(paper.fields)}", code="paper_field"
        )
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in paper.lists:
            values[name] = _clean(value, paper.fields[name])
            continue
        if not isinstance(value, list) or len(value) > MOST_LINES:
            raise Refused(f"“{paper.fields[name]}”要是不超过 {MOST_LINES} 行的表", "按表格的栏目一行一行填", code="paper_field")
        keys = {key for key, _, _ in paper.lists[name].columns}
        if any(not isinstance(row, dict) or set(row) - keys for row in value):
            raise Refused(f"“{paper.fields[name]}”的栏目不对", f"可选：{'、'.join(sorted(keys))}", code="paper_field")
        values[name] = [{key: _clean(row.get(key), paper.fields[name]) for key in keys} for row in value]
    return values


def _clean(value: Any, label: str) -> str:
    text = _FORBIDDEN.sub("", "" if value is None else str(value)).strip()
    if len(text) > LONGEST:
        raise Refused(f"“{label}”超过 {LONGEST} 字", "写短一些，或者作为附件", code="paper_field")
    return text
