"""挂账督办表: what was late or taken up higher, with the columns a street office keeps, and no live cell."""

import csv
import io
from datetime import timedelta
from typing import Any

from openpyxl import load_workbook

from console.supervised import COLUMNS
from storage.models import AuditRow, ClockRow, TicketRow
from tests.unit.console.stage import Stage, post


def _export(stage: Stage, **fields: Any) -> Any:
    return post(stage.client("boss"), "/console/export", **{"reason": "督办例会", "format": "csv", "table": "supervised", **fields})


def _late(stage: Stage, number: str) -> None:
    with stage.database.write() as session:
        row = session.query(TicketRow).filter(TicketRow.number == number).one()
        row.level, row.lead_unit = "county", "=甲公司"
        for clock in session.query(ClockRow).filter(ClockRow.ticket_id == row.id):
            if clock.due_at is not None:
                clock.state, clock.due_at = "breached", clock.started_at + timedelta(minutes=1)


def test_only_what_was_late_or_taken_up_stands_on_the_books(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    late, fine, far = stage.ticket(description="漏水 电话13812345678"), stage.ticket(), stage.ticket(region="minle")
    _late(stage, late)
    _late(stage, far)
    answer = _export(stage)
    assert answer.status_code == 200
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert table[0] == list(COLUMNS)
    assert [row[1] for row in table[1:]] == [late]
    line = dict(zip(COLUMNS, table[1], strict=True))
    assert line["序号"] == "1"
    assert line["责任单位"] == "'=甲公司"
    assert "13812345678" not in answer.text
    assert line["督办级别"]
    assert line["超时情况"] != "未超时"
    assert line["销号时间"] == ""
    assert fine not in answer.text
    assert far not in answer.text
    with stage.database.read() as session:
        assert [a.detail["table"] for a in session.query(AuditRow).filter(AuditRow.action == "ledger_exported")] == ["supervised"]


def test_the_workbook_has_no_formula_and_an_unknown_table_is_refused(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    _late(stage, stage.ticket())
    sheet = load_workbook(io.BytesIO(_export(stage, format="xlsx").content))["挂账督办"]
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert _export(stage, table="everything").status_code == 422
