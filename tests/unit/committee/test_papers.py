"""Every paper is made in both forms, quickly, with visible blanks, sources in the margin, and words (no boxes) on the picture."""

import io
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from committee.make_templates import write_templates
from committee.paper_file import BLANK, TEMPLATES, note_text, read_papers
from committee.paper_pdf import chosen_fonts, pictures
from committee.papers import make_paper, paper_kinds, paper_words
from config.refusal import Refused, Unavailable

KINDS = sorted(read_papers())


def _all_fields(kind: str, lines: int = 4) -> dict[str, Any]:
    paper = read_papers()[kind]
    filled: dict[str, Any] = {}
    for name in paper.used_fields():
        if name in paper.lists:
            filled[name] = [{key: f"{key}{line}" for key, _, _ in paper.lists[name].columns} for line in range(lines)]
        else:
            filled[name] = f"〔{name}〕"
    return filled


def _docx_text(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def _pdf_text(content: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (apt-get install poppler-utils)")
    (tmp_path / "paper.pdf").write_bytes(content)
    done = subprocess.run(["pdftotext", "-layout", tmp_path / "paper.pdf", "-"], capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


def test_the_papers_of_the_issue_are_there() -> None:
    asked = {
        "meeting_notice", "candidate_notice", "ballot", "opinion_form", "result_notice", "vote_sheet", "filing_application",
        "seal_application", "committee_meeting_notice", "committee_meeting_record", "quarterly_disclosure", "fund_disclosure",
        "hand_over_list", "contract_filing",
    }  # fmt: skip
    assert set(KINDS) == asked
    assert "contract_filing" in {k.id for k in paper_kinds("donghe")}
    assert "contract_filing" not in {k.id for k in paper_kinds("minle")}
    assert {k.id for k in paper_kinds(None, "committee_meeting")} == {"committee_meeting_notice", "committee_meeting_record"}


@pytest.mark.parametrize("kind", KINDS)
def test_docx_holds_every_field_and_its_comments(kind: str) -> None:
    fields = _all_fields(kind)
    start = time.perf_counter()
    paper = make_paper(kind, fields, "docx")
    took = time.perf_counter() - start
    print(f"{kind}.docx in {took * 1000:.0f} ms")
    assert took < 1
    text = _docx_text(paper.content)
    for name, value in fields.items():
        for wanted in [value] if isinstance(value, str) else [cell for row in value for cell in row.values()]:
            assert wanted in text, (name, wanted)
    assert "{{" not in text and "{%" not in text
    assert paper.missing == []
    comments = [c.text for c in docx.Document(io.BytesIO(paper.content)).comments]
    assert comments == [note_text(b.note) for b in read_papers()[kind].blocks if b.note]
    bare = make_paper(kind, fields, "docx", notes=False)
    assert b"commentReference" not in zipfile.ZipFile(io.BytesIO(bare.content)).read("word/document.xml")
    assert _docx_text(bare.content) == text


@pytest.mark.parametrize("kind", KINDS)
def test_pdf_holds_every_field_and_its_notes(kind: str, tmp_path: Path) -> None:
    make_paper("ballot", {}, "pdf")  # fonts are looked for once in a process
    fields = {n: v if isinstance(v, list) else "定" + str(i) + "值" for i, (n, v) in enumerate(_all_fields(kind).items())}
    start = time.perf_counter()
    paper = make_paper(kind, fields, "pdf")
    took = time.perf_counter() - start
    print(f"{kind}.pdf in {took * 1000:.0f} ms")
    assert took < 1
    assert "依据：" in _pdf_text(paper.content, tmp_path)
    bare = _pdf_text(make_paper(kind, fields, "pdf", notes=False).content, tmp_path)
    assert "依据：" not in bare
    for value in fields.values():
        for wanted in [value] if isinstance(value, str) else [cell for row in value for cell in row.values()]:
            assert wanted in bare, wanted


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_stays_blank_and_is_named(kind: str, tmp_path: Path) -> None:
    paper = read_papers()[kind]
    made = make_paper(kind, {"estate": "和平小区"}, "docx")
    assert made.missing == [paper.fields[n] for n in paper.used_fields() if n != "estate"]
    assert all(label in paper_words(made.missing) for label in made.missing)
    assert BLANK in _docx_text(made.content)
    assert BLANK in _pdf_text(make_paper(kind, {"estate": "和平小区"}, "pdf").content, tmp_path)
    lines = subprocess.run(["pdftotext", "-layout", tmp_path / "paper.pdf", "-"], capture_output=True, check=True).stdout.decode()
    assert min(len(blank) for blank in re.findall(f"{BLANK[0]}+", lines)) >= 4, "a blank is broken across two lines"
    assert made.file_name == f"和平小区{''.join(c for c in paper.title)}.docx"


@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_has_ink_where_words_are(kind: str) -> None:
    """Each page has ink in the body, and with notes also in the margin; a page of boxes would show one shape again and again."""
    for notes in (True, False):
        for page in pictures(read_papers()[kind], _all_fields(kind), notes=notes, ppi=50):
            image = Image.open(io.BytesIO(page)).convert("L")
            width, height = image.size
            ink = sum(1 for v in image.tobytes() if v < 160)
            assert 400 < ink < width * height * 0.3
        first = Image.open(io.BytesIO(pictures(read_papers()[kind], _all_fields(kind), notes=notes, ppi=50)[0])).convert("L")
        margin = first.crop((int(width * 0.76), int(height * 0.1), int(width * 0.97), int(height * 0.9)))
        dark = sum(1 for v in margin.tobytes() if v < 200)
        assert dark > 60 or not notes


def test_different_words_give_different_pictures() -> None:
    paper = read_papers()["committee_meeting_notice"]
    shown = {bytes(pictures(paper, {"meeting_place": place}, ppi=60)[0]) for place in ("活动室", "居委会", "物业楼")}
    assert len(shown) == 3


def test_fonts_fall_back_and_without_chinese_nothing_is_printed() -> None:
    assert chosen_fonts(["DejaVu Sans", "Noto Sans CJK SC", "Noto Serif CJK SC"]) == (
        ["Noto Serif CJK SC", "Noto Sans CJK SC"],
        ["Noto Sans CJK SC"],
    )
    assert chosen_fonts(["Some Kai Font"]) == (["Some Kai Font"], ["Some Kai Font"])
    with pytest.raises(Unavailable, match="中文字体"):
        chosen_fonts(["DejaVu Sans Mono", "Libertinus Serif"])


def test_the_templates_on_disk_are_those_of_the_file(tmp_path: Path) -> None:
    """Somebody may have edited them by hand: every field must still be there."""
    fresh_files = {path.name: path for path in write_templates(tmp_path)}
    for kind in KINDS:
        have = _docx_text((TEMPLATES / f"{kind}.docx").read_bytes())
        fresh = _docx_text(fresh_files[f"{kind}.docx"].read_bytes())
        assert have == fresh, f"{kind}.docx: run python -m committee.make_templates"


def test_unknown_things_are_refused() -> None:
    with pytest.raises(Refused, match="没有文书"):
        make_paper("receipt", {}, "pdf")
    with pytest.raises(Refused, match="没有栏目"):
        make_paper("ballot", {"nonsense": "1"}, "pdf")
    with pytest.raises(Refused, match="栏目不对"):
        make_paper("ballot", {"matters": [{"nonsense": "1"}]}, "docx")
    with pytest.raises(Refused, match="超过"):
        make_paper("ballot", {"owner": "长" * 4001}, "docx")
    with pytest.raises(Refused, match="格式"):
        make_paper("ballot", {}, "doc")  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_taken_as_text(text: str) -> None:
    """Markup of Word, typst and Jinja is printed as it stands, never run."""
    for hostile in (text, text + "{{ 7*7 }}<w:p/>&#x0;", "#panic()" + text):
        made = make_paper("committee_meeting_notice", {"estate": hostile, "agenda": [{"matter": hostile}]}, "docx")
        document = docx.Document(io.BytesIO(made.content))
        shown = "".join("".join(p.text for p in document.paragraphs).split())
        if "{{7*7}}" in "".join(hostile.split()):
            assert "{{7*7}}<w:p/>&#x0;" in shown
    assert make_paper("committee_meeting_notice", {"estate": "#panic()" + text}, "pdf").content[:5] == b"%PDF-"
