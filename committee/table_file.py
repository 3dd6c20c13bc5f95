"""Reads an uploaded table (XLSX, or CSV in UTF-8 or GB 18030) into rows of text; refuses what is too big, damaged, or no table."""

import csv
import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl

from config.refusal import Refused

MOST_BYTES = 8_000_000
MOST_UNPACKED = 80_000_000
MOST_ROWS = 20_000
HEADER_WITHIN = 10  # rows in which the line of headings is looked for


def table_rows(content: bytes, file_name: str, code: str) -> list[list[str]]:
    """Every row of the first sheet as text. Refused (with this `code`) when it cannot be read or has more than 20,000 rows."""
    if len(content) > MOST_BYTES:
        raise Refused("表格太大（超过 8 MB）", "只留需要的几列再传", code=code)
    rows = _xlsx_rows(content, code) if content[:2] == b"PK" else _csv_rows(content, file_name, code)
    if len(rows) > MOST_ROWS + HEADER_WITHIN:
        raise Refused(f"表格超过 {MOST_ROWS} 行", "分几次传", code=code)
    return rows


def column_of(cells: list[str], words: tuple[str, ...]) -> int | None:
    """The place of the heading that is, or holds, one of these words."""
    exact = next((i for i, cell in enumerate(cells) if cell in words), None)
    if exact is not None:
        return exact
    return next((i for i, cell in enumerate(cells) if any(word in cell.lower() for word in words)), None)


def _xlsx_rows(content: bytes, code: str) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED:
                raise Refused("表格解开后太大", "另存为新的 .xlsx 再传", code=code)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        lines = sheet.iter_rows(max_row=MOST_ROWS + HEADER_WITHIN + 1, max_col=40, values_only=True)
        rows = [[_text(value) for value in line] for line in lines]
        book.close()
    except Refused:
        raise
    except Exception as error:  # openpyxl raises many kinds for a damaged file; all mean the same to the sender
        raise Refused("这个表格打不开", "用 WPS 或 Excel 另存为 .xlsx 再传", code=code) from error
    return rows


def _csv_rows(content: bytes, file_name: str, code: str) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Refused(f"{file_name} 不是表格", "传 .xlsx 或 .csv 文件", code=code)
    if "\0" in text:
        raise Refused(f"{file_name} 不是表格", "传 .xlsx 或 .csv 文件", code=code)
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text))]
    except csv.Error as error:
        raise Refused("这个 CSV 读不懂", "另存为 .xlsx 再传", code=code) from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time().isoformat() != "00:00:00" else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
