"""The ledger as a file, with a reason that stays in the audit trail."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Form, Request, Response

from config.refusal import Refused
from console.door import Door, viewer_of
from console.inbox import VIEWS, Filters
from console.ledger import COLUMNS, FULL, as_csv, as_xlsx, ledger_rows
from console.look import look_at
from console.rendering import local
from console.supervised import COLUMNS as SUPERVISED_COLUMNS
from console.supervised import supervised_rows
from storage.audit import record

TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}
TABLES = {"ledger": ("台账", COLUMNS), "supervised": ("挂账督办", SUPERVISED_COLUMNS)}
Short = Annotated[str, Form(max_length=80)]


def add_export(door: Door) -> None:
    """The export route."""
    desk = door.desk

    @door.post("/console/export")
    def export(  # noqa: PLR0913 - the inbox's filters, the format and the reason
        request: Request,
        reason: Annotated[str, Form(max_length=200)] = "",
        format: Short = "xlsx",
        view: Short = "open",
        state: Short = "",
        region: Short = "",
        community: Short = "",
        kind: Short = "",
        category: Short = "",
        q: Short = "",
        table: Short = "ledger",
    ) -> Response:
        viewer, now = viewer_of(request), desk.clock()
        if format not in TYPES or view not in VIEWS or table not in TABLES:
            raise Refused("没有这种格式或范围", "选 XLSX 或 CSV，台账或挂账督办表", status=422, code="format")
        if not reason.strip():
            raise Refused("导出台账要写明用途", "填写用途后再导出", status=422, code="reason_missing")
        filters = Filters(view, state, region, community, kind, category, q.strip())
        with look_at(desk.database) as session:
            known = dict(desk.regions)
            supervised = table == "supervised"
            rows = supervised_rows(session, viewer, known, now, region) if supervised else ledger_rows(session, viewer, filters, known, now)
        title, columns = TABLES[table]
        asked = {k: v for k, v in asdict(filters).items() if v}
        detail = {"table": table, "reason": reason.strip(), "rows": len(rows), "format": format, "filters": asked}
        with desk.database.write() as session:
            record(session, viewer.actor, "ledger_exported", "ledger", detail, now)
        narrowed = (region or "全部辖区") if supervised else (filters.query() or "待办")
        about = [("导出人", f"{viewer.name}（{viewer.login}）"), ("时间", local(now, FULL)), ("用途", reason), ("行数", str(len(rows)))]
        about += [("筛选", narrowed), ("提示", "电话、证件号已隐去；含居民反映的内容，请勿外传")]
        content = as_csv(rows, columns) if format == "csv" else as_xlsx(rows, about, columns, title)
        headers = {"Content-Disposition": f'attachment; filename="linda-{table}-{local(now, "%Y%m%d-%H%M")}-{viewer.login}.{format}"'}
        return Response(content, media_type=TYPES[format], headers=headers)
