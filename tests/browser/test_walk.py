"""The ten-minute walk on both pages, with real parts: Rasa, the application, Chromium, the queue as a back end would use it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from config.settings import Settings
from console.operators import ensure_admin
from processes.scratch import running_linda
from storage.api_keys import make_key
from storage.database import Database
from tests.browser.browser import DESKTOP, PHONE, Watched, serious_faults

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(400)]
QUESTION = "社区代管的小区报的问题几天内要解决"
REPORT = "我家3号楼2单元502厨房水管一直漏水"


def _say(page: Watched, text: str) -> None:
    page.page.get_by_label("输入消息").fill(text)
    page.page.get_by_role("button", name="发送", exact=True).click()


def _picture(folder: Path) -> Path:
    path = folder / "leak.jpg"
    Image.effect_noise((900, 700), 60).convert("RGB").save(path)
    return path


def test_a_resident_and_an_operator_meet(tmp_path: Path, open_page: Callable[..., Watched]) -> None:
    with running_linda(Settings(), tmp_path) as linda:
        base = linda.settings.public_url
        database = Database(linda.settings.database_url)
        password = ensure_admin(database, datetime.now(UTC))
        with database.write() as session:
            _, key = make_key(session, "工单系统", [], datetime.now(UTC))
        assert password

        desk = open_page(f"{base}/console", DESKTOP)
        desk.page.get_by_label("登录名").fill("admin")
        desk.page.get_by_label("密码").fill(password)
        desk.page.get_by_role("button", name="登录").click()
        expect(desk.page.get_by_role("heading", name="工单")).to_be_visible()

        resident = open_page(f"{base}/", PHONE)
        resident.page.get_by_text("东河区", exact=False).first.click()
        resident.page.get_by_role("button", name="开始").click()
        _say(resident, QUESTION)
        citation = resident.page.locator(".Citation").first
        expect(citation).to_contain_text("三（二）1")
        expect(citation).to_contain_text("包东政办发〔2025〕32号")
        expect(resident.page.locator(".MessageList")).to_contain_text("15天")
        assert serious_faults(resident.page) == []

        _say(resident, REPORT)
        expect(resident.page.locator(".MessageList")).to_contain_text("哪个小区")
        _say(resident, "和平小区")
        expect(resident.page.locator(".MessageList")).to_contain_text("留个电话")
        resident.page.locator(".Write input[type=file]").first.set_input_files(str(_picture(tmp_path)))
        expect(resident.page.locator(".Tray-photo--ready")).to_have_count(1)
        _say(resident, "13812345678")
        expect(resident.page.locator(".MessageList")).to_contain_text("照片：1张")
        resident.page.get_by_role("button", name="提交", exact=True).click()
        expect(resident.page.locator(".MessageList")).to_contain_text("已受理")
        said = resident.page.locator(".MessageList").inner_text()
        found = re.search(r"LD\d{11}", said)
        assert found
        number = found.group(0)

        row = desk.page.locator(f"#row-{number}")
        expect(row).to_contain_text("和平小区")  # no reload
        assert serious_faults(desk.page) == []
        row.get_by_role("link", name=number).click()
        desk.page.get_by_role("button", name="认领").click()
        expect(desk.page.locator(".claim-bar")).to_contain_text("这张工单由您负责")
        expect(desk.page.locator("img[src*='photos'], img[src*='/console/']").first).to_be_visible()
        desk.page.locator("form.reply textarea").fill("师傅下午三点到，请家里留人。")
        desk.page.locator("form.reply").get_by_role("button", name="发送").click()
        expect(resident.page.locator(".MessageList")).to_contain_text("师傅下午三点到")

        _as_backend(base, key, number)
        expect(resident.page.locator(".MessageList")).to_contain_text("水管已更换", timeout=20_000)
        expect(desk.page.locator("main")).to_contain_text("水管已更换", timeout=20_000)
        assert resident.foreign == [] and desk.foreign == []
        assert resident.errors == [] and desk.errors == []
        resident.page.screenshot(path=str(tmp_path / "resident.png"))
        desk.page.screenshot(path=str(tmp_path / "desk.png"), full_page=True)
        database.close()


def _as_backend(base: str, key: str, number: str) -> None:
    """Lease until the ticket's opening comes, acknowledge, post the state back twice: the second has no effect."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{base}/api/v1", headers=headers, timeout=20.0, trust_env=False) as http:
        _lease_and_update(http, number)


def _lease_and_update(http: httpx.Client, number: str) -> None:
    seen: list[str] = []
    for _ in range(10):
        lease = http.post("/queue/leases", json={"max": 10, "lease_s": 30}).json()
        if not lease["lease"]:
            break
        seen += [event["type"] for event in lease["events"] if event["subject"] == number]
        assert http.post(f"/queue/leases/{lease['lease']}/ack").status_code == 200
    assert seen[0] == "linda.ticket.opened.v1"
    update = {
        "update_id": "u-1",
        "state": "resolved",
        "text": "水管已更换，试水半小时不漏",
        "by": "和平物业",
        "at": datetime.now(UTC).isoformat(),
    }
    first = http.post(f"/tickets/{number}/updates", json=update)
    again = http.post(f"/tickets/{number}/updates", json=update)
    assert first.status_code == 200 and again.status_code == 200
    ticket = http.post(f"/tickets/{number}/updates", json={**update, "text": "另一句"})
    assert ticket.status_code == 409
