"""Small commands of the CLI that list, add and export rows."""

import csv
import json
import secrets
import sys
from pathlib import Path
from typing import Any

import segno
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot.operator_linking import end_chats_of, offer_operator_code
from config.categories import categories
from config.refusal import Refused
from config.regions import regions
from config.settings import Settings
from config.words import Words
from console.operators import add_operator
from processes.assemble import clock
from storage.api_keys import make_key
from storage.audit import record
from storage.database import Database
from storage.migrate import migrate
from storage.models import PlaceCodeRow, TicketRow
from tickets.ticket import ticket_record

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _open(settings: Settings) -> Database:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.database_url)
    return Database(settings.database_url)


def _tickets(settings: Settings, region: str | None, state: str | None = None) -> list[TicketRow]:
    with _open(settings).read() as session:
        query = select(TicketRow).order_by(TicketRow.id.desc()).limit(500)
        if region:
            query = query.where(TicketRow.region == region)
        if state:
            query = query.where(TicketRow.state == state)
        return list(session.scalars(query))


def list_tickets(settings: Settings, out: Console, region: str | None, state: str | None) -> None:
    """The newest tickets."""
    table = Table("工单号", "类别", "状态", "小区", "牵头单位", "提交时间")
    for row in _tickets(settings, region, state):
        title = categories()[row.category].title
        table.add_row(row.number, title, row.state, row.community or "", row.lead_unit, f"{row.opened_at:%Y-%m-%d %H:%M}Z")
    out.print(table)


def show_ticket(settings: Settings, number: str) -> None:
    """One ticket as JSON."""
    with _open(settings).read() as session:
        row = session.scalar(select(TicketRow).where(TicketRow.number == number))
        if row is None:
            raise Refused(f"没有工单 {number}", "用 linda tickets list 查看")
        sys.stdout.write(json.dumps(ticket_record(session, row, audience="office"), ensure_ascii=False, indent=1) + "\n")


def safe_cell(value: Any) -> str:
    """A CSV cell no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip().startswith(RISKY) else text


def export_tickets(settings: Settings, out: Console, file: Path, region: str | None) -> None:
    """The ledger as CSV with a BOM, so that WPS and Excel read it; no resident's identity."""
    words = Words()
    rows = _tickets(settings, region)
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["工单号", "类型", "类别", "状态", "地区", "小区", "楼号", "单元", "牵头单位", "层级", "提交时间", "办结时间"])
        for row in rows:
            cells = [
                row.number,
                words(f"kind_{row.kind}"),
                categories()[row.category].title,
                words(f"state_{row.state}"),
                row.region,
                row.community,
                row.building,
                row.unit,
                row.lead_unit,
                row.level,
                row.opened_at.isoformat(),
                row.resolved_at.isoformat() if row.resolved_at else "",
            ]
            writer.writerow([safe_cell(cell) for cell in cells])
    out.print(f"已导出 {len(rows)} 条到 {file}")


def add_one_operator(settings: Settings, out: Console, given: dict[str, Any]) -> None:
    """Add an operator; the password is shown once."""
    password = add_operator(_open(settings), **given, now=clock(), actor="cli")
    out.print(f"{given['login']} 的密码：[bold]{password}[/bold]（只显示这一次）")


def link_operator_chat(settings: Settings, out: Console, login: str, *, end: bool) -> None:
    """A code for the operator's own Telegram chat, shown once; with `end` his chat is taken away."""
    with _open(settings).write() as session:
        if end:
            ended = end_chats_of(session, "telegram", login, "cli", clock())
            out.print(f"{login} 的 Telegram 关联已取消。" if ended else f"{login} 没有关联 Telegram。")
            return
        code = offer_operator_code(session, "telegram", login, "cli", clock())
    out.print(f"{login} 的关联码：[bold]{code}[/bold]（十分钟内由本人私聊发给机器人，只能用一次）")


def add_key(settings: Settings, out: Console, name: str, regions_allowed: list[str]) -> None:
    """Add an API key; shown once."""
    with _open(settings).write() as session:
        _, key = make_key(session, name, regions_allowed, clock())
        record(session, "cli", "api_key.added", name, {}, clock())
    out.print(f"接口密钥 {name}：[bold]{key}[/bold]（只显示这一次）")


def add_place_code(settings: Settings, out: Console, region: str, place: dict[str, str]) -> None:
    """A new QR place: prints its address and the code itself."""
    if region not in regions():
        raise Refused(f"没有 {region} 这个地区", f"可选：{'、'.join(regions())}")
    token = secrets.token_urlsafe(9)
    with _open(settings).write() as session:
        session.add(PlaceCodeRow(token=token, region=region, place=place, made_at=clock()))
        record(session, "cli", "place_code.added", token, place, clock())
    address = f"{settings.public_url}/p/{token}"
    out.print(address)
    segno.make(address, error="m").terminal(compact=True)
