"""The `linda` command (contract 6). Exit 0 done, 1 refused with a one-line reason and its remedy, 2 usage."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from config.refusal import Refused
from config.settings import Settings
from processes import bench as bench_suites
from processes import evaluate as eval_suites
from processes import talk

app = typer.Typer(no_args_is_help=True, add_completion=False, help="邻答 Linda：小区居民的助手。")
plans_app = typer.Typer(no_args_is_help=True, help="政策文件。")
tickets_app = typer.Typer(no_args_is_help=True, help="工单。")
operators_app = typer.Typer(no_args_is_help=True, help="值班员与接口密钥。")
qr_app = typer.Typer(no_args_is_help=True, help="地点二维码。")
app.add_typer(plans_app, name="plans")
app.add_typer(tickets_app, name="tickets")
app.add_typer(operators_app, name="operators")
app.add_typer(qr_app, name="qr")
out = Console()

Region = Annotated[str | None, typer.Option("--region", help="地区 id，例如 donghe、ejinhoro、nmg、minle")]


@app.command()
def up() -> None:
    """启动全部（make run 就是它）。"""
    from processes.supervisor import up as start

    start(Settings())


@app.command()
def prepare() -> None:
    """训练模型、建索引、迁移数据库，不启动。"""
    from processes.supervisor import prepare as get_ready

    get_ready(Settings())


@app.command()
def serve(role: Annotated[str, typer.Argument(help="web：网页、接口、后台、动作端点与时钟")] = "web") -> None:
    """只启动应用进程（横向扩展用）。"""
    from processes.serve import main as start

    if role != "web":
        raise Refused(f"没有 {role} 这个角色", "现在只有 web 一个角色")
    start()


@app.command()
def ask(text: str, region: Region = None, as_json: Annotated[bool, typer.Option("--json", help="打印完整的 Turn")] = False) -> None:
    """问一句，打印一个回合。"""
    line = talk.connect(Settings(), region)
    turn = line.say(text)
    if as_json:
        sys.stdout.write(json.dumps(turn, ensure_ascii=False, indent=1) + "\n")
    else:
        talk.show(out, turn)


@app.command()
def chat(region: Region = None) -> None:
    """在终端里对话。"""
    talk.chat(out, talk.connect(Settings(), region))


@app.command("eval")
def evaluate(
    suite: Annotated[str, typer.Argument(help="understanding | policy")],
    files: Annotated[list[Path] | None, typer.Argument(help="同样列的外部文件；不给就用自带的留出集")] = None,
) -> None:
    """打印评测数字；低于存档基线就失败。"""
    eval_suites.run(Settings(), suite, files or [])


@app.command()
def bench(suite: Annotated[str, typer.Argument(help="turn | knowledge")] = "turn") -> None:
    """打印速度数字。"""
    bench_suites.run(Settings(), suite)


@app.command()
def doctor() -> None:
    """检查各部分是否正常。"""
    from processes.doctor import examine

    examine(Settings(), out)


@plans_app.command("list")
def plans_list() -> None:
    """列出文件、效力和适用地区，待确认的草稿在最后。"""
    from processes.plans import list_plans

    list_plans(Settings(), out)


@plans_app.command("import")
def plans_import(
    file: Annotated[Path, typer.Argument(help=".docx、.txt 或文字版 PDF")],
    plan_id: Annotated[str | None, typer.Option("--id", help="编号，例如 kundulun-2026；不写由系统取")] = None,
    kind: Annotated[str | None, typer.Option(help="plan（政策文件）或 law（法律法规）；不写由系统判断")] = None,
) -> None:
    """导入一份文件为草稿；后台确认后才用来回答。"""
    from processes.plans import import_plan

    import_plan(Settings(), out, file, plan_id, kind)


@plans_app.command("end")
def plans_end(plan_id: str, on: Annotated[str, typer.Option("--on", help="最后一天，例如 2026-12-31")]) -> None:
    """给一份文件定最后一天。"""
    from processes.plans import end

    end(Settings(), out, plan_id, on)


@plans_app.command("check")
def plans_check() -> None:
    """核对条款、条目与原文。"""
    from knowledge.check import main as check

    raise typer.Exit(check())


@tickets_app.command("list")
def tickets_list(region: Region = None, state: str | None = None) -> None:
    """列出工单。"""
    from processes.listings import list_tickets

    list_tickets(Settings(), out, region, state)


@tickets_app.command("show")
def tickets_show(number: str) -> None:
    """一张工单的全部记录。"""
    from processes.listings import show_ticket

    show_ticket(Settings(), number)


@tickets_app.command("export")
def tickets_export(file: Path, region: Region = None) -> None:
    """导出台账 CSV（公式安全，不含居民身份）。"""
    from processes.listings import export_tickets

    export_tickets(Settings(), out, file, region)


@operators_app.command("add")
def operators_add(  # noqa: PLR0913  # one option per field of an operator
    login: str,
    name: Annotated[str, typer.Option()] = "",
    role: Annotated[str, typer.Option(help="operator | supervisor | observer | admin")] = "operator",
    side: Annotated[str, typer.Option(help="company | street | county")] = "street",
    regions: Annotated[list[str] | None, typer.Option("--region")] = None,
    communities: Annotated[list[str] | None, typer.Option("--community")] = None,
) -> None:
    """新增值班员，打印一次性密码。"""
    from processes.listings import add_one_operator

    given: dict[str, Any] = {"login": login, "name": name or login, "role": role, "side": side}
    add_one_operator(Settings(), out, {**given, "regions": regions or [], "communities": communities or []})


@operators_app.command("key")
def operators_key(name: str, region: Annotated[list[str] | None, typer.Option()] = None) -> None:
    """新增后端系统的接口密钥，只显示一次。"""
    from processes.listings import add_key

    add_key(Settings(), out, name, region or [])


@operators_app.command("telegram")
def operators_telegram(login: str, end: Annotated[bool, typer.Option("--end", help="取消这位值班员的 Telegram 关联")] = False) -> None:
    """给值班员一个十分钟内有效的关联码，由他本人私聊发给机器人。"""
    from processes.listings import link_operator_chat

    link_operator_chat(Settings(), out, login, end=end)


@qr_app.command("add")
def qr_add(region: str, community: str, building: str = "", unit: str = "", spot: str = "") -> None:
    """新增一个地点码，打印网址和二维码。"""
    from processes.listings import add_place_code

    place = {"community": community, "building": building, "unit": unit, "spot": spot}
    add_place_code(Settings(), out, region, {k: v for k, v in place.items() if v})


@app.command()
def backup(file: Path) -> None:
    """在线备份 SQLite 数据库与密钥、照片为一个压缩包。"""
    from processes.backup import backup as save

    save(Settings(), out, file)


@app.command()
def restore(file: Path) -> None:
    """从备份恢复到空的数据目录。"""
    from processes.backup import restore as bring_back

    bring_back(Settings(), out, file)


def main() -> None:
    """Run; a refusal is one line with its remedy and exit 1."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        app()
    except Refused as refused:
        remedy = f"（{refused.remedy}）" if refused.remedy else ""
        sys.stderr.write(f"{refused.reason}{remedy}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
