"""Reads an uploaded table of ballots (XLSX, or CSV in UTF-8 or GB 18030) into rows of text; refuses what is too big or no table."""

from dataclasses import dataclass

from committee.table_file import HEADER_WITHIN, column_of, table_rows
from config.refusal import Refused

HEADERS = {
    "room": ("房号", "室号", "房屋", "房间", "门牌", "单元房号", "专有部分", "room"),
    "area": ("面积", "建筑面积", "平方米", "area"),
    "owner": ("业主", "姓名", "产权人", "权利人", "买受人", "owner"),
    "vote": ("表决", "投票", "意见", "选票", "票", "结果", "vote"),
}
NEEDED = ("room", "area", "vote")


@dataclass(frozen=True)
class Sheet:
    """The rows of a table as (row number people see, cells by column: room, area, owner, vote)."""

    rows: tuple[tuple[int, dict[str, str]], ...]


def read_sheet(content: bytes, file_name: str) -> Sheet:
    """The table of an uploaded file. Refused when it is too big, damaged, or has no headings for room, area and vote."""
    raw = table_rows(content, file_name, "ballots")
    at, columns = _headings(raw)
    rows = []
    for number, cells in enumerate(raw[at + 1 :], start=at + 2):
        named = {name: cells[place] if place is not None and place < len(cells) else "" for name, place in columns.items()}
        if any(cells):
            rows.append((number, named))
    return Sheet(tuple(rows))


def _headings(rows: list[list[str]]) -> tuple[int, dict[str, int | None]]:
    """The line of headings and the column of each; the first of the first lines that names all we need."""
    for at, cells in enumerate(rows[:HEADER_WITHIN]):
        columns = {name: column_of(cells, words) for name, words in HEADERS.items()}
        if all(columns[name] is not None for name in NEEDED):
            return at, columns
    raise Refused("没有找到表头", "第一行写上：房号、业主、面积、表决意见", code="ballots")
