"""Answering a group of questions: who may, what is asked for, what the next resident then gets, and taking it back."""

import re
from datetime import date

import pytest

from console.question_groups import QuestionGroup, by_meaning
from knowledge.encoder import load_encoder
from knowledge.imported import version_of
from knowledge.library import FOLDER
from knowledge.reviewed import read_reviewed
from storage.models import UnansweredRow
from tests.unit.console.stage import ESTATE, Stage, post

OFFICE = {"text": "不行，城区禁止养鸡。", "office": "东河区城市管理综合执法局", "office_day": "2026-01-05"}
PATHS = ("/console/review/attach", "/console/review/write")


def _ids(stage: Stage) -> str:
    with stage.database.read() as session:
        return ",".join(str(row.id) for row in session.query(UnansweredRow))


def _group(stage: Stage, **more: object) -> dict[str, object]:
    return {"ids": _ids(stage), "region": "donghe", "questions": "楼下能不能养鸡\n小区里能养鸡吗", **more}


def test_a_written_answer_is_in_use_at_once_and_can_be_taken_back(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    for text in ("楼下能不能养鸡", "楼下能不能养鸡？", "楼下能不能养鸡呢"):
        stage.unanswered(text, reason="disliked:没用")
    client = stage.client("boss")
    listed = client.get("/console/review").text
    assert listed.count('class="card question"') == 1
    assert "还有 1 种说法" in listed
    link = re.search(r'href="(/console/review/answer\?ids=[^"]+)"', listed)
    assert link is not None
    assert "楼下能不能养鸡呢" in client.get(link[1]).text
    assert post(client, PATHS[1], **_group(stage), **OFFICE).status_code == 303
    with stage.database.read() as session:
        (answer,) = read_reviewed(session)
        assert version_of(session) == 1
        assert {row.verdict["intent"] for row in session.query(UnansweredRow) if row.verdict} == {"ask_policy"}
    assert (answer.questions, answer.text, answer.source.office_day) == (
        ("楼下能不能养鸡", "小区里能养鸡吗"), OFFICE["text"], date(2026, 1, 5),
    )  # fmt: skip
    shown = client.get("/console/review?done=answered").text
    assert OFFICE["text"] in shown
    assert "2026年1月5日" in shown
    assert "楼下能不能养鸡" in client.get("/console/review/export.yml").text
    assert post(client, PATHS[1], **_group(stage), **OFFICE).status_code == 409
    assert post(client, f"/console/review/answers/{answer.id}/revoke").status_code == 303
    assert post(client, f"/console/review/answers/{answer.id}/revoke").status_code == 404
    with stage.database.read() as session:
        assert read_reviewed(session) == ()
        assert version_of(session) == 2
    stage.operator("root", "admin")
    audit = stage.client("root").get("/console/audit").text
    assert "写核对过的答复" in audit
    assert "撤回答复" in audit


def test_a_group_is_attached_to_a_provision_found_by_words(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "supervisor")
    desk_stage.unanswered("东西坏了多久有人来")
    client = desk_stage.client("boss")
    page = client.get("/console/review/answer", params={"ids": _ids(desk_stage), "region": "donghe", "words": "维修响应时间"}).text
    key = re.search(r'name="provision" value="(donghe-2025/[^"]+)"', page)
    assert key is not None
    assert "minle-draft/" not in page
    assert post(client, PATHS[0], **_group(desk_stage), provision="minle-draft/none").status_code == 422
    assert post(client, PATHS[0], **_group(desk_stage), provision=key[1]).status_code == 303
    with desk_stage.database.read() as session:
        (answer,) = read_reviewed(session)
    assert (answer.kind, answer.provision) == ("attached", key[1])
    assert "东河区物业服务质量持续提升" in client.get("/console/review").text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"office": ""}, "来源要写"), ({"office_day": "昨天"}, "不是日期"), ({"text": " "}, "答复要写"), ({"questions": "*"}, "能用的问法"),
        ({"region": "minle"}, "不归您管"), ({"plan": "nmg-2026"}, "来源只写一种"),
        ({"plan": "donghe-2025", "clause": "三（二）1", "quote": "没有这句", "office": "", "office_day": ""}, "照抄"),
    ],
)  # fmt: skip
def test_what_lacks_a_source_is_refused_with_what_was_typed(desk_stage: Stage, wrong: dict[str, str], words: str) -> None:
    desk_stage.operator("boss", "supervisor")
    desk_stage.unanswered("楼下能不能养鸡")
    answer = post(desk_stage.client("boss"), PATHS[1], **{**_group(desk_stage), **OFFICE, **wrong})
    assert answer.status_code in (403, 422)
    assert words in answer.text
    with desk_stage.database.read() as session:
        assert read_reviewed(session) == ()
        assert session.query(UnansweredRow).one().reviewed_at is None


def test_only_the_office_side_of_the_region_answers_and_revokes(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "supervisor")
    desk_stage.unanswered("楼下能不能养鸡")
    desk_stage.operator("clerk", "operator")
    desk_stage.operator("firm", "operator", side="company")
    desk_stage.operator("estate", "supervisor", communities=(ESTATE,))
    desk_stage.operator("other", "supervisor", regions=("minle",))
    for login in ("clerk", "firm", "estate", "other"):
        client = desk_stage.client(login)
        for path in PATHS:
            assert post(client, path, **_group(desk_stage), **OFFICE).status_code in (403, 404, 409, 422), (login, path)
    assert post(desk_stage.client("boss"), PATHS[1], **_group(desk_stage), **OFFICE).status_code == 303
    with desk_stage.database.read() as session:
        (answer,) = read_reviewed(session)
    for login in ("clerk", "firm", "estate", "other"):
        assert post(desk_stage.client(login), f"/console/review/answers/{answer.id}/revoke").status_code in (403, 404), login
    with desk_stage.database.read() as session:
        assert len(read_reviewed(session)) == 1


def test_questions_are_grouped_by_meaning_under_the_newest() -> None:
    texts = ("小区里能养鸡吗", "装修押金多久退", "小区里可不可以养鸡", "装修押金多久能退", "门禁卡丢了怎么办")
    for encoder in (load_encoder(FOLDER.parent / "var" / "encoder"), None):
        groups = by_meaning([QuestionGroup(t, [t], [n], {"donghe": 1}, {"nothing": 1}) for n, t in enumerate(texts)], encoder)
        together = [g.texts for g in groups]
        assert ["装修押金多久退", "装修押金多久能退"] in together
        assert ["门禁卡丢了怎么办"] in together
        assert sum(g.count for g in groups) == len(texts)
    assert by_meaning([], None) == []
