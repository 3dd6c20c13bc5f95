"""Run as a program by test_outbox_kills.py: `write URL FIRST` opens tickets with events, `take URL` leases and acks, until killed.

Prints a line only once the thing it names is committed; a consumer prints an event before it acks it, as one that has acted on it would.
"""

import sys
from datetime import UTC, datetime

from storage.database import Database
from storage.outbox import ack, lease
from tests.unit.storage.outbox_rows import add_events


def write(database: Database, first: int) -> None:
    index = first
    while True:
        with database.write() as session:
            number = add_events(session, index, datetime.now(UTC), "opened", "updated")
        print(number, flush=True)
        index += 1


def take(database: Database) -> None:
    while True:
        with database.write() as session:
            got = lease(session, 5, 0.3, (), datetime.now(UTC))
        for event in got.events:
            print(event["id"], event["subject"], event["sequence"], flush=True)
        if got.id:
            with database.write() as session:
                ack(session, got.id, datetime.now(UTC))


if __name__ == "__main__":
    opened = Database(sys.argv[2], pool_size=1)
    if sys.argv[1] == "write":
        write(opened, int(sys.argv[3]))
    else:
        take(opened)
