"""`linda plans import|list|end`: files become drafts; an operator confirms them in the console."""

from contextlib import closing
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from config.refusal import Refused
from config.settings import PROJECT, Settings
from knowledge.import_file import read_file
from knowledge.import_identity import Kind
from knowledge.import_plan import Draft, day_title, make_draft, region_title, renamed
from knowledge.imported import drafts, end_plan, read_shelf, save_draft
from knowledge.library import Library, load_library
from knowledge.live import overlaid
from knowledge.provisions import Provision, Value
from processes.assemble import clock
from storage.database import Database
from storage.migrate import migrate

BEIJING = ZoneInfo("Asia/Shanghai")
STANDING = {"in_force": "现行", "ended": "已期满", "draft": "征求意见稿"}
KINDS = {
    "number": "数量", "deadline": "时限", "frequency": "频次", "target": "目标", "list": "清单", "responsible": "责任单位",
    "procedure": "程序", "term": "术语", "duty": "要求", "right": "权利", "prohibition": "禁止", "consequence": "后果", "support": "扶持",
}  # fmt: skip
_SHOWN = 40


def _open(settings: Settings) -> Database:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.database_url)
    return Database(settings.database_url)


def import_plan(settings: Settings, out: Console, file: Path, plan_id: str | None, kind: str | None) -> None:
    """Read a file, show what was understood, keep it as a draft."""
    chosen: Kind | None = "law" if kind == "law" else "plan" if kind == "plan" else None
    if kind is not None and chosen is None:
        raise Refused(f"没有 {kind} 这种文件", "--kind 写 plan（政策文件）或 law（法律法规）")
    library = load_library(PROJECT / "knowledge")
    draft = make_draft(read_file(file), library.binding.regions, chosen, known=library.provisions)
    name = _named(plan_id, draft)
    with closing(_open(settings)) as database, database.write() as session:
        kept = save_draft(session, draft, library, "cli", clock(), name)
    show_draft(out, renamed(draft, kept), library)
    out.print(f"已存为草稿 [bold]{kept}[/bold]，还不用来回答。核对后在后台“文件库”里确认：")
    out.print(f"{settings.public_url}/console/plans/drafts/{kept}", soft_wrap=True)


def _named(plan_id: str | None, draft: Draft) -> str | None:
    if plan_id is None:
        return None
    bare = plan_id.removeprefix("law:")
    if not bare.isascii() or not bare.replace("-", "").isalnum() or bare != bare.lower() or not 2 <= len(bare) <= 50:
        raise Refused(f"编号 {plan_id} 不合格式", "用小写字母、数字和短横线，例如 kundulun-2026")
    return f"law:{bare}" if draft.understood.kind == "law" else bare


def show_draft(out: Console, draft: Draft, library: Library) -> None:
    """What was understood, as tables."""
    known = draft.understood
    facts = Table(show_header=False, title="读出来的", title_justify="left", box=None)
    rows = {
        "标题": known.title, "文号": known.doc_number or "（没有）", "种类": "法律法规" if known.kind == "law" else "政策文件",
        "发文机关": known.issuer or "（没有读出）", "发文": day_title(known.issued), "施行": day_title(known.starts),
        "有效期至": day_title(known.ends), "地区": region_title(known.region, library.binding.regions),
        "效力": STANDING[known.standing], "条款": f"{len(draft.plan.clauses)} 个（拼起来与原文一致）",
        "条目": f"{len(draft.provisions)} 个，含数字的 {sum(bool(p.values) for p in draft.provisions)} 个，"
        f"沿用已有文件读过的 {sum(p.twin is not None for p in draft.provisions)} 个",
    }  # fmt: skip
    for name, value in rows.items():
        facts.add_row(name, value)
    out.print(facts)
    table = Table("条款", "种类", "说的是", "比较", "数值", "单位", "期限/频次", "原文", title="含数字的条目")
    counted = [p for p in draft.provisions if p.values]
    for p in counted[:_SHOWN]:
        _provision_rows(table, p)
    out.print(table)
    if len(counted) > _SHOWN:
        out.print(f"另有 {len(counted) - _SHOWN} 个含数字的条目，在后台查看")
    if draft.doubts:
        out.print(Panel("\n".join(f"· {d}" for d in draft.doubts), title="请核对", border_style="yellow"))


def _provision_rows(table: Table, p: Provision) -> None:
    for place, value in enumerate(p.values):
        first = place == 0
        table.add_row(
            p.clause if first else "", KINDS[p.kind] if first else "", value.name, value.comparator, str(value.value), value.unit,
            timing(p, value), p.answer if first else "",
        )  # fmt: skip


def timing(p: Provision, value: Value) -> str:
    """The deadline or the frequency of a value; empty for a mere quantity."""
    if value.unit == "每次间隔":
        return f"每{value.value}"
    return f"{value.value}{value.unit}" if p.kind == "deadline" or value.unit == "年底" else ""


def list_plans(settings: Settings, out: Console) -> None:
    """All plans with number, standing today, region; drafts last."""
    library = load_library(PROJECT / "knowledge")
    today = clock().astimezone(BEIJING).date()
    with closing(_open(settings)) as database, database.read() as session:
        shelf, waiting = read_shelf(session), drafts(session)
    table = Table("id", "标题", "文号", "效力", "地区", "施行", "到", "来历")
    own = [(p.identity, f"自带，{len(p.clauses)} 个条款") for p in library.plans.values()]
    for identity, origin in [*own, *((i, "导入") for i, _ in shelf.plans)]:
        known = overlaid(identity, shelf.ends.get(identity.id))
        standing = STANDING[known.standing_on(today)] if not known.starts or known.starts <= today else "尚未施行"
        after = f"，由 {known.followed_by} 代替" if known.replaced else ""
        place = region_title(known.region, library.binding.regions)
        days = [str(known.starts or ""), str(known.ends or "")]
        table.add_row(known.id, known.title, known.doc_number or "", standing, place, *days, f"{origin}{after}")
    for row in waiting:
        place = region_title(row.region, library.binding.regions)
        days = [str(row.starts or ""), str(row.ends or "")]
        table.add_row(row.id, row.title, row.doc_number or "", "待确认", place, *days, "导入草稿")
    out.print(table)


def end(settings: Settings, out: Console, plan_id: str, on: str) -> None:
    """Set the last day of a plan."""
    try:
        last_day = date.fromisoformat(on)
    except ValueError:
        raise Refused(f"{on} 不是日期", "写成 2026-12-31") from None
    with closing(_open(settings)) as database, database.write() as session:
        end_plan(session, plan_id, last_day, load_library(PROJECT / "knowledge"), "cli", clock())
    out.print(f"{plan_id} 到 {last_day} 为止有效，之后只作历史依据；正在运行的进程下一问就按此回答")
