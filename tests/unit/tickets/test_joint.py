"""A joint case: each unit its own task and its own answer, and no ending before all have spoken."""

import pytest

from config.refusal import Refused
from storage.models import TaskRow
from tickets.joint import ask_unit, reply_for_unit, tasks_of
from tickets.operator import set_state
from tickets.ticket import ticket_record


def test_each_unit_answers_for_itself_and_the_resident_reads_it(database, build, now, said):
    with database.write() as session:
        row, clerk = build.ticket(session, now, kind="complaint", category="fees"), build.operator(session)
        town, market = (ask_unit(session, row, unit, "核查收费", clerk, now) for unit in ("区执法局", "市场监管局"))
        assert "区执法局" in row.support_units
        with pytest.raises(Refused) as early:
            set_state(session, row, clerk, "resolved", text="退了多收的钱", now=now)
        assert early.value.code == "tasks_open"
        assert "区执法局、市场监管局" in early.value.reason
        reply_for_unit(session, market, clerk, "已责令退还多收的费用", now)
        assert "市场监管局答复了" in said(session, row)[-1]
        reply_for_unit(session, town, clerk, "收费不归城管，由市场监管局管", now, refused=True)
        assert [(t.unit, t.state) for t in tasks_of(session, row)] == [("区执法局", "refused"), ("市场监管局", "answered")]
        set_state(session, row, clerk, "resolved", text="退了多收的钱", now=now)
        history = " ".join(line["text"] for line in ticket_record(session, row, audience="resident")["history"])
        assert "请区执法局：核查收费" in history
        assert "已责令退还多收的费用" in history


def test_what_is_no_task_or_no_answer_is_refused(database, build, now):
    with database.write() as session:
        row, clerk = build.ticket(session, now), build.operator(session)
        task = ask_unit(session, row, "区执法局", "核查", clerk, now)
        refusals = []
        for attempt in (
            lambda: ask_unit(session, row, "区执法局", "再查", clerk, now),
            lambda: ask_unit(session, row, " ", "查", clerk, now),
            lambda: reply_for_unit(session, task, clerk, " ", now),
            lambda: reply_for_unit(session, task, clerk, "已处理", now),
        ):
            with pytest.raises(Refused) as refused:
                attempt()
            refusals.append(refused.value.code)
        assert refusals == ["task_exists", "reason_missing", "reason_missing", "reply_hollow"]
        reply_for_unit(session, task, clerk, "拆除了私搭棚子", now)
        with pytest.raises(Refused) as again:
            reply_for_unit(session, task, clerk, "又拆了", now)
        set_state(session, row, clerk, "resolved", text="换了灯泡", now=now)
        with pytest.raises(Refused) as over:
            ask_unit(session, row, "市场监管局", "核查", clerk, now)
        assert (again.value.code, over.value.code) == ("over", "over")
        assert session.query(TaskRow).count() == 1
