"""The ladder: each broken promise climbs once, in order, with its true time, and the resident hears who has it now."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from storage.database import Database
from storage.models import ClockRow, OutboxRow, TicketEventRow, TicketRow
from tickets.change_ticket import Change, change_ticket
from tickets.ladder import MOST_SKEW, SweepCount, WallWatch, sweep
from tickets.resident import withdraw
from tickets.ticket import ticket_record


def climbs(database: Database) -> list[tuple[str, str]]:
    """(event, why) of every step the ladder took, in the order of the histories' rows."""
    with database.read() as session:
        query = select(TicketEventRow).where(TicketEventRow.by == "linda", TicketEventRow.event != "opened").order_by(TicketEventRow.id)
        return [(event.event, event.data["why"]) for event in session.scalars(query)]


def test_a_day_of_silence(database: Database, build, now, said):
    with database.write() as session:
        row = build.ticket(session, now)
    seen = []
    for minute in (29, 30, 31, 719, 720, 721, 1439, 1440, 1441, 3000):
        count = sweep(database, now + timedelta(minutes=minute))
        with database.read() as session:
            level = session.get(TicketRow, row.id).level
        seen.append((minute, count.breached, count.climbed, level))
    assert seen == [
        (29, 0, 0, "company"),
        (30, 1, 0, "company"),
        (31, 0, 0, "company"),
        (719, 0, 0, "company"),
        (720, 1, 1, "league"),
        (721, 0, 0, "league"),
        (1439, 0, 0, "league"),
        (1440, 1, 1, "region"),
        (1441, 0, 0, "region"),
        (3000, 0, 0, "region"),
    ]
    with database.read() as session:
        row = session.get(TicketRow, row.id)
        assert said(session, row) == [
            f"您的工单 {row.number}（路灯与楼道灯）超过30分钟没有响应，已记为超时，物业服务企业看得到。",
            f"您的工单 {row.number}（路灯与楼道灯）超过12小时还没有办理，已经报到包头市住房城乡建设部门标红提醒，催物业服务企业抓紧。",
            f"您的工单 {row.number}（路灯与楼道灯）超过24小时还没有解决，已经报到自治区住房城乡建设厅提级督办。",
        ]
        types = [event.type.split(".")[2] for event in session.scalars(select(OutboxRow).order_by(OutboxRow.id))]
        assert types == ["opened", "updated", "escalated", "escalated"]
        record = ticket_record(session, row, audience="resident")
        assert [line["text"] for line in record["history"][2:]] == [
            "超过12小时没有办理，包头市住房城乡建设部门标红提醒（四（二））",
            "超过24小时没有解决，自治区住房城乡建设厅提级督办（四（二））",
        ]
        assert [c["state"] for c in record["clocks"]] == ["breached", "not_set", "breached", "breached"]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        # 12 h looks at handling, 24 h at solving: two different promises
        ([(11, "in_progress")], [("escalated", "resolve")]),
        ([(11, "accepted")], [("escalated", "handle"), ("escalated", "resolve")]),
        ([(13, "resolved")], [("escalated", "handle")]),
        ([(11, "in_progress"), (23, "resolved")], []),
        ([(11, "withdrawn")], []),
        ([(11, "rejected")], []),
        ([(11, "resolved"), (20, "reopened")], [("escalated", "handle"), ("escalated", "resolve")]),
    ],
)
def test_who_climbs_when(database: Database, build, now, way, expected):
    with database.write() as session:
        row = build.ticket(session, now, property_form="quasi")
    steps = dict(way)
    for hour in range(1, 50):
        if hour in steps:
            with database.write() as session:
                change = Change(steps[hour], "王师傅", "说明", state=steps[hour])
                change_ticket(session, session.get(TicketRow, row.id), change, now + timedelta(hours=hour))
        sweep(database, now + timedelta(hours=hour))
    assert climbs(database) == expected


def test_minle_has_no_ladder(database: Database, build, now):
    with database.write() as session:
        build.ticket(session, now, region="minle")
        build.ticket(session, now, region="minle", kind="complaint", category="fees")
    assert sweep(database, now + timedelta(days=365)) == SweepCount()
    assert climbs(database) == []


def test_community_managed_runs_fifteen_days_beside_the_ladder(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, property_form="community")
    assert sweep(database, now + timedelta(days=14, hours=23)).breached == 2
    assert sweep(database, now + timedelta(days=15)).breached == 1
    assert climbs(database) == [("escalated", "handle"), ("escalated", "resolve"), ("overdue", "resolve")]
    with database.read() as session:
        last = session.scalars(select(TicketEventRow).where(TicketEventRow.ticket_id == row.id).order_by(TicketEventRow.seq.desc())).first()
        assert (last.data["limit"], last.data["plan"]) == ("15天", "donghe-2025")


def test_after_an_outage_all_steps_come_in_order_with_their_true_times(database: Database, build, now):
    with database.write() as session:
        rows = [build.ticket(session, now + timedelta(minutes=20 * i)) for i in range(5)]
    found = sweep(database, now + timedelta(hours=30))
    assert (found.breached, found.climbed, found.late) == (15, 10, 15)
    with database.read() as session:
        events = session.scalars(
            select(TicketEventRow).where(TicketEventRow.event.in_(("escalated", "overdue"))).order_by(TicketEventRow.id)
        ).all()
        due = [datetime.fromisoformat(event.data["due_at"]) for event in events]
        assert due == sorted(due)
        assert all(event.data["late"] and event.at == now + timedelta(hours=30) for event in events)
        assert {e.data["due_at"] for e in events if e.ticket_id == rows[1].id} == {
            "2026-11-20T02:20:00Z",
            "2026-11-20T13:50:00Z",
            "2026-11-21T01:50:00Z",
        }


def test_a_batch_leaves_the_rest_for_the_next_sweep(database: Database, build, now):
    with database.write() as session:
        for _ in range(5):
            build.ticket(session, now, property_form="quasi")
    later = now + timedelta(hours=13)
    assert [sweep(database, later, batch=2) for _ in range(4)] == [
        SweepCount(2, 2, 2, more=True),
        SweepCount(2, 2, 2, more=True),
        SweepCount(1, 1, 1),
        SweepCount(),
    ]


def test_a_level_is_never_lowered(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, property_form="quasi")
    sweep(database, now + timedelta(hours=25))
    with database.write() as session:
        row = session.get(TicketRow, row.id)
        change_ticket(session, row, Change("resolved", "王师傅", "好", state="resolved"), now + timedelta(hours=26))
        change_ticket(session, row, Change("reopened", "resident", "没好", state="reopened"), now + timedelta(hours=27))
    sweep(database, now + timedelta(hours=40))
    with database.read() as session:
        assert session.get(TicketRow, row.id).level == "region"
    assert climbs(database) == [("escalated", "handle"), ("escalated", "resolve"), ("escalated", "handle")]


@pytest.mark.parametrize("skew", [MOST_SKEW + timedelta(seconds=1), -MOST_SKEW - timedelta(seconds=1)])
def test_a_clock_that_jumped_stops_the_sweep(database: Database, build, now, skew):
    with database.write() as session:
        build.ticket(session, now)
    assert sweep(database, now + timedelta(days=9), skew=skew) == SweepCount(paused=True)
    assert climbs(database) == []
    assert sweep(database, now + timedelta(days=9), skew=MOST_SKEW).breached == 3


def test_the_watch_notices_jumps_and_believes_what_lasts():
    wall = datetime(2026, 11, 20, tzinfo=UTC)
    watch = WallWatch(wall, 100.0)
    assert watch.skew(wall + timedelta(seconds=50), 150.0) == timedelta()
    jumped = wall + timedelta(hours=9)
    assert watch.skew(jumped, 160.0) > timedelta(hours=8)
    assert watch.skew(jumped + timedelta(seconds=300), 460.0) > MOST_SKEW
    assert watch.skew(jumped + timedelta(seconds=600), 760.0) == timedelta()
    assert watch.skew(jumped + timedelta(seconds=610), 770.0) == timedelta()
    back = watch.skew(wall + timedelta(seconds=680), 780.0)
    assert back < -MOST_SKEW
    assert watch.skew(jumped + timedelta(seconds=630), 790.0) == timedelta()


def test_four_sweepers_and_two_hundred_tickets(database: Database, build, now):
    with database.write() as session:
        for i in range(200):
            build.ticket(session, now + timedelta(seconds=i), property_form="quasi", conversation_id=None)
    wait, counts, errors = threading.Barrier(4), [], []

    def work() -> None:
        wait.wait()
        try:
            while True:
                count = sweep(database, now + timedelta(hours=25), batch=90)
                counts.append(count)
                if not count.more:
                    return
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(count.breached for count in counts) == 400
    with database.read() as session:
        steps = session.execute(
            select(TicketEventRow.ticket_id, TicketEventRow.data).where(TicketEventRow.event == "escalated").order_by(TicketEventRow.id)
        ).all()
        each = Counter((ticket, data["why"]) for ticket, data in steps)
        assert len(each) == 400
        assert set(each.values()) == {1}
        order: dict[int, list[str]] = {}
        for ticket, data in steps:
            order.setdefault(ticket, []).append(data["why"])
        assert set(map(tuple, order.values())) == {("handle", "resolve")}
        assert session.scalar(select(func.count()).where(OutboxRow.type == "linda.ticket.escalated.v1")) == 400
        assert session.scalar(select(func.count()).where(ClockRow.state == "running")) == 0


def test_resolving_and_climbing_at_once_never_escalates_what_is_resolved(database: Database, build, now):
    with database.write() as session:
        ids = [build.ticket(session, now, property_form="quasi", conversation_id=None).id for _ in range(60)]
    late, wait = now + timedelta(hours=12), threading.Barrier(2)

    def resolve() -> None:
        wait.wait()
        for ticket in reversed(ids):
            with database.write() as session:
                change_ticket(session, session.get(TicketRow, ticket), Change("resolved", "王师傅", "好", state="resolved"), late)

    worker = threading.Thread(target=resolve)
    worker.start()
    wait.wait()
    sweep(database, late)
    worker.join()
    with database.read() as session:
        for ticket in ids:
            query = select(TicketEventRow.event).where(TicketEventRow.ticket_id == ticket).order_by(TicketEventRow.seq)
            events = list(session.scalars(query))
            assert events in (["opened", "resolved"], ["opened", "escalated", "resolved"])


class PowerCut(BaseException):
    """The process dies before its commit."""


def test_a_crash_in_the_middle_loses_and_doubles_nothing(database: Database, build, now, monkeypatch):
    import tickets.ladder

    with database.write() as session:
        for _ in range(6):
            build.ticket(session, now, property_form="quasi", conversation_id=None)
    real, calls = tickets.ladder.change_ticket, []

    def dying(*args):
        calls.append(1)
        done = real(*args)
        if len(calls) % 3 == 0:
            raise PowerCut
        return done

    monkeypatch.setattr(tickets.ladder, "change_ticket", dying)
    crashes = 0
    for _ in range(40):
        try:
            if sweep(database, now + timedelta(hours=25), together=2).breached == 0:
                break
        except PowerCut:
            crashes += 1
    assert crashes >= 3
    assert Counter(climbs(database)) == {("escalated", "handle"): 6, ("escalated", "resolve"): 6}


def test_withdrawn_while_the_batch_was_read(database: Database, build, now, monkeypatch):
    import tickets.ladder

    with database.write() as session:
        row = build.ticket(session, now, property_form="quasi")
    real = tickets.ladder._step

    def late_step(session, clock_id, ticket_id, at):
        ticket = session.get(TicketRow, ticket_id)
        if ticket.state == "submitted":
            withdraw(session, ticket, now=at)
        return real(session, clock_id, ticket_id, at)

    monkeypatch.setattr(tickets.ladder, "_step", late_step)
    assert sweep(database, now + timedelta(hours=12)).breached == 0
    with database.read() as session:
        assert session.get(TicketRow, row.id).level == "company"
    assert climbs(database) == []


def test_one_ticket_that_cannot_climb_does_not_hold_up_the_others(database: Database, build, now, caplog):
    with database.write() as session:
        rows = [build.ticket(session, now, property_form="quasi") for _ in range(3)]
        rows[0].region = "abolished"
    found = sweep(database, now + timedelta(hours=12))
    assert (found.breached, found.failed) == (2, 1)
    assert "ladder step" in caplog.text
    with database.write() as session:
        session.get(TicketRow, rows[0].id).region = "donghe"
    assert sweep(database, now + timedelta(hours=12)).breached == 1
    assert climbs(database) == [("escalated", "handle")] * 3


def test_a_promise_left_running_on_a_ticket_that_is_over_is_put_away(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, property_form="quasi")
        row.state = "withdrawn"  # as if written past change_ticket
    assert sweep(database, now + timedelta(hours=25)) == SweepCount()
    assert climbs(database) == []
    with database.read() as session:
        assert session.scalar(select(func.count()).where(ClockRow.state == "running")) == 0
