"""The plan library in the console: a draft is checked, corrected and confirmed by those who may; everything stands in the audit."""

from datetime import date

import pytest

from knowledge.import_file import read_bytes
from knowledge.import_plan import make_draft
from knowledge.imported import read_shelf, save_draft
from knowledge.library import load_library
from storage.plan_rows import ImportedPlanRow
from tests.unit.console.stage import ESTATE, Stage, post
from tests.unit.knowledge.import_files import NOTICE

FIELDS = {
    "title": "东河区充电管理办法", "doc_number": "包东政办发〔2026〕41号", "issuer": "东河区人民政府办公室", "region": "donghe",
    "issued": "2026-09-10", "starts": "2026-10-01", "ends": "2028-09-30", "standing": "in_force",
}  # fmt: skip


def _draft(stage: Stage) -> str:
    library = load_library()
    with stage.database.write() as session:
        draft = make_draft(read_bytes(NOTICE.encode(), "通知.txt"), library.binding.regions)
        return save_draft(session, draft, library, "cli", stage.clock())


def _state(stage: Stage, plan_id: str) -> ImportedPlanRow:
    with stage.database.read() as session:
        row = session.get(ImportedPlanRow, plan_id)
        assert row is not None
        return row


def test_a_supervisor_corrects_and_confirms_a_draft(stage: Stage) -> None:
    plan_id = _draft(stage)
    stage.operator("boss", "supervisor")
    client = stage.client("boss")
    assert plan_id in client.get("/console/plans").text
    page = client.get(f"/console/plans/drafts/{plan_id}").text
    for words in ("包东政办发〔2026〕41号", 'value="2028-09-30"', "新建小区电动自行车充电端口配建比例", "不少于 80%", "禁止在楼道"):
        assert words in page
    answer = post(client, f"/console/plans/drafts/{plan_id}/confirm", **FIELDS, replaces=["donghe-2025"])
    assert answer.status_code == 303, answer.text
    row = _state(stage, plan_id)
    assert (row.state, row.title, row.confirmed_by, row.starts) == ("confirmed", FIELDS["title"], "operator:boss", date(2026, 10, 1))
    with stage.database.read() as session:
        shelf = read_shelf(session)
        assert shelf.ends == {"donghe-2025": (date(2026, 9, 30), plan_id)}
        assert shelf.version == 2
    listed = client.get("/console/plans").text
    assert FIELDS["title"] in listed
    assert "已被代替" in listed
    stage.operator("root", "admin")
    audit = stage.client("root").get("/console/audit").text
    assert "确认文件" in audit
    assert "导入文件草稿" in audit
    assert post(client, f"/console/plans/drafts/{plan_id}/confirm", **FIELDS).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"starts": "2026-13-01"}, "不是日期"), ({"title": " "}, "标题和发文机关"), ({"ends": "2026-01-01"}, "期满日在施行日之前"),
        ({"region": ""}, "不归您管"), ({"region": "minle"}, "不归您管"), ({"replaces": ["nmg-2026"]}, "不归您管"),
        ({"standing": "draft", "replaces": ["donghe-2025"]}, "征求意见稿不能代替"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_on_the_page_with_what_was_typed(desk_stage: Stage, wrong: dict[str, object], words: str) -> None:
    plan_id = _draft(desk_stage)
    desk_stage.operator("boss", "supervisor")
    answer = post(desk_stage.client("boss"), f"/console/plans/drafts/{plan_id}/confirm", **{**FIELDS, **wrong})
    assert answer.status_code in (403, 422)
    assert words in answer.text
    assert FIELDS["issuer"] in answer.text
    assert _state(desk_stage, plan_id).state == "draft"


def test_only_the_office_side_of_the_region_decides(desk_stage: Stage) -> None:
    plan_id = _draft(desk_stage)
    desk_stage.operator("li")
    desk_stage.operator("eye", "observer")
    desk_stage.operator("estate", "supervisor", communities=(ESTATE,))
    desk_stage.operator("far", "supervisor", regions=("minle",))
    for login, status in (("li", 403), ("eye", 403), ("estate", 404), ("far", 404)):
        client = desk_stage.client(login)
        assert plan_id not in client.get("/console/plans").text, login
        assert client.get(f"/console/plans/drafts/{plan_id}").status_code == status, login
        assert post(client, f"/console/plans/drafts/{plan_id}/confirm", **FIELDS).status_code == status, login
        assert post(client, "/console/plans/donghe-2025/end", on="2026-12-31").status_code in (403, 404), login
    assert _state(desk_stage, plan_id).state == "draft"


def test_a_draft_is_thrown_away_and_a_plan_given_its_last_day(stage: Stage) -> None:
    plan_id = _draft(stage)
    stage.operator("boss", "supervisor")
    client = stage.client("boss")
    assert post(client, f"/console/plans/drafts/{plan_id}/discard").status_code == 303
    assert _state(stage, plan_id).state == "discarded"
    assert post(client, "/console/plans/donghe-2025/end", on="2026-10-31").status_code == 303
    assert "已到期" in client.get("/console/plans").text
    assert post(client, "/console/plans/donghe-2025/end", on="").status_code == 422
