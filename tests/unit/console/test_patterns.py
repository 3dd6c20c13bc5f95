"""The pages for incidents, calls, reports and joint cases: what they show, what they do, and for whom."""

import io
import zipfile

from PIL import Image

from storage.models import CallbackRow, IncidentRow, MessageRow, ProofRow
from tests.unit.console.stage import Stage, csrf_of, post
from tickets.callbacks import draw_callbacks


def _told(stage: Stage, number: str) -> list[str]:
    with stage.database.read() as session:
        rows = session.query(MessageRow).filter(MessageRow.conversation_id == stage.conversation_of(number), MessageRow.author == "notice")
        return [row.body["text"] for row in rows.order_by(MessageRow.id)]


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


def test_an_incident_is_opened_told_and_ended(stage: Stage) -> None:
    stage.operator("li")
    stage.operator("far", regions=("minle",))
    number, client = stage.ticket(description="停水了"), stage.client("li")
    place = {"region": "donghe", "community": "和平里小区", "buildings": "3号楼、5"}
    form = {"kind": "water", "text": "主管爆裂", "expected": "2026-11-20T18:00", **place}
    assert post(client, "/console/incidents/open", **form).headers["location"] == "/console/incidents?done=opened"
    page = client.get("/console/incidents").text
    assert number in page
    assert "3号楼、5号楼" in page
    assert "已通知 1 位居民" in page
    assert any("停水通知" in text and "11月20日 18:00" in text for text in _told(stage, number))
    assert "属于事件" in client.get(f"/console/tickets/{number}").text
    twice = post(client, "/console/incidents/open", **form)
    assert (twice.status_code, "已有同样的事件" in twice.text) == (409, True)
    with stage.database.read() as session:
        incident = session.query(IncidentRow.number).scalar()
    far = stage.client("far")
    assert incident not in far.get("/console/incidents").text
    assert post(far, f"/console/incidents/{incident}/end", text="换了阀门").status_code == 404
    assert post(far, "/console/incidents/open", **form).status_code == 403
    assert post(client, f"/console/incidents/{incident}/end", text="换了主管阀门，来水了").status_code == 303
    assert stage.row(number).state == "resolved"
    assert "换了主管阀门" in _told(stage, number)[-1]


def test_calls_are_owed_done_and_never_to_a_complainant_by_the_company(stage: Stage) -> None:
    stage.operator("li")
    stage.operator("firm", side="company")
    repair, complaint = stage.ticket(), stage.ticket(kind="complaint", category="fees", description="乱收费")
    client = stage.client("li")
    for number, said in ((repair, "换了新阀门"), (complaint, "退了多收的费")):
        assert post(client, f"/console/tickets/{number}/state", state="resolved", text=said).status_code == 303
    with stage.database.write() as session:
        draw_callbacks(session, stage.clock())
    firm, page = stage.client("firm").get("/console/callbacks").text, client.get("/console/callbacks").text
    assert repair in page
    assert complaint in page
    assert complaint not in firm
    with stage.database.read() as session:
        calls = {row.ticket_id: row.id for row in session.query(CallbackRow)}
    owed = calls[stage.row(complaint).id]
    assert post(stage.client("firm"), f"/console/callbacks/{owed}", outcome="satisfied").status_code == 404
    assert post(client, f"/console/callbacks/{owed}", outcome="unsatisfied").status_code == 422
    assert post(client, f"/console/callbacks/{owed}", outcome="not_fixed", note="钱没退到").status_code == 303
    assert stage.row(complaint).state == "reopened"
    assert complaint not in client.get("/console/callbacks").text


def test_the_report_shows_figures_with_their_clauses_and_only_ones_own_tickets(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    stage.operator("street", communities=("别的小区",))
    for _ in range(3):
        stage.ticket(category="elevator", description="电梯停了</script><b>x</b>")
    client = stage.client("boss")
    page = client.get("/console/reports?region=donghe")
    assert page.status_code == 200
    for wanted in ("回访率", "≥ 95%", "包东政办发〔2025〕32号 三（二）1", "文件没有写“及时”是多久", "和平里小区（企业未登记）", "电梯"):
        assert wanted in page.text, wanted
    assert page.text.count("<script>") == 0
    assert 'type="application/json"' in page.text
    assert "</script><b>" not in page.text
    assert client.get("/console/reports?month=2026-13").status_code == 422
    assert client.get("/console/reports?region=minle").status_code == 200  # not his: falls back to what is
    narrow = stage.client("street").get("/console/reports").text
    assert "和平里小区" not in narrow
    assert "这段时间没有" in narrow


def test_the_agenda_is_a_file_within_scope(stage: Stage) -> None:
    stage.operator("boss", "supervisor")
    stage.operator("li")
    stage.ticket()
    client = stage.client("boss")
    made = client.get("/console/reports/agenda.docx?region=donghe&community=和平里小区&month=2026-11")
    assert made.status_code == 200
    with zipfile.ZipFile(io.BytesIO(made.content)) as file:
        assert "和平里小区2026年11月" in file.read("word/document.xml").decode()
    assert client.get("/console/reports/agenda.docx?region=minle&community=x&month=2026-11").status_code == 403
    assert client.get("/console/reports/agenda.docx?region=donghe&community=x&month=nope").status_code == 422
    assert stage.client("li").get("/console/reports/agenda.docx?region=donghe&community=x&month=2026-11").status_code == 403


def test_an_ending_needs_words_that_say_something_and_a_photo_where_asked(stage: Stage) -> None:
    stage.operator("li")
    number, client = stage.ticket(category="road_surface", description="井盖丢了"), stage.client("li")
    page = client.get(f"/console/tickets/{number}").text
    assert "这类事项办结必须有" in page
    address, token = f"/console/tickets/{number}/state", csrf_of(client)
    hollow = client.post(address, data={"csrf": token, "state": "resolved", "text": "已处理"}, files={"photo": ("a.jpg", _picture())})
    assert (hollow.status_code, "没有说做了什么" in hollow.text) == (422, True)
    assert len(list(stage.desk.photos.iterdir())) == 1  # the resident's own; the refused one is gone
    bare = client.post(address, data={"csrf": token, "state": "resolved", "text": "装上了新井盖"}, files={"photo": ("", b"")})
    assert (bare.status_code, "要附一张" in bare.text) == (422, True)
    odd = client.post(address, data={"csrf": token, "state": "resolved", "text": "装上了新井盖"}, files={"photo": ("a.jpg", b"no picture")})
    assert odd.status_code == 415
    done = client.post(address, data={"csrf": token, "state": "resolved", "text": "装上了新井盖"}, files={"photo": ("a.jpg", _picture())})
    assert done.status_code == 303
    with stage.database.read() as session:
        proof = session.query(ProofRow.id).scalar()
    assert f"/proofs/{proof}" in client.get(f"/console/tickets/{number}").text
    assert client.get(f"/console/tickets/{number}/proofs/{proof}").headers["content-type"] == "image/jpeg"
    assert client.get(f"/console/tickets/{number}/proofs/nope").status_code == 404
    other = stage.ticket()
    assert client.get(f"/console/tickets/{other}/proofs/{proof}").status_code == 404


def test_a_joint_case_on_the_ticket_page(stage: Stage) -> None:
    stage.operator("li")
    stage.operator("firm", side="company")
    number, client = stage.ticket(kind="complaint", category="fees", description="乱收费"), stage.client("li")
    base = f"/console/tickets/{number}"
    assert post(client, f"{base}/tasks", unit="市场监管局", task="核查收费").status_code == 303
    page = client.get(base).text
    assert "市场监管局的答复" in page
    assert "核查收费" in page
    assert post(client, f"{base}/state", state="resolved", text="退了多收的费").status_code == 409
    assert post(client, f"{base}/tasks/1", text="已处理", how="done").status_code == 422
    assert post(stage.client("firm"), f"{base}/tasks/1", text="退了费用", how="done").status_code == 403
    assert post(client, f"{base}/tasks/999", text="退了费用", how="done").status_code == 404
    assert post(client, f"{base}/tasks/1", text="已责令退还多收的费用", how="done").status_code == 303
    assert post(client, f"{base}/cause", cause="unclear_money").status_code == 303
    assert "收费收支不清" in client.get(base).text
    assert post(client, f"{base}/state", state="resolved", text="退了多收的费").status_code == 303
