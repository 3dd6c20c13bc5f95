"""Promises: when they fall due, what meets them, what calls them off."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.models import ClockRow
from tickets.change_ticket import Change, change_ticket
from tickets.clocks import due_at
from tickets.ticket import ticket_record

CN, BERLIN, NEW_YORK = "Asia/Shanghai", "Europe/Berlin", "America/New_York"


@pytest.mark.parametrize(
    ("start", "within", "zone", "due"),
    [
        ("2026-11-20T01:30:00+00:00", "PT30M", CN, "2026-11-20T02:00:00+00:00"),
        ("2026-11-20T01:30:00+00:00", "PT12H", CN, "2026-11-20T13:30:00+00:00"),
        ("2026-11-20T01:30:00+00:00", "PT1H30M", CN, "2026-11-20T03:00:00+00:00"),
        ("2026-11-20T01:30:00+00:00", "P15D", CN, "2026-12-05T01:30:00+00:00"),
        # ends of day, month, leap February and year
        ("2026-11-20T15:59:59.999000+00:00", "PT12H", CN, "2026-11-21T03:59:59.999000+00:00"),
        ("2026-11-20T16:00:00+00:00", "PT24H", CN, "2026-11-21T16:00:00+00:00"),
        ("2028-02-28T12:00:00+00:00", "PT24H", CN, "2028-02-29T12:00:00+00:00"),
        ("2028-02-29T01:00:00+00:00", "P15D", CN, "2028-03-15T01:00:00+00:00"),
        ("2026-12-31T15:59:00+00:00", "PT30M", CN, "2026-12-31T16:29:00+00:00"),
        # summer time: hours pass as they pass, days keep the time of day
        ("2026-03-28T20:00:00+00:00", "PT24H", BERLIN, "2026-03-29T20:00:00+00:00"),
        ("2026-03-28T20:00:00+00:00", "P15D", BERLIN, "2026-04-12T19:00:00+00:00"),
        ("2026-10-24T20:00:00+00:00", "P15D", BERLIN, "2026-11-08T21:00:00+00:00"),
        ("2026-03-07T15:00:00+00:00", "P15D", NEW_YORK, "2026-03-22T14:00:00+00:00"),
        # working days: the first does not count, holidays and weekends do not, made-up Saturdays do
        ("2026-11-20T01:30:00+00:00", "7WD", CN, "2026-12-01T16:00:00+00:00"),
        ("2026-02-13T02:00:00+00:00", "1WD", CN, "2026-02-14T16:00:00+00:00"),
        ("2026-02-14T02:00:00+00:00", "1WD", CN, "2026-02-24T16:00:00+00:00"),
        ("2026-09-30T02:00:00+00:00", "3WD", CN, "2026-10-10T16:00:00+00:00"),
        # a moment that is still today here and already tomorrow in China
        ("2026-11-20T17:00:00+00:00", "1WD", CN, "2026-11-23T16:00:00+00:00"),
    ],
)
def test_due_times(start, within, zone, due):
    assert due_at(datetime.fromisoformat(start), within, zone) == datetime.fromisoformat(due)


@pytest.mark.parametrize("zone", ["UTC", CN, NEW_YORK])
def test_hours_do_not_depend_on_the_zone(zone):
    start = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert due_at(start, "PT12H", zone) == start + timedelta(hours=12)


def test_no_number_means_no_due_time(now):
    assert due_at(now, None, CN) is None


@pytest.mark.parametrize("within", ["P", "PT", "12H", "P1M", "PT12", "-PT1H", ""])
def test_another_length_is_refused(now, within):
    with pytest.raises(ValueError, match="length"):
        due_at(now, within, CN)


def test_a_naive_start_is_refused():
    with pytest.raises(ValueError, match="naive"):
        due_at(datetime(2026, 11, 20), "PT12H", CN)


def states(session, row):
    query = select(ClockRow).where(ClockRow.ticket_id == row.id).order_by(ClockRow.id)
    return [(c.name, c.source_plan, c.state) for c in session.scalars(query)]


MARKET, COMMUNITY = {"property_form": "market"}, {"property_form": "community"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            MARKET,
            [
                ("respond", "donghe-2025", "PT30M", None),
                ("respond", "nmg-2026", None, "county"),
                ("handle", "nmg-2026", "PT12H", "league"),
                ("resolve", "nmg-2026", "PT24H", "region"),
            ],
        ),
        (
            COMMUNITY,
            [
                ("resolve", "donghe-2025", "P15D", None),
                ("respond", "nmg-2026", None, "county"),
                ("handle", "nmg-2026", "PT12H", "league"),
                ("resolve", "nmg-2026", "PT24H", "region"),
            ],
        ),
        ({"property_form": "market", "kind": "complaint", "category": "fees"}, ["ladder"]),
        ({"property_form": "quasi"}, ["ladder"]),
        ({"region": "ejinhoro", "property_form": "market"}, ["ladder"]),
        ({"region": "nmg"}, ["ladder"]),
        ({"kind": "handoff", "category": "other_complaint"}, []),
        ({"region": "minle", "property_form": "market"}, []),
        ({"region": "minle", "kind": "complaint", "category": "fees"}, [("respond", "minle-draft", None, None)]),
    ],
)
def test_which_promises_a_ticket_carries(database: Database, build, now, fields, expected):
    if expected == ["ladder"]:
        expected = [
            ("respond", "nmg-2026", None, "county"),
            ("handle", "nmg-2026", "PT12H", "league"),
            ("resolve", "nmg-2026", "PT24H", "region"),
        ]
    with database.write() as session:
        row = build.ticket(session, now, **fields)
        clocks = session.scalars(select(ClockRow).where(ClockRow.ticket_id == row.id).order_by(ClockRow.id)).all()
        assert [(c.name, c.source_plan, c.due_at, c.climbs_to) for c in clocks] == [
            (name, plan, due_at(now, within, CN), climbs) for name, plan, within, climbs in expected
        ]
        assert all(c.state == ("running" if c.due_at else "not_set") for c in clocks)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (["accepted"], ["met", "not_set", "running", "running"]),
        (["in_progress"], ["met", "not_set", "met", "running"]),
        (["accepted", "in_progress", "resolved"], ["met", "not_set", "met", "met"]),
        (["closed"], ["met", "not_set", "met", "met"]),
        (["withdrawn"], ["stopped", "stopped", "stopped", "stopped"]),
        (["rejected"], ["met", "not_set", "stopped", "stopped"]),
        (["resolved", "reopened"], ["met", "not_set", "met", "met", "running", "not_set", "running", "running"]),
        (["accepted", "resolved", "reopened", "resolved"], ["met", "not_set", "met", "met", "met", "not_set", "met", "met"]),
    ],
)
def test_what_meets_and_calls_off_promises(database: Database, build, now, way, expected):
    with database.write() as session:
        row = build.ticket(session, now)
        for step, state in enumerate(way, 1):
            change_ticket(session, row, Change(state, "王师傅", "说明", state=state), now + timedelta(minutes=step))
        assert [state for _, _, state in states(session, row)] == expected


def test_meeting_late_is_breached_even_when_no_sweep_came(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("accepted", "王师傅", state="accepted"), now + timedelta(minutes=31))
        assert [s for _, _, s in states(session, row)] == ["breached", "not_set", "running", "running"]


@pytest.mark.parametrize(("after", "state"), [(timedelta(hours=12), "met"), (timedelta(hours=12, microseconds=1), "breached")])
def test_the_last_moment_counts_as_in_time(database: Database, build, now, after, state):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("in_progress", "王师傅", state="in_progress"), now + after)
        assert states(session, row)[2][2] == state


def test_a_reopened_ticket_shows_its_new_promises_only(database: Database, build, now):
    later = now + timedelta(hours=3)
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("resolved", "王师傅", "修好了", state="resolved"), now + timedelta(hours=1))
        change_ticket(session, row, Change("reopened", "resident", "没好", state="reopened"), later)
        clocks = ticket_record(session, row, audience="resident")["clocks"]
        assert [(c["name"], c["state"]) for c in clocks] == [
            ("respond", "running"),
            ("respond", "not_set"),
            ("handle", "running"),
            ("resolve", "running"),
        ]
        assert clocks[3]["due_at"] == "2026-11-21T04:30:00Z"


def test_a_withdrawn_ticket_shows_no_promise_any_more(database: Database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        change_ticket(session, row, Change("withdrawn", "resident", state="withdrawn"), now)
        assert ticket_record(session, row, audience="resident")["clocks"] == []


def test_a_promise_does_not_move_when_the_rules_change(database: Database, build, now, monkeypatch):
    import config.regions
    import tickets.clocks

    with database.write() as session:
        row = build.ticket(session, now)
        before = ticket_record(session, row, audience="resident")["clocks"]
        monkeypatch.setattr(tickets.clocks, "regions", lambda: {"donghe": config.regions.regions()["minle"]})
        change_ticket(session, row, Change("updated", "王师傅", "在等配件"), now)
        assert ticket_record(session, row, audience="resident")["clocks"] == before
