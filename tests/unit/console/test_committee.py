"""The street sees the committees of its own estates, invites members, and everybody checks himself; the company sees no committee."""

import re
from datetime import date

from committee.cases import CaseDesk, StepDone
from committee.disclosure import plan_disclosures
from committee.members import join
from console.committee_view import procedures
from storage.audit import verify
from storage.committee_rows import CommitteeMemberRow, SelfCheckRow
from storage.models import AuditRow, ConversationRow
from tests.unit.console.stage import Stage, post

ESTATE = "和平小区"
FORM = {"estate": f"donghe/{ESTATE}", "name": "张三", "duty": "主任", "term_from": "2026-01-01", "term_to": "2030-12-31"}


def invited(stage: Stage, login: str = "boss") -> str:
    answer = post(stage.client(login), "/console/committee/invite", **FORM)
    assert answer.status_code == 200, answer.text
    found = re.search(r'<code id="secret">([A-Z2-9]{10})</code>', answer.text)
    assert found is not None
    return found[1]


def joined(stage: Stage) -> CaseDesk:
    code, now = invited(stage), stage.clock()
    with stage.database.write() as session:
        session.add(ConversationRow(id="talk", token_hash="-", channel="web", created_at=now, seen_at=now))
        session.flush()
        member = join(session, "talk", code, now)
        desk = CaseDesk(session, procedures(), member, now)
        case_id = desk.open("general_meeting").id
        desk.mark_step(case_id, StepDone(1, date(2026, 11, 19), paper="<i>提议书</i>"))
        desk.set_event(case_id, "general_meeting", date(2026, 11, 25))
        plan_disclosures(session, "donghe", ESTATE, date(2026, 8, 1), now)
        return desk


def test_the_supervisor_sees_where_a_case_stands_and_what_is_overdue(stage: Stage) -> None:
    stage.operator("boss", "supervisor", side="county")
    empty = stage.client("boss").get("/console/committee").text
    assert "还没有小区的业委会成员加入" in empty
    joined(stage)
    text = stage.client("boss").get("/console/committee").text
    for words in (
        "张三",
        "召开业主大会",
        "2026-11-19 办完",
        "&lt;i&gt;提议书",
        "逾期没有公示",
        "公共收益收支公示",
        "应在 2026-09-30 前",
        "过期 2026-11-09",
    ):
        assert words in text, words
    assert "逾期 3" in text  # two disclosures and the notice of the meeting
    with stage.database.read() as session:
        assert verify(session) == []
        row = session.query(AuditRow).filter(AuditRow.action == "member_invited").one()
        assert row.actor == "operator:boss"


def test_scope_holds(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "supervisor", side="county")
    joined(desk_stage)
    desk_stage.operator("minle", "supervisor", regions=("minle",), side="county")
    desk_stage.operator("other", "operator", communities=("幸福小区",))
    desk_stage.operator("company", "operator", side="company")
    desk_stage.operator("watcher", "observer")
    assert "张三" in desk_stage.client("watcher").get("/console/committee").text
    for login in ("minle", "other"):
        client = desk_stage.client(login)
        text = client.get("/console/committee").text
        assert "张三" not in text and ESTATE not in text
        assert client.get("/console/checklist", params={"estate": f"donghe/{ESTATE}"}).status_code == 404
    assert post(desk_stage.client("minle"), "/console/committee/invite", **FORM).status_code == 404
    assert post(desk_stage.client("minle"), "/console/committee/members/1/end", why="x").status_code == 404
    assert post(desk_stage.client("watcher"), "/console/committee/invite", **FORM).status_code == 403
    answer = desk_stage.client("company").get("/console/committee")
    assert answer.status_code == 403 and "张三" not in answer.text
    assert 'href="/console/committee"' not in answer.text
    with desk_stage.database.read() as session:
        assert session.query(CommitteeMemberRow).count() == 1


def test_odd_invitations_come_back_with_what_was_typed(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "supervisor", side="county")
    for field, value in (("term_to", "2040-01-01"), ("term_to", "soon"), ("name", " "), ("duty", "皇帝"), ("estate", "donghe/火星")):
        answer = post(desk_stage.client("boss"), "/console/committee/invite", **(FORM | {field: value}))
        assert answer.status_code in {404, 422} and 'role="alert"' in answer.text, field
        assert 'id="secret"' not in answer.text
    with desk_stage.database.read() as session:
        assert session.query(CommitteeMemberRow).count() == 0


def test_a_membership_is_ended_with_a_reason(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "supervisor", side="county")
    joined(desk_stage)
    boss = desk_stage.client("boss")
    assert post(boss, "/console/committee/members/1/end", why=" ").status_code == 422
    assert "已结束" in post(boss, "/console/committee/members/1/end", why="辞职").text
    assert "张三" not in boss.get("/console/committee").text
    assert post(boss, "/console/committee/members/1/end", why="又一次").status_code == 404


def test_a_company_checks_itself(stage: Stage) -> None:
    stage.operator("company", "operator", side="company", communities=(ESTATE,))
    client = stage.client("company")
    text = client.get("/console/checklist").text
    assert "电梯月检" in text and "附件2" in text and "期限已过" in text
    assert "附件1" not in text  # the authorities' list is not the company's
    given = {"estate": f"donghe/{ESTATE}", "item": "P23", "state": "kept", "evidence": "<b>11月检查记录</b>"}
    answer = post(client, "/console/checklist", **given)
    assert answer.status_code == 303
    text = client.get(answer.headers["location"]).text
    assert "已记下" in text and "&lt;b&gt;11月检查记录" in text and "2026-11" in text
    assert post(client, "/console/checklist", **(given | {"evidence": ""})).status_code == 422
    assert post(client, "/console/checklist", **(given | {"item": "annex1-1"})).status_code == 403
    assert post(client, "/console/checklist", **(given | {"estate": "donghe/幸福小区"})).status_code == 404
    stage.operator("street", "operator")
    assert "附件1" in stage.client("street").get("/console/checklist", params={"estate": f"donghe/{ESTATE}"}).text
    with stage.database.read() as session:
        assert session.query(SelfCheckRow).one().by == "operator:company"
