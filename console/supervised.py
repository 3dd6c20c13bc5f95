"""挂账督办: the tickets a street office keeps on its books because a promise was broken or a higher level has taken them up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import Region
from console.access import Viewer
from console.clock_view import ClockView, read_clocks
from console.inbox import audience_of, place_words
from console.ledger import MOST_ROWS, plain
from console.rendering import LEVEL_NAMES, STATE_NAMES, category_name, local
from console.scope import tickets_of
from storage.models import ClockRow, ConversationRow, TicketRow
from tickets.change_ticket import RESIDENT
from tickets.ticket import ticket_record

COLUMNS = (
    "序号", "编号", "来源", "时间", "地区", "小区", "地点", "类别", "诉求", "责任单位", "配合单位", "时限", "超时情况", "进展",
    "督办级别", "催办次数", "状态", "销号时间",
)  # fmt: skip
SOURCES = {"web": "网页", "telegram": "Telegram", "terminal": "值班终端"}
MINUTE = "%Y-%m-%d %H:%M"
KINDS = ("repair", "complaint", "emergency")


def supervised_rows(session: Session, viewer: Viewer, regions: dict[str, Region], now: datetime, region: str = "") -> list[list[str]]:
    """The rows of the books within the operator's scope, oldest first, numbers masked. Refused over 20,000 rows.

    On the books stands what was ever escalated above the company or broke a promise; 销号时间 is empty until it is closed.
    """
    broken = exists().where(
        ClockRow.ticket_id == TicketRow.id,
        or_(ClockRow.state == "breached", (ClockRow.state == "running") & (ClockRow.due_at < now)),
    )
    query = select(TicketRow).where(
        tickets_of(viewer),
        TicketRow.kind.in_(KINDS),
        TicketRow.state.not_in(("withdrawn", "merged", "rejected")),
        or_(TicketRow.level != "company", broken),
    )
    if region:
        query = query.where(TicketRow.region == region)
    rows = list(session.scalars(query.order_by(TicketRow.opened_at, TicketRow.id).limit(MOST_ROWS + 1)))
    if len(rows) > MOST_ROWS:
        raise Refused(f"超过 {MOST_ROWS} 行", "选一个地区再导出", status=422, code="too_many")
    return [[plain(value) for value in (number, *_row(session, viewer, row, regions, now))] for number, row in enumerate(rows, 1)]


def _row(session: Session, viewer: Viewer, row: TicketRow, regions: dict[str, Region], now: datetime) -> Sequence[Any]:
    seen = audience_of(viewer)
    record = ticket_record(session, row, audience="queue" if seen == "office" else seen)
    clocks = read_clocks(session, row, record["clocks"], now)
    region = regions.get(row.region)
    return (
        row.number, _source(session, row), local(row.opened_at, MINUTE), region.name if region else row.region, row.community,
        place_words({**record["place"], "community": None}), category_name(row.category, row.kind), record["description"],
        row.lead_unit, "、".join(map(str, row.support_units)), _limits(clocks), _late(clocks), _progress(record["history"]),
        LEVEL_NAMES.get(row.level, row.level), row.chased, STATE_NAMES.get(row.state, row.state), local(row.closed_at, MINUTE),
    )  # fmt: skip


def _source(session: Session, row: TicketRow) -> str:
    conversation = session.get(ConversationRow, row.conversation_id) if row.conversation_id else None
    return SOURCES.get(conversation.channel, conversation.channel) if conversation else "其他系统"


def _limits(clocks: Sequence[ClockView]) -> str:
    names = {"respond": "响应", "handle": "办理", "resolve": "解决"}
    return "；".join(f"{names[c.name]} {local(c.due, MINUTE)}（{c.plan} {c.clause}）" for c in clocks if c.due is not None)


def _late(clocks: Sequence[ClockView]) -> str:
    names = {"respond": "响应", "handle": "办理", "resolve": "解决"}
    return "；".join(f"{names[c.name]}{c.left}" for c in clocks if c.red) or "未超时"


def _progress(history: Sequence[dict[str, Any]]) -> str:
    """The last thing an office or a company wrote; what the resident said is no progress."""
    last = next((line for line in reversed(history) if line["text"] and line["by"] != RESIDENT and line["event"] != "opened"), None)
    return f"{local(datetime.fromisoformat(last['at']), MINUTE)} {last['text']}" if last else ""
