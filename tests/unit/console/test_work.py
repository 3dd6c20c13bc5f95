"""Working on a ticket: claim, reply, hand back, states, transfer, merge; each seen from the pages."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.models import AttachmentRow, AuditRow, ClockRow, ConversationRow, MessageRow, TicketEventRow, TicketRow
from tests.unit.console.stage import Stage, csrf_of, post
from tickets.ticket import STATES


def _messages(stage: Stage, number: str) -> list[tuple[str, str]]:
    with stage.database.read() as session:
        rows = session.query(MessageRow).filter(MessageRow.conversation_id == stage.conversation_of(number)).order_by(MessageRow.id)
        return [(row.author, row.body["text"]) for row in rows]


def _listener(stage: Stage, number: str) -> int | None:
    with stage.database.read() as session:
        found: int | None = session.query(ConversationRow.operator_id).filter(ConversationRow.id == stage.conversation_of(number)).scalar()
        return found


def test_of_two_who_claim_one_wins_and_the_other_learns_who(stage: Stage) -> None:
    logins = [f"op{n}" for n in range(4)]
    for login in logins:
        stage.operator(login)
    number = stage.ticket()
    clients = {login: stage.client(login) for login in logins}
    tokens = {login: csrf_of(client) for login, client in clients.items()}
    with ThreadPoolExecutor(4) as pool:
        answers = dict(
            zip(
                logins,
                pool.map(lambda o: clients[o].post(f"/console/tickets/{number}/claim", data={"csrf": tokens[o]}), logins),
                strict=True,
            )
        )
    winners = [login for login, answer in answers.items() if answer.status_code == 303]
    assert len(winners) == 1
    assert stage.row(number).claimed_by == stage.operator_id(winners[0])
    for login in set(logins) - set(winners):
        assert answers[login].status_code == 409
        assert f"值班{winners[0]}先认领了" in answers[login].text
    with stage.database.read() as session:
        assert session.query(TicketEventRow).filter(TicketEventRow.event == "claimed").count() == 1


def test_a_reply_reaches_the_resident_and_takes_the_talk_over(stage: Stage) -> None:
    stage.operator("li")
    number = stage.ticket()
    client = stage.client("li")
    assert post(client, f"/console/tickets/{number}/reply", text="师傅半小时到").status_code == 303
    assert _messages(stage, number)[-1] == ("operator", "师傅半小时到")
    assert stage.row(number).claimed_by == stage.operator_id("li") == _listener(stage, number)
    page = client.get(f"/console/tickets/{number}").text
    assert "师傅半小时到" in page
    assert "由您接手" in page
    assert post(client, f"/console/tickets/{number}/reply", text="师傅半小时到").status_code == 303  # the same form sent twice
    assert [m for m in _messages(stage, number) if m[0] == "operator"] == [("operator", "师傅半小时到")]
    assert post(client, f"/console/tickets/{number}/hand-back").status_code == 303
    assert _listener(stage, number) is None
    assert _messages(stage, number)[-1][0] == "notice"


def test_an_empty_reply_is_refused_and_a_long_one_kept_on_the_page(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    number = desk_stage.ticket()
    client = desk_stage.client("li")
    assert post(client, f"/console/tickets/{number}/reply", text="   ").status_code == 422
    assert post(client, f"/console/tickets/{number}/reply", text="x" * 2001).status_code == 422
    assert [m for m in _messages(desk_stage, number) if m[0] == "operator"] == []


def test_nobody_works_on_a_ticket_somebody_else_holds(stage: Stage) -> None:
    for login in ("li", "wang"):
        stage.operator(login)
    stage.operator("boss", "supervisor")
    number = stage.ticket()
    post(stage.client("li"), f"/console/tickets/{number}/claim")
    wang, boss = stage.client("wang"), stage.client("boss")
    for path, fields in (
        ("reply", {"text": "我来"}),
        ("state", {"state": "accepted"}),
        ("transfer", {"unit": "区住建局", "reason": "x"}),
        ("release", {}),
    ):
        answer = post(wang, f"/console/tickets/{number}/{path}", **fields)
        assert (answer.status_code, "值班li" in answer.text) == (409, True), path
    assert stage.row(number).state == "submitted"
    assert post(boss, f"/console/tickets/{number}/release").status_code == 303
    assert stage.row(number).claimed_by is None


def test_the_states_offered_are_those_of_the_table_and_endings_need_words(stage: Stage) -> None:
    stage.operator("li")
    number = stage.ticket()
    client = stage.client("li")
    page = client.get(f"/console/tickets/{number}").text
    assert {state for state in STATES if f'value="{state}"' in page} == {"accepted", "in_progress", "resolved", "closed", "rejected"}
    refused = post(client, f"/console/tickets/{number}/state", state="resolved", text=" ")
    assert refused.status_code == 422
    assert post(client, f"/console/tickets/{number}/state", state="reopened", text="x").status_code == 409
    assert post(client, f"/console/tickets/{number}/state", state="merged", text="x").status_code == 422
    assert post(client, f"/console/tickets/{number}/state", state="nonsense", text="x").status_code == 400
    assert stage.row(number).state == "submitted"
    assert post(client, f"/console/tickets/{number}/state", state="resolved", text="换了新阀门").status_code == 303
    assert stage.row(number).state == "resolved"
    assert "换了新阀门" in _messages(stage, number)[-1][1]


def test_linda_listens_again_once_the_matter_is_resolved(stage: Stage) -> None:
    stage.operator("li")
    number = stage.ticket()
    client = stage.client("li")
    post(client, f"/console/tickets/{number}/reply", text="马上")
    assert _listener(stage, number) is not None
    post(client, f"/console/tickets/{number}/state", state="resolved", text="修好了")
    assert _listener(stage, number) is None


def test_a_transfer_goes_to_a_known_unit_with_a_reason(stage: Stage) -> None:
    stage.operator("li")
    number = stage.ticket()
    client = stage.client("li")
    assert post(client, f"/console/tickets/{number}/transfer", unit="火星分局", reason="x").status_code == 422
    assert post(client, f"/console/tickets/{number}/transfer", unit="区住建局", reason=" ").status_code == 422
    assert post(client, f"/console/tickets/{number}/transfer", unit="区住建局", reason="属于主管部门职责").status_code == 303
    assert stage.row(number).lead_unit == "区住建局"
    assert "属于主管部门职责" in client.get(f"/console/tickets/{number}").text


def test_merge_and_undo(stage: Stage) -> None:
    stage.operator("li")
    one, two = stage.ticket(), stage.ticket()
    client = stage.client("li")
    assert two in client.get(f"/console/tickets/{one}").text  # offered as possibly the same matter
    assert post(client, f"/console/tickets/{one}/merge", into=two.lower()).status_code == 303
    assert stage.row(one).state == "merged"
    assert one in client.get(f"/console/tickets/{two}").text
    assert post(client, f"/console/tickets/{one}/merge", into="LD00000000000").status_code == 422
    assert post(client, f"/console/tickets/{one}/unmerge").status_code == 303
    assert stage.row(one).state == "submitted"
    assert post(client, f"/console/tickets/{one}/unmerge").status_code == 409


def test_a_contact_is_hidden_until_asked_for_and_the_look_is_noted(stage: Stage) -> None:
    stage.operator("li")
    number = stage.ticket()
    stage.say(number, "换个号打 13900001111")
    client = stage.client("li")
    hidden = client.get(f"/console/tickets/{number}").text
    talk = hidden[hidden.index('id="messages"') :]
    assert "13812345678" not in talk
    assert "13900001111" not in hidden
    assert "王小明" not in hidden
    assert post(client, f"/console/tickets/{number}/contact", why="curious").status_code == 422
    shown = post(client, f"/console/tickets/{number}/contact", why="visit").text
    assert "王小明" in shown
    assert "13900001111" in shown
    with stage.database.read() as session:
        looks = [(a.actor, a.object, a.detail) for a in session.query(AuditRow).filter(AuditRow.action == "contact_viewed")]
    assert looks == [("operator:li", f"ticket:{number}", {"why": "visit"})]


@pytest.fixture
def complaint(stage: Stage) -> str:
    """A complaint in which its author shows who he is, with a company operator at the estate."""
    stage.operator("firm", side="company")
    return stage.ticket(kind="complaint", category="fees", description="停车费乱涨，我是3号楼2单元502的业主，我叫王小明，电话13812345678")


SECRETS = ("13812345678", "王小明", "502", "悄悄话")


def test_the_side_complained_about_never_sees_who_complains(stage: Stage, complaint: str) -> None:
    stage.say(complaint, "悄悄话：别让物业知道")
    firm = stage.client("firm")
    pages = [f"/console/tickets/{complaint}{tail}" for tail in ("", "/live", "/desk")]
    pages += ["/console/inbox?view=all", "/console/inbox/rows?view=all", f"/console/inbox/rows?q={complaint}"]
    for path in pages:
        text = firm.get(path).text
        assert not [secret for secret in SECRETS if secret in text], path
    with stage.database.read() as session:
        photo = session.query(AttachmentRow.id).filter(AttachmentRow.conversation_id == stage.conversation_of(complaint)).scalar()
    assert firm.get(f"/console/tickets/{complaint}/photos/{photo}").status_code == 404
    for secret in SECRETS[1:3]:
        assert complaint not in firm.get(f"/console/inbox/rows?view=all&q={secret}").text.replace(f'value="{secret}"', "")
    for path, fields in (("reply", {"text": "您哪位"}), ("contact", {"why": "visit"}), ("unmerge", {})):
        assert post(firm, f"/console/tickets/{complaint}/{path}", **fields).status_code == 403, path


def _marks(stage: Stage, number: str) -> tuple[object, ...]:
    with stage.database.read() as session:
        row = session.query(TicketRow).filter(TicketRow.number == number).one()
        clocks = session.query(ClockRow).filter(ClockRow.ticket_id == row.id).order_by(ClockRow.id)
        return row.state, row.lead_unit, row.claimed_by, row.level, [(c.name, c.state, c.due_at, c.ended_at) for c in clocks]


def test_the_side_complained_about_changes_nothing_of_a_complaint(stage: Stage, complaint: str) -> None:
    firm, before = stage.client("firm"), _marks(stage, complaint)
    for state in STATES:
        assert post(firm, f"/console/tickets/{complaint}/state", state=state, text="已退费").status_code == 403, state
    for path, fields in (
        ("claim", {}),
        ("release", {}),
        ("hand-back", {}),
        ("transfer", {"unit": "区住建局", "reason": "不归我管"}),
        ("merge", {"into": complaint}),
        ("tasks", {"unit": "区住建局", "task": "核实"}),
        ("cause", {"cause": "other"}),
    ):
        assert post(firm, f"/console/tickets/{complaint}/{path}", **fields).status_code == 403, path
    assert _marks(stage, complaint) == before
    page = firm.get(f"/console/tickets/{complaint}").text
    assert f"{complaint}/statement" in page
    for path in ("claim", "state", "transfer", "merge", "reply"):
        assert f'{complaint}/{path}"' not in page


def test_the_side_complained_about_may_give_its_statement_to_the_office(stage: Stage, complaint: str) -> None:
    stage.operator("li")
    firm, before = stage.client("firm"), _marks(stage, complaint)
    told = len(_messages(stage, complaint))
    post(stage.client("li"), f"/console/tickets/{complaint}/claim")
    held = _marks(stage, complaint)
    assert post(firm, f"/console/tickets/{complaint}/statement", text="收费依据已备案").status_code == 303
    assert post(firm, f"/console/tickets/{complaint}/statement", text="  ").status_code == 422
    assert _marks(stage, complaint) == held != before
    assert len(_messages(stage, complaint)) == told
    assert "收费依据已备案" in stage.client("li").get(f"/console/tickets/{complaint}").text
    assert post(stage.client("li"), f"/console/tickets/{complaint}/statement", text="x").status_code == 409


def test_a_handoff_is_not_there_for_the_company(stage: Stage) -> None:
    stage.operator("firm", side="company")
    number = stage.ticket(kind="handoff", category="other_complaint")
    firm = stage.client("firm")
    for path in ("state", "statement", "claim"):
        assert post(firm, f"/console/tickets/{number}/{path}", state="resolved", text="办了").status_code == 404
    assert stage.row(number).state == "submitted"


def test_the_company_reads_only_what_was_said_to_it(stage: Stage) -> None:
    stage.operator("firm", side="company")
    number = stage.ticket()
    stage.say(number, "先问问，投诉物业找谁")
    firm = stage.client("firm")
    assert "投诉物业找谁" not in firm.get(f"/console/tickets/{number}").text
    stage.clock.move(minutes=1)
    assert post(firm, f"/console/tickets/{number}/reply", text="师傅下午到").status_code == 303
    stage.clock.move(minutes=1)
    stage.say(number, "好，下午在家")
    page = firm.get(f"/console/tickets/{number}").text
    assert "好，下午在家" in page
    assert "投诉物业找谁" not in page
    talk = stage.conversation_of(number)
    stage.ticket(kind="complaint", category="fees", description="他们乱收费", conversation=talk, photo=False)
    assert "好，下午在家" not in firm.get(f"/console/tickets/{number}").text


def test_onlookers_see_tickets_but_no_words_of_the_conversation(desk_stage: Stage) -> None:
    desk_stage.operator("watch", "observer", regions=("nmg",))
    number = desk_stage.ticket()
    desk_stage.say(number, "悄悄话")
    text = desk_stage.client("watch").get(f"/console/tickets/{number}").text
    assert "悄悄话" not in text
    assert "13812345678" not in text
    assert "<textarea" not in text


def test_photos_come_only_with_their_ticket_and_cannot_run(stage: Stage) -> None:
    stage.operator("li")
    stage.operator("far", regions=("minle",))
    number, other = stage.ticket(), stage.ticket()
    page = stage.client("li").get(f"/console/tickets/{number}").text
    address = page[page.index(f"/console/tickets/{number}/photos/") :].split('"')[0]
    answer = stage.client("li").get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert stage.client("far").get(address).status_code == 404
    assert stage.client("li").get(address.replace(number, other)).status_code == 404
    assert stage.client("li").get(f"/console/tickets/{number}/photos/..%2f..%2flinda.db").status_code == 404


def test_words_of_an_address_are_not_shown_back(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    number = desk_stage.ticket()
    assert "您中奖了" not in desk_stage.client("li").get(f"/console/tickets/{number}?done=您中奖了").text
