"""The measuring program measures: a small run does every step once and its figures can fail."""

from dataclasses import replace

from storage.models import ClockRow
from tickets.bench import SweepFigures, measure


def test_a_small_run_counts_every_step(database):
    found = measure(database, 600, 60)
    assert (found.open_tickets, found.breached, found.double, found.missed) == (600, 60, 0, 0)
    assert found.seconds > 0
    with database.read() as session:
        assert session.query(ClockRow).filter(ClockRow.state == "breached").count() == 120


def test_a_broken_promise_is_told():
    good = SweepFigures(100_000, 1.0, 1.0, 90.0, 500, 0, 0)
    assert good.kept
    assert not any(replace(good, **worse).kept for worse in ({"seconds": 5.1}, {"memory_mb": 201.0}, {"double": 1}, {"missed": 1}))
