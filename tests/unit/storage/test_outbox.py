"""The outbox: atomic with the ticket, ordered per ticket, at least once, single claims, nothing lost."""

import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storage.database import Database
from storage.models import OutboxRow, TicketRow
from storage.outbox import MOST_ATTEMPTS, ack, add_event, counts, lease, nack, revive
from tests.unit.storage.outbox_rows import add_events, add_ticket, number_of


def kinds(events: tuple[dict[str, object], ...]) -> list[str]:
    return [str(event["type"]).split(".")[2] for event in events]


def take(
    database: Database, now: datetime, most: int = 10, lease_s: float = 60, regions: tuple[str, ...] = ()
) -> tuple[str | None, list[str]]:
    with database.write() as session:
        got = lease(session, most, lease_s, regions, now)
    return got.id, [str(event["subject"]) for event in got.events]


def test_event_is_a_cloud_event_and_stays_the_same_over_redelivery(database: Database, now: datetime) -> None:
    with database.write() as session:
        number = add_events(session, 1, now, "opened")
    with database.write() as session:
        first = lease(session, 1, 10, (), now)
    with database.write() as session:
        second = lease(session, 1, 10, (), now + timedelta(seconds=10))
    assert first.events == second.events and first.id != second.id
    event = first.events[0]
    assert (event["specversion"], event["source"], event["subject"]) == ("1.0", "/linda", number)
    assert event["type"] == "linda.ticket.opened.v1"
    assert event["time"] == "2026-11-20T01:30:00Z"
    assert event["sequence"] == "0000000001"
    assert event["data"] == {"number": number, "kind_of_event": "opened"}


def test_full_type_is_taken_and_unknown_type_is_a_bug(database: Database, now: datetime) -> None:
    with database.write() as session:
        number = add_ticket(session, 1, now)
        assert add_event(session, "linda.ticket.closed.v1", number, "donghe", {}, now).type == "linda.ticket.closed.v1"
        with pytest.raises(ValueError, match="no event type"):
            add_event(session, "exploded", number, "donghe", {}, now)


def test_event_vanishes_with_its_ticket_when_the_transaction_fails(database: Database, now: datetime) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        add_events(session, 1, now, "opened")
        raise RuntimeError("killed before commit")
    with database.read() as session:
        assert counts(session).issued == 0
        assert session.scalars(select(TicketRow)).all() == []


def test_later_event_of_a_ticket_waits_until_the_earlier_one_is_acked(database: Database, now: datetime) -> None:
    with database.write() as session:
        add_events(session, 1, now, "opened", "updated", "closed")
    seen = []
    for _ in range(3):
        with database.write() as session:
            got = lease(session, 10, 60, (), now)
            assert lease(session, 10, 60, (), now).events == ()
            seen += kinds(got.events)
            assert ack(session, str(got.id), now).now == 1
    assert seen == ["opened", "updated", "closed"]
    assert take(database, now) == (None, [])


def test_one_ticket_waiting_does_not_hold_up_the_others(database: Database, now: datetime) -> None:
    with database.write() as session:
        add_events(session, 1, now, "opened", "updated")
        add_events(session, 2, now, "opened", "updated")
    assert take(database, now, most=1)[1] == [number_of(1)]
    assert take(database, now)[1] == [number_of(2)]


def test_expired_lease_comes_back_and_late_ack_cannot_take_it_from_the_new_holder(database: Database, now: datetime) -> None:
    with database.write() as session:
        add_events(session, 1, now, "opened")
    old, _ = take(database, now, lease_s=30)
    assert take(database, now + timedelta(seconds=29))[0] is None
    new, subjects = take(database, now + timedelta(seconds=30))
    assert subjects == [number_of(1)]
    with database.write() as session:
        assert not ack(session, str(old), now + timedelta(seconds=31)).known
        assert not nack(session, str(old), now + timedelta(seconds=31)).known
        assert ack(session, str(new), now + timedelta(seconds=31)).now == 1


def test_crash_between_lease_and_ack_delivers_again_and_ack_is_repeatable(database: Database, now: datetime) -> None:
    with database.write() as session:
        add_events(session, 1, now, "opened")
    lost, _ = take(database, now, lease_s=5)
    with pytest.raises(RuntimeError), database.write() as session:
        ack(session, str(lost), now)
        raise RuntimeError("killed after ack, before commit")
    again, subjects = take(database, now + timedelta(seconds=5))
    assert subjects == [number_of(1)]
    for expected in ((1, 0), (0, 1), (0, 1)):
        with database.write() as session:
            done = ack(session, str(again), now)
            assert (done.now, done.already) == expected


def test_nack_returns_at_once_first_and_after_pauses_later_until_dead(database: Database, now: datetime) -> None:
    with database.write() as session:
        add_events(session, 1, now, "opened", "updated")
    at, waits = now, []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        waited = 0
        while (held := take(database, at))[0] is None:
            at, waited = at + timedelta(seconds=1), waited + 1
        waits.append(waited)
        with database.write() as session:
            result = nack(session, str(held[0]), at)
            assert (result.now, result.dead) == ((0, 1) if attempt == MOST_ATTEMPTS else (1, 0))
    assert waits == [0, 0, 5, 30, 120]
    with database.read() as session:
        assert counts(session).dead == 1
    with database.write() as session:  # the dead one no longer holds up its ticket
        assert kinds(lease(session, 10, 60, (), at).events) == ["updated"]
        assert revive(session) == 1


def test_consumer_that_dies_on_one_event_loses_only_that_one(database: Database, now: datetime) -> None:
    """A poisoned event kills its consumer, lease and all; the neighbours in the batch must still arrive."""
    poison = number_of(7)
    with database.write() as session:
        for index in range(20):
            add_events(session, index, now, "opened")
    at, arrived, deliveries = now, set[str](), Counter[str]()
    for _ in range(200):
        lease_id, subjects = take(database, at, most=10, lease_s=10)
        deliveries.update(subjects)
        if lease_id is None:
            at += timedelta(seconds=10)
        elif poison in subjects:
            at += timedelta(seconds=10)  # the consumer died: nobody acks
        else:
            arrived |= set(subjects)
            with database.write() as session:
                ack(session, lease_id, at)
    with database.read() as session:
        found = counts(session)
    assert arrived == {number_of(index) for index in range(20)} - {poison}
    assert deliveries[poison] == MOST_ATTEMPTS
    assert max(count for subject, count in deliveries.items() if subject != poison) <= 3
    assert (found.sent, found.dead, found.waiting, found.leased, found.missing) == (19, 1, 0, 0, 0)


def test_regions_bound_what_is_leased_and_acked(database: Database, now: datetime) -> None:
    with database.write() as session:
        add_events(session, 1, now, "opened", region="donghe")
        add_events(session, 2, now, "opened", region="minle")
    held, subjects = take(database, now, regions=("minle",))
    assert subjects == [number_of(2)]
    with database.write() as session:
        assert not ack(session, str(held), now, ("donghe",)).known
        assert ack(session, str(held), now, ("minle", "nmg")).now == 1


def test_four_workers_claim_each_event_once(database: Database, now: datetime) -> None:
    """4 workers and 1,000 events at once: no event is handed out twice, all are handed out."""
    with database.write() as session:
        for index in range(1000):
            add_events(session, index, now, "opened")
    claimed: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        empty = 0
        while empty < 3:
            lease_id, subjects = take(database, now, most=20, lease_s=600)
            claimed.extend(subjects)
            empty = empty + 1 if lease_id is None else 0

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    twice = [subject for subject, times in Counter(claimed).items() if times > 1]
    assert twice == []
    assert len(claimed) == 1000
    with database.read() as session:
        found = counts(session)
    assert (found.leased, found.waiting, found.missing) == (1000, 0, 0)


def test_writers_of_one_ticket_number_their_events_without_gap_or_repeat(database: Database, now: datetime) -> None:
    with database.write() as session:
        number = add_ticket(session, 1, now)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(15):
            with database.write() as session:
                add_event(session, "updated", number, "donghe", {}, now)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with database.read() as session:
        numbered = session.scalars(select(OutboxRow.sequence).order_by(OutboxRow.id)).all()
    assert list(numbered) == list(range(1, 61))


def test_conservation_holds_at_every_step_and_shows_a_loss(database: Database, now: datetime) -> None:
    def figures(session: Session) -> tuple[int, ...]:
        found = counts(session)
        return found.issued, found.waiting, found.leased, found.sent, found.dead, found.missing

    with database.write() as session:
        for index in range(4):
            add_events(session, index, now, "opened", "updated")
        assert figures(session) == (8, 8, 0, 0, 0, 0)
        got = lease(session, 3, 60, (), now)
        assert figures(session) == (8, 5, 3, 0, 0, 0)
        ack(session, str(got.id), now)
        assert figures(session) == (8, 5, 0, 3, 0, 0)
        session.execute(update(OutboxRow).where(OutboxRow.subject == number_of(3), OutboxRow.sequence == 1).values(state="dead"))
        assert figures(session) == (8, 4, 0, 3, 1, 0)
        session.execute(delete(OutboxRow).where(OutboxRow.subject == number_of(3), OutboxRow.sequence == 1))
        assert figures(session) == (8, 4, 0, 3, 0, 1)
