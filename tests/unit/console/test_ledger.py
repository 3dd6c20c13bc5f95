"""The ledger leaves the house: no cell is a formula, no number of a person stands in it, and who took it is noted."""

import csv
import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from console.ledger import COLUMNS, as_csv, as_xlsx, inert, plain
from storage.models import AuditRow, TicketRow
from tests.randomness import without_random
from tests.unit.console.stage import Stage, post

FORMULAS = [
    "=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "　=1", "'=1", '"=1', "＝1+1", "＋1", "－1", "＠x",
    "=HYPERLINK(\"http://evil\",\"x\")", "\u200b=1", "%0A=1", "|x", "=cmd|'/c calc'!'A1'", "﹢1",
]  # fmt: skip


def _csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_that_starts_like_a_formula_stays_one(text: str) -> None:
    cell = _csv(as_csv([[plain(text)]]))[1][0]
    assert cell.startswith("'")
    book = load_workbook(io.BytesIO(as_xlsx([[plain(text)]], [])))
    found = book["台账"]["A2"]
    assert found.data_type in {"s", "inlineStr", "n"}
    assert found.value == plain(text)


def test_ordinary_words_and_numbers_stay_as_they_are() -> None:
    for text in ("水管漏水", "3号楼", "2026-11-20 09:30:00", "13812345678", "0472-1234567", "LD26112004711", "a=b", "", "价格-高"):
        assert inert(text) == text


@given(st.text(max_size=40))
def test_no_text_breaks_the_file_or_lives_in_it(text: str) -> None:
    rows = [[plain(text), "x"]]
    cell = _csv(as_csv(rows))[1][0]
    assert cell.lstrip(" '\"")[:1] not in set("=+@") or cell.startswith("'")
    with zipfile.ZipFile(io.BytesIO(as_xlsx(rows, [("导出人", text)]))) as book:
        for name in book.namelist():
            assert b"<f>" not in book.read(name) or not name.startswith("xl/worksheets")


def _export(stage: Stage, login: str, **fields: Any) -> Any:
    return post(stage.client(login), "/console/export", **{"reason": "例会", "format": "csv", "view": "all", **fields})


def test_the_ledger_holds_the_tickets_in_scope_masked(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    here, far = stage.ticket(description="=漏水 电话13812345678"), stage.ticket(region="minle")
    with stage.database.write() as session:
        session.query(TicketRow).filter(TicketRow.number == here).update({"lead_unit": "@甲公司"})
    answer = _export(stage, "boss")
    assert answer.headers["content-disposition"].startswith('attachment; filename="linda-ledger-')
    table = _csv(answer.content)
    assert table[0] == list(COLUMNS)
    assert [row[0] for row in table[1:]] == [here]
    line = dict(zip(COLUMNS, table[1], strict=True))
    assert line["描述"] == "'=漏水 电话***********"
    assert line["牵头单位"] == "'@甲公司"
    assert "按时" not in line["响应"]
    assert far not in answer.text
    sheet = load_workbook(io.BytesIO(_export(stage, "boss", format="xlsx").content))["台账"]
    assert sheet["A2"].value == here
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_an_export_needs_a_reason_and_is_noted(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    stage.ticket()
    assert _export(stage, "boss", reason=" ").status_code == 422
    assert _export(stage, "boss", format="exe").status_code == 422
    assert _export(stage, "boss").status_code == 200
    with stage.database.read() as session:
        noted = [
            (a.actor, a.detail["reason"], a.detail["rows"]) for a in session.query(AuditRow).filter(AuditRow.action == "ledger_exported")
        ]
    assert noted == [("operator:boss", "例会", 1)]


def test_a_complaints_author_does_not_leave_with_the_ledger(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "supervisor")
    desk_stage.ticket(kind="complaint", category="fees", description="我是3号楼2单元502的业主，我叫王小明，电话13812345678")
    text = _export(desk_stage, "boss").text
    assert not [secret for secret in ("王小明", "13812345678", "502") if secret in without_random(text)]


def test_too_many_rows_are_refused(desk_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.ledger.MOST_ROWS", 1)
    desk_stage.operator("boss", "supervisor")
    desk_stage.ticket()
    desk_stage.ticket()
    assert _export(desk_stage, "boss").status_code == 422
