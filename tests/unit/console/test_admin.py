"""Administration: accounts, keys, the audit trail."""

import re

from sqlalchemy import text

from storage.api_keys import find_key
from storage.models import ApiKeyRow, OperatorRow
from tests.unit.console.stage import Stage, post, sign_in

SECRET = re.compile(r'<code id="secret">([^<]+)</code>')


def test_an_administrator_makes_an_account_that_works(stage: Stage) -> None:
    stage.operator("boss", "admin")
    client = stage.client("boss")
    fields = {
        "login": "Wang.Fang",
        "name": "王芳",
        "role": "operator",
        "side": "street",
        "regions": ["donghe"],
        "communities": "和平里小区、南排小区\n",
    }
    made = post(client, "/console/operators/add", **fields)
    found = SECRET.search(made.text)
    assert found is not None
    assert sign_in(stage.visitor(), "wang.fang", found[1]).status_code == 303
    with stage.database.read() as session:
        row = session.query(OperatorRow).filter(OperatorRow.login == "wang.fang").one()
        assert (row.regions, row.communities) == (["donghe"], ["和平里小区", "南排小区"])
    again = post(client, "/console/operators/add", **fields)
    assert again.status_code == 409
    assert "王芳" in again.text  # what was typed is still there


def test_a_disabled_account_is_out_at_once(stage: Stage) -> None:
    stage.operator("boss", "admin")
    stage.operator("li")
    boss, li = stage.client("boss"), stage.client("li")
    assert post(boss, f"/console/operators/{stage.operator_id('li')}/disable").status_code == 200
    assert li.get("/console/inbox").status_code == 303
    assert sign_in(stage.visitor(), "li", stage.passwords["li"]).status_code == 401
    post(boss, f"/console/operators/{stage.operator_id('li')}/enable")
    assert sign_in(stage.visitor(), "li", stage.passwords["li"]).status_code == 303


def test_the_last_administrator_and_oneself_cannot_be_disabled(stage: Stage) -> None:
    stage.operator("boss", "admin")
    stage.operator("chief", "admin")
    boss = stage.client("boss")
    assert post(boss, f"/console/operators/{stage.operator_id('boss')}/disable").status_code == 409
    assert post(boss, f"/console/operators/{stage.operator_id('chief')}/disable").status_code == 200
    assert post(boss, "/console/operators/999/disable").status_code == 404
    assert boss.get("/console/operators").status_code == 200


def test_a_reset_password_replaces_the_old_one_and_ends_the_sessions(stage: Stage) -> None:
    stage.operator("boss", "admin")
    stage.operator("li")
    li = stage.client("li")
    page = post(stage.client("boss"), f"/console/operators/{stage.operator_id('li')}/password").text
    found = SECRET.search(page)
    assert found is not None
    assert li.get("/console/inbox").status_code == 303
    assert sign_in(stage.visitor(), "li", stage.passwords["li"]).status_code == 401
    assert sign_in(stage.visitor(), "li", found[1]).status_code == 303


def test_sessions_of_another_can_be_ended(stage: Stage) -> None:
    stage.operator("boss", "admin")
    stage.operator("li")
    li = stage.client("li")
    post(stage.client("boss"), f"/console/operators/{stage.operator_id('li')}/sessions/end")
    assert li.get("/console/inbox").status_code == 303


def test_a_key_made_here_is_the_one_the_queue_takes_until_it_is_revoked(stage: Stage) -> None:
    stage.operator("boss", "admin")
    client = stage.client("boss")
    found = SECRET.search(post(client, "/console/keys/make", name="派单系统", regions=["donghe"]).text)
    assert found is not None
    with stage.database.read() as session:
        key = find_key(session, found[1])
        assert key is not None
        assert (key.name, key.regions) == ("派单系统", ["donghe"])
        key_id = key.id
        assert session.query(ApiKeyRow).filter(ApiKeyRow.key_hash == found[1]).count() == 0
    assert found[1] not in client.get("/console/keys").text
    assert post(client, "/console/keys/make", name=" ").status_code == 422
    assert post(client, "/console/keys/make", name="x", regions=["atlantis"]).status_code == 422
    assert post(client, f"/console/keys/{key_id}/revoke").status_code == 200
    assert post(client, f"/console/keys/{key_id}/revoke").status_code == 404
    with stage.database.read() as session:
        assert find_key(session, found[1]) is None


def test_the_audit_page_tells_who_did_what_and_finds_a_changed_row(stage: Stage) -> None:
    stage.operator("boss", "admin")
    client = stage.client("boss")
    number = stage.ticket()
    post(client, f"/console/tickets/{number}/claim")
    page = client.get("/console/audit").text
    assert f"ticket:{number}" in page
    assert "认领工单" in page
    assert "整条链完好" in client.get("/console/audit?check=true").text
    assert number not in client.get("/console/audit?q=sign_in").text
    with stage.database.engine.begin() as connection:
        connection.execute(text("UPDATE audit SET action = 'nothing' WHERE action = 'ticket_claimed'"))
    assert "内容被改过" in client.get("/console/audit?check=true").text


def test_the_plan_library_lists_every_plan_with_its_standing(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    page = desk_stage.client("li").get("/console/plans").text
    assert page.count('class="card plan') == 5
    for words in ("包东政办发〔2025〕32号", "征求意见稿", "已到期", "/plans/nmg-2026"):
        assert words in page
