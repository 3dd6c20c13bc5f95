"""The page of the survey: begun by the street for its own estates, seen by estate and company, closed to the company's side."""

from storage.models import AuditRow, ConversationRow, TicketRow
from storage.survey_rows import SurveyAnswerRow
from tests.unit.console.stage import Stage, post
from tickets.survey import answer_survey

ESTATE = "和平小区"


def _reported(stage: Stage) -> None:
    number = stage.ticket()
    with stage.database.write() as session:
        row = session.query(TicketRow).filter(TicketRow.number == number).one()
        row.community = ESTATE
        if row.conversation_id is None:
            now = stage.clock()
            session.add(ConversationRow(id="asked", token_hash="x", channel="web", created_at=now, seen_at=now))
            session.flush()
            row.conversation_id = "asked"


def test_the_street_begins_and_sees_the_results(desk_stage: Stage) -> None:
    stage = desk_stage
    _reported(stage)
    stage.operator("jie")
    client = stage.client("jie")
    assert "还没有测评" in client.get("/console/surveys").text
    answer = post(client, "/console/surveys/start", target=f"estate:donghe/{ESTATE}")
    assert answer.headers["location"] == "/console/surveys?asked=1"
    with stage.database.write() as session:
        answer_survey(session, session.query(SurveyAnswerRow).one(), 4, "<b>还行</b>", stage.clock())
        assert session.query(AuditRow).filter(AuditRow.action == "survey_started").count() == 1
    page = client.get("/console/surveys?asked=1").text
    for said in ("已问 1 人", ESTATE, "三（四）1", "平均 <b>4.0</b> 星", "&lt;b&gt;还行"):
        assert said in page
    assert "还没有测评" in client.get("/console/surveys?half=2026H1").text


def test_only_estates_in_scope_and_never_the_company(desk_stage: Stage) -> None:
    stage = desk_stage
    stage.operator("jie", communities=("幸福小区",))
    for target in (f"estate:donghe/{ESTATE}", "estate:minle/瀚文苑", "company:没有", "x"):
        assert post(stage.client("jie"), "/console/surveys/start", target=target).status_code == 404
    stage.operator("wuye", side="company")
    assert stage.client("wuye").get("/console/surveys").status_code == 403
    assert post(stage.client("wuye"), "/console/surveys/start", target=f"estate:donghe/{ESTATE}").status_code == 403
    assert "/console/surveys" not in stage.client("wuye").get("/console/inbox").text
    stage.operator("guan", "observer")
    assert post(stage.client("guan"), "/console/surveys/start", target=f"estate:donghe/{ESTATE}").status_code == 403
