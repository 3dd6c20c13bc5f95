"""Working days of China against the State Council's published arrangements for 2025 and 2026."""

from datetime import date

import pytest
import yaml

from tickets import working_days
from tickets.working_days import announced, is_working_day


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-01-26", True),  # Sunday made up for Spring Festival
        ("2025-01-28", False),
        ("2025-10-08", False),
        ("2025-10-11", True),  # Saturday made up for National Day
        ("2026-02-14", True),
        ("2026-02-16", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-10-10", True),
        ("2026-10-07", False),
        ("2026-11-20", True),
        ("2026-11-21", False),
        ("2026-12-31", True),
    ],
)
def test_published_days(day, works):
    assert is_working_day(date.fromisoformat(day)) is works


def test_a_year_not_yet_announced_is_known_as_such():
    assert announced(2025)
    assert announced(2026)
    assert not announced(2027)


def test_our_own_table_has_the_last_word(tmp_path, monkeypatch):
    table = tmp_path / "working_days.yaml"
    table.write_text(yaml.safe_dump({"free": [date(2027, 2, 11)], "working": [date(2027, 2, 14)]}), encoding="utf-8")
    monkeypatch.setattr(working_days, "OVERRIDES", table)
    working_days._overrides.cache_clear()
    try:
        assert not is_working_day(date(2027, 2, 11))
        assert is_working_day(date(2027, 2, 14))
        assert announced(2027)
    finally:
        working_days._overrides.cache_clear()
