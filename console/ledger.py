"""The ledger: the tickets of a filter as a table file that no spreadsheet program takes for formulas."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import Region
from console.access import Viewer
from console.clock_view import read_clocks
from console.inbox import Filters, audience_of, chosen, place_words
from console.rendering import CLOCK_STATE_NAMES, LEVEL_NAMES, STATE_NAMES, category_name, form_name, kind_name, local
from storage.masking import mask
from storage.models import TicketRow
from tickets.ticket import ticket_record

MOST_ROWS = 20_000
FULL = "%Y-%m-%d %H:%M:%S"
COLUMNS = (
    "工单号", "类型", "类别", "状态", "地区", "小区", "地点", "物业形态", "描述", "牵头单位", "配合单位", "层级",
    "上报时间", "响应", "办理", "解决", "催办次数", "办结时间", "关闭时间", "理由",
)  # fmt: skip
# In characters; of every table that is exported.
WIDTHS = {
    "序号": 6, "类型": 8, "状态": 10, "层级": 8, "催办次数": 8, "工单号": 18, "编号": 18, "描述": 48, "诉求": 48, "进展": 40, "地点": 28,
    "响应": 26, "办理": 26, "解决": 26, "时限": 30, "超时情况": 30, "配合单位": 24, "理由": 24,
}  # fmt: skip
USUAL_WIDTH = 18
CLOCKS = ("respond", "handle", "resolve")
_DANGEROUS = frozenset("=+-@|%\t\r\n")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_LONGEST_CELL = 32_000


def plain(value: Any) -> str:
    """A value as one line of text that XML and spreadsheets can hold."""
    text = _FORBIDDEN.sub("", "" if value is None else str(value))
    return " ".join(text.split())[:_LONGEST_CELL]


def inert(text: str) -> str:
    """`text` so that a spreadsheet reading CSV keeps it as text: a leading apostrophe before anything that starts like a formula.

    Full-width signs, blanks, quotes and invisible characters before the sign do not help an attacker: they are looked through.
    """
    seen = unicodedata.normalize("NFKC", text).lstrip(" \t\r\n\u00a0\u3000'\"`\u200b\u200c\u200d\u2060\ufeff")
    return f"'{text}" if seen[:1] in _DANGEROUS and seen else text


def ledger_rows(session: Session, viewer: Viewer, filters: Filters, regions: dict[str, Region], now: datetime) -> list[list[str]]:
    """The rows of the ledger within the operator's scope, numbers masked. Refused over 20,000 rows."""
    rows = list(session.scalars(chosen(viewer, filters, now).limit(MOST_ROWS + 1)))
    if len(rows) > MOST_ROWS:
        raise Refused(f"超过 {MOST_ROWS} 行", "用筛选缩小范围后再导出", status=422, code="too_many")
    return [[plain(value) for value in _row(session, viewer, row, regions, now)] for row in rows]


def _row(session: Session, viewer: Viewer, row: TicketRow, regions: dict[str, Region], now: datetime) -> list[Any]:
    # Onlookers' and the company side's records are masked already; a ledger leaves the house, so it always is.
    seen = audience_of(viewer)
    record = ticket_record(session, row, audience="queue" if seen == "office" else seen)
    clocks = {clock.name: clock for clock in reversed(read_clocks(session, row, record["clocks"], now))}
    shown = [
        f"{CLOCK_STATE_NAMES.get(c.state, c.state)} {local(c.due, FULL)}".strip() if (c := clocks.get(name)) else "" for name in CLOCKS
    ]
    region = regions.get(row.region)
    return [
        row.number, kind_name(row.kind), category_name(row.category, row.kind), STATE_NAMES.get(row.state, row.state),
        region.name if region else row.region, row.community, place_words({**record["place"], "community": None}),
        form_name(row.property_form), record["description"], row.lead_unit, "、".join(map(str, row.support_units)),
        LEVEL_NAMES.get(row.level, row.level), local(row.opened_at, FULL), *shown, row.chased,
        local(row.resolved_at, FULL), local(row.closed_at, FULL), mask(row.reason or ""),
    ]  # fmt: skip


def as_csv(rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS) -> bytes:
    """CSV (RFC 4180, UTF-8 with mark, so that Excel reads Chinese); every cell inert."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def as_xlsx(
    rows: Iterable[Sequence[str]], about: Sequence[tuple[str, str]], columns: Sequence[str] = COLUMNS, title: str = "台账"
) -> bytes:
    """A workbook: the table with every cell typed as text, and a sheet saying who exported what, when and why."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    for index, name in enumerate(columns):
        sheet.column_dimensions[chr(ord("A") + index)].width = WIDTHS.get(name, USUAL_WIDTH)
    sheet.append([_cell(sheet, name, bold=True) for name in columns])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    note = book.create_sheet("说明")
    for line in about:
        note.append([_cell(note, plain(value)) for value in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: str, *, bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"  # openpyxl takes a leading = for a formula otherwise
    cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell
