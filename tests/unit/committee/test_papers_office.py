"""Every DOCX paper as an office program lays it out: one page, Chinese letters, no word of it lost, no signature alone on a page."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from committee.paper_file import read_papers
from committee.papers import make_paper

KINDS = sorted(read_papers())


def _fields(kind: str) -> dict[str, Any]:
    """Short words for every field: in a narrow column a long one would be broken."""
    paper = read_papers()[kind]
    filled: dict[str, Any] = {}
    for number, name in enumerate(paper.used_fields()):
        if name in paper.lists:
            filled[name] = [{key: f"{chr(65 + x)}{line}" for x, (key, _, _) in enumerate(paper.lists[name].columns)} for line in range(4)]
        else:
            filled[name] = f"定{number}值"
    return filled


def _pages(pdf: Path) -> list[str]:
    done = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    return ["".join(page.split()) for page in done.stdout.decode().split("\f") if page.strip()]


@pytest.mark.slow
def test_office_lays_every_paper_out(tmp_path: Path) -> None:
    for program in ("soffice", "pdftotext"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (apt-get install libreoffice-writer-nogui poppler-utils)")
    for kind in KINDS:
        (tmp_path / f"{kind}.docx").write_bytes(make_paper(kind, _fields(kind), "docx", notes=False).content)
        (tmp_path / f"{kind}_blank.docx").write_bytes(make_paper(kind, {"estate": "和平小区"}, "docx").content)
    files = sorted(tmp_path.glob("*.docx"))
    convert = ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "pdf", "--outdir", tmp_path]
    subprocess.run([*convert, *files], check=True, capture_output=True, timeout=240)
    for kind in KINDS:
        paper = read_papers()[kind]
        pages = _pages(tmp_path / f"{kind}.pdf")
        for value in _fields(kind).values():
            for wanted in [value] if isinstance(value, str) else [cell for row in value for cell in row.values()]:
                assert wanted in "".join(pages), (kind, wanted)
        assert paper.title in pages[0]
        assert len(_pages(tmp_path / f"{kind}_blank.pdf")) == 1, f"{kind}: an empty form takes one page"
        assert len(pages) == 1 or len(pages[-1]) > 40, f"{kind}: only the signature stands on the last page"
