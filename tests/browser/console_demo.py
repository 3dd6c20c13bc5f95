"""A console full of invented people and tickets: `python -m tests.browser.console_demo [PORT]` to look at, and used by the browser test."""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi.staticfiles import StaticFiles
from sqlalchemy import select

from console.operators import ensure_admin
from console.take_over import listen
from storage.api_keys import make_key
from storage.database import Database
from storage.models import Base, OperatorRow, TicketRow
from tests.server import free_port
from tests.unit.console.stage import ESTATE, Stage
from tickets.ladder import sweep
from tickets.operator import claim, reply_to_resident, set_state
from tickets.resident import chase

VENDOR = (Path("var/static/vendor"), Path("node_modules/htmx.org/dist"))


class WallClock:
    """The wall clock, moved back while the demo's past is made."""

    def __init__(self) -> None:
        self.now: datetime | None = None

    def __call__(self) -> datetime:
        return self.now or datetime.now(UTC)

    def move(self, **length: float) -> None:
        """Nothing moves a wall clock."""


def fill(stage: Stage, clock: WallClock) -> None:
    """Make the people, tickets and questions of the demo."""
    from datetime import timedelta

    now = datetime.now(UTC)
    clock.now = now - timedelta(hours=30)
    stage.operator("li", "operator")
    stage.operator("zhang", "supervisor", regions=("baotou",))
    stage.operator("company", "operator", side="company", communities=(ESTATE,))
    stage.operator("watch", "observer", regions=("nmg",))
    late = stage.ticket(description="3号楼2单元楼道灯坏了三天了，老人晚上下楼看不见，差点摔了", category="lighting", spot="三楼楼道")
    clock.now = now - timedelta(hours=9)
    fees = "物业没贴通知就把停车费从80涨到150，我家3号楼2单元502，问谁谁不管"
    stage.ticket(kind="complaint", category="fees", description=fees, form="community")
    clock.now = now - timedelta(hours=2)
    stage.ticket(kind="handoff", category="other_complaint", description="机器人说不清楚，想找个人问问维修资金怎么申请", photo=False)
    taken = stage.ticket(kind="repair", category="elevator", description="5号楼电梯一直异响，按钮按了没反应", community="南排小区")
    clock.now = now - timedelta(minutes=12)
    stage.ticket(kind="emergency", category="gas_leak", description="楼道里一股臭鸡蛋味，越来越大，有老人在家", spot="2单元楼道")
    clock.now = now - timedelta(minutes=3)
    stage.ticket(description="厨房水管一直漏水，昨晚开始的，接了一盆了", form="community")
    clock.now = None
    _work(stage, late, taken, now)
    for text, times in (("公共收益多久公示一次啊", 4), ("小区能不能养大型犬", 2), ("外卖小哥进小区要不要登记", 1), ("你这回答没用", 1)):
        for _ in range(times):
            stage.unanswered(text, reason="disliked:没用" if "没用" in text else "nothing")


def _work(stage: Stage, late: str, taken: str, now: datetime) -> None:
    with stage.database.write() as session:
        people = {o.login: o for o in session.scalars(select(OperatorRow))}
        rows = {t.number: t for t in session.scalars(select(TicketRow))}
        claim(session, rows[taken], people["li"], now)
        set_state(session, rows[taken], people["li"], "in_progress", text="电梯维保单位已在路上", now=now)
        reply_to_resident(session, rows[taken], people["li"], "您好，维保的师傅半小时内到，麻烦先走楼梯。", now)
        listen(session, rows[taken], people["li"])
        chase(session, rows[late], text="都第三天了，到底来不来", now=now)
        make_key(session, "区住建局派单系统", ["donghe"], now)
    stage.say(taken, "好的，师傅到了给我打电话 13912345678")
    sweep(stage.database, now)


@contextmanager
def demo(port: int | None = None) -> Iterator[tuple[str, Stage]]:
    """The demo as a running server: its address and its stage."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/linda.db")
        Base.metadata.create_all(database.engine)
        clock = WallClock()
        stage = Stage(database, Path(folder), clock)  # type: ignore[arg-type]
        password = ensure_admin(database, datetime.now(UTC))
        assert password is not None
        stage.passwords["admin"] = password
        fill(stage, clock)
        vendor = next(path for path in VENDOR if (path / "htmx.js").exists())
        stage.app.mount("/static/vendor", StaticFiles(directory=vendor))
        port = port or free_port()
        server = uvicorn.Server(uvicorn.Config(stage.app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.05)
        try:
            yield f"http://127.0.0.1:{port}", stage
        finally:
            server.should_exit = True
            thread.join(5)
            database.close()


if __name__ == "__main__":
    with demo(int(sys.argv[1]) if len(sys.argv) > 1 else None) as (address, stage):
        print(f"{address}/console", stage.passwords, flush=True)
        threading.Event().wait()
