"""`linda doctor`: looks at every part and says what is wrong and what to do."""

import json

import httpx
from rich.console import Console
from rich.table import Table

from bot.inbox import counts as inbox_counts
from config.refusal import Refused
from config.regions import regions
from config.settings import PROJECT, Settings
from knowledge.library import load_library
from storage.audit import verify
from storage.database import Database
from storage.outbox import counts as outbox_counts


def examine(settings: Settings, out: Console) -> None:
    """Print one line a part; Refused when any is faulty."""
    table = Table("部分", "情况", title="邻答体检")
    faults: list[str] = []

    def check(part: str, look: object) -> None:
        try:
            state = str(look())  # type: ignore[operator]
        except Exception as error:  # every fault is reported, none hides the next
            faults.append(part)
            state = f"故障：{error}"
        table.add_row(part, state)

    check("地区与路由", lambda: f"{len(regions())} 个地区")
    check("政策文件", lambda: f"{len(load_library(PROJECT / 'knowledge').plans)} 份")
    check("句子编码器", lambda: "有" if (settings.encoder_dir / "model.onnx").exists() else "没有（按字匹配，准确率较低）")
    check("理解模型", lambda: json.loads((PROJECT / "nlu" / "models" / "linda.json").read_text(encoding="utf-8"))["sha256"][:12])
    check("数据库", lambda: _database(settings))
    check("服务", lambda: httpx.get(f"http://{settings.host}:{settings.port}/readyz", timeout=3.0, trust_env=False).json()["parts"])
    out.print(table)
    if faults:
        raise Refused(f"有问题的部分：{'、'.join(faults)}", "服务没启动就先 make run，其余看上表")


def _database(settings: Settings) -> str:
    database = Database(settings.database_url)
    with database.read() as session:
        broken = verify(session)
        inbox, outbox = inbox_counts(session), outbox_counts(session)
    database.close()
    if broken:
        raise Refused(f"审计链有 {len(broken)} 处不符：{broken[0]}")
    return f"收件 {inbox}；发件 {outbox}；审计链完好"
