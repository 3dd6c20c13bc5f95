"""What is read from a file: every word of it, Word's own numbers, nothing deleted; page furniture is dropped and listed."""

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document

from config.refusal import Refused
from knowledge.import_docx import chinese
from knowledge.import_file import MOST_BYTES, read_bytes, read_file, without_furniture
from knowledge.plan import squeezed
from tests.unit.knowledge.import_files import NOTICE, notice_docx, notice_pdf


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_is_read_in_the_encodings_offices_use(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "通知.txt"
    file.write_bytes(NOTICE.replace("\n", "\r\n").encode(encoding))
    assert squeezed(read_file(file).text) == squeezed(NOTICE)


def test_a_docx_gives_its_automatic_numbers_and_no_deleted_words() -> None:
    text = squeezed(read_bytes(notice_docx(), "通知.docx").text)
    assert text == squeezed(NOTICE) + "由区住建局解释。"


def test_a_table_of_a_docx_is_read_cell_by_cell() -> None:
    document = Document()
    document.add_paragraph("一、考核内容。" + "各项考核按照下表执行，考核结果每年公布一次，作为物业服务企业信用评价的依据，并向社会公开。")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "1", "维修及时率达到95%以上，由街道办事处每季度检查。"
    out = io.BytesIO()
    document.save(out)
    assert read_bytes(out.getvalue(), "表.docx").lines[1:] == ("1", "维修及时率达到95%以上，由街道办事处每季度检查。")


def test_a_pdf_loses_its_heads_and_page_numbers_and_nothing_else(tmp_path: Path) -> None:
    read = read_bytes(notice_pdf(tmp_path), "通知.pdf")
    assert squeezed(read.text) == squeezed(NOTICE)
    assert {squeezed(f) for f in read.furniture} >= {"昆区文件汇编", "—1—", "—2—"}


def test_what_stands_on_most_pages_is_furniture_and_a_number_in_the_text_is_not() -> None:
    pages = [["某文件", "第一行", "12", "末行", f"- {n} -"] for n in range(1, 5)]
    kept, dropped = without_furniture(pages)
    assert kept == ["12"] * 4 + [] or "12" in kept
    assert "某文件" not in kept
    assert [d for d in dropped if d.startswith("-")] == ["- 1 -", "- 2 -", "- 3 -", "- 4 -"]
    assert without_furniture([["2026", "正文"]])[0] == ["正文"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.doc", b"x" * 400, "读不了 .doc"),
        ("a.txt", "太短".encode(), "几乎没有文字"),
        ("a.txt", b"\x00\x01\x02" * 200, "乱码"),
        ("a.docx", b"PK nothing", "不是完好的"),
        ("a.pdf", b"%PDF-1.7 broken", "PDF 打不开"),
        ("a.txt", b"x" * (MOST_BYTES + 1), "超过"),
        ("a.txt", ("字" * 700_000).encode(), "万字"),
    ],
)
def test_what_is_no_readable_text_is_refused_with_a_remedy(name: str, data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        read_bytes(data, name)
    assert refused.value.remedy


def test_a_scanned_pdf_is_refused(tmp_path: Path) -> None:
    import typst

    (tmp_path / "scan.typ").write_text("#rect(width: 100%, height: 50%)\n#pagebreak()\n#rect()", encoding="utf-8")
    with pytest.raises(Refused, match="扫描件"):
        read_bytes(typst.compile(tmp_path / "scan.typ"), "scan.pdf")


def test_a_docx_that_unpacks_without_end_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"\0" * (160 * 2**20))
    with pytest.raises(Refused, match="太大"):
        read_bytes(out.getvalue(), "a.docx")


@pytest.mark.parametrize(("number", "words"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (105, "一百零五"), (278, "二百七十八")])
def test_numbers_are_written_as_printed(number: int, words: str) -> None:
    assert chinese(number) == words
