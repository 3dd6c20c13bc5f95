"""Update ids that begin again anywhere after a quiet week: nothing is confirmed away, nothing is taken for a repeat."""

from pathlib import Path

from sqlalchemy import select

from storage.database import Database
from storage.models import MessageRow
from tests.faults.fake_bot_api import private
from tests.faults.telegram_stage import plain_turns, service, unlimited, until


def test_ids_that_begin_again_lower_or_the_same_lose_nothing(database: Database, tmp_path: Path) -> None:
    api = unlimited()
    channel = service(plain_turns(database, tmp_path), api.base, tmp_path, poll_s=1)
    channel.start()
    try:
        for number, (first_id, text) in enumerate([(700_000_001, "一"), (3, "二"), (700_000_001, "三"), (3, "四")], 1):
            polls = api.calls["getUpdates"]
            until(lambda polls=polls: api.calls["getUpdates"] >= polls + 3)  # type: ignore[misc]  # the week: offset long forgotten
            api.restart_ids(first_id)
            api.push(private(9000, text, number=number))
            until(lambda number=number: len(_heard(database)) == number)  # type: ignore[misc]
        until(lambda: not api.waiting())
    finally:
        channel.stop()
        api.close()
    assert _heard(database) == ["一", "二", "三", "四"] and not api.sins


def _heard(database: Database) -> list[str]:
    with database.read() as session:
        bodies = session.scalars(select(MessageRow.body).where(MessageRow.author == "resident").order_by(MessageRow.id))
        return [body["text"] for body in bodies]
