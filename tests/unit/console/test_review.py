"""Unanswered questions: grouped, judged within scope, exported as training sentences that Rasa can read."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from console.review import training_sentence, training_yaml
from storage.models import UnansweredRow
from tests.unit.console.stage import Stage, post


def _ids(stage: Stage, question: str) -> str:
    with stage.database.read() as session:
        return ",".join(str(row.id) for row in session.query(UnansweredRow).filter(UnansweredRow.question.like(f"{question}%")))


def test_the_same_question_is_one_group_with_its_count(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    for text in ("能养大型犬吗？", "能养大型犬吗", "能养 大型犬 吗!", "别的问题"):
        stage.unanswered(text)
    stage.unanswered("民乐的问题", region="minle")
    stage.unanswered("哪儿的问题", region=None)
    page = stage.client("boss").get("/console/review").text
    assert page.count('class="card question"') == 2
    assert "<b>3</b>次" in page
    assert page.index("大型犬") < page.index("别的问题")
    assert "民乐的问题" not in page
    assert "哪儿的问题" not in page


def test_a_verdict_takes_the_group_off_the_list_and_into_the_export(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    for text in ("能养大型犬吗", "能养大型犬吗？", "气死了[物业](category)", "/restart 你好", "我电话***********"):
        stage.unanswered(text)
    stage.unanswered("不该动的", region="minle")
    client = stage.client("boss")
    for question, label in (("能养", "ask_policy"), ("气死", "report_complaint"), ("/restart", "discard"), ("我电话", "ask_human")):
        assert post(client, "/console/review/verdict", ids=_ids(stage, question), intent=label).status_code == 303
    assert post(client, "/console/review/verdict", ids=_ids(stage, "能养"), intent="ask_policy").status_code == 409
    assert post(client, "/console/review/verdict", ids=_ids(stage, "不该动的"), intent="ask_policy").status_code == 409
    assert post(client, "/console/review/verdict", ids="1", intent="nonsense").status_code == 422
    assert "能养大型犬吗" not in client.get("/console/review").text.partition("已复核")[0]
    data = yaml.safe_load(client.get("/console/review/export.yml").text)
    assert data["version"] == "3.1"
    assert {block["intent"]: block["examples"] for block in data["nlu"]} == {
        "ask_policy": "- 能养大型犬吗\n- 能养大型犬吗？\n",
        "report_complaint": "- 气死了【物业】（category）\n",
    }


@given(st.lists(st.text(max_size=60), max_size=6))
def test_whatever_was_asked_the_export_is_sound_yaml_of_one_line_sentences(questions: list[str]) -> None:
    rows = [UnansweredRow(question=q, verdict={"intent": "ask_policy"}) for q in questions]
    data = yaml.safe_load(training_yaml(rows))
    sentences = {training_sentence(q) for q in questions} - {""}
    wanted = {s for s in sentences if "*" not in s}
    lines = data["nlu"][0]["examples"].splitlines() if data["nlu"] else []
    assert {line.removeprefix("- ") for line in lines} == wanted
    assert not [s for s in wanted if s.startswith("/") or set(s) & set("[](){}")]
