"""Personal data: encrypted per person, unreadable without the key file, gone for good once erased."""

import stat
import threading
from datetime import datetime
from pathlib import Path

import pytest

from config.refusal import Refused, Unavailable
from storage.database import Database
from storage.models import Base, PersonRow
from storage.personal_data import PersonalData

NOBODY = {"name": None, "phone": None}


@pytest.fixture
def people(tmp_path: Path) -> PersonalData:
    return PersonalData(tmp_path / "keys" / "person.key")


def test_remembers_and_reads_back(database: Database, people: PersonalData, now: datetime) -> None:
    with database.write() as session:
        both = people.remember_person(session, name="王建国", phone="13800138000", now=now)
        one = people.remember_person(session, name=None, phone="0472-5123456", now=now)
    with database.read() as session:
        assert people.read_person(session, both) == {"name": "王建国", "phone": "13800138000"}
        assert people.read_person(session, one) == {"name": None, "phone": "0472-5123456"}
        assert people.read_person(session, "nobody") == NOBODY


def test_key_file_is_readable_by_the_owner_only_and_shared_by_all_who_come(tmp_path: Path, database: Database, now: datetime) -> None:
    file = tmp_path / "person.key"
    ids: list[str] = []

    def remember(index: int) -> None:
        with database.write() as session:
            ids.append(PersonalData(file).remember_person(session, name=f"人{index}", phone=None, now=now))

    workers = [threading.Thread(target=remember, args=(index,)) for index in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "key" in path.name] == ["person.key"]
    with database.read() as session:
        assert {PersonalData(file).read_person(session, person)["name"] for person in ids} == {f"人{index}" for index in range(6)}


def test_nothing_readable_stands_in_the_row_and_fields_cannot_be_swapped(database: Database, people: PersonalData, now: datetime) -> None:
    with database.write() as session:
        a = people.remember_person(session, name="王建国", phone="13800138000", now=now)
        b = people.remember_person(session, name="王建国", phone="13800138000", now=now)
        rows = [session.get_one(PersonRow, person) for person in (a, b)]
        assert rows[0].phone_cipher != rows[1].phone_cipher
        for row in rows:
            for value in (row.wrapped_key, row.name_cipher, row.phone_cipher):
                assert value is not None and b"13800138000" not in value and "王建国".encode() not in value
        rows[0].name_cipher, rows[0].phone_cipher = rows[0].phone_cipher, rows[0].name_cipher
        session.flush()
        with pytest.raises(Unavailable):
            people.read_person(session, a)


def test_erased_person_is_unreadable_even_with_an_old_copy_of_the_ciphers(database: Database, people: PersonalData, now: datetime) -> None:
    with database.write() as session:
        person = people.remember_person(session, name="王建国", phone="13800138000", now=now)
        old = session.get_one(PersonRow, person).phone_cipher
    for _ in range(2):
        with database.write() as session:
            people.erase_person(session, person, now)
    with database.write() as session:
        row = session.get_one(PersonRow, person)
        assert (row.wrapped_key, row.name_cipher, row.phone_cipher, row.erased_at) == (None, None, None, now)
        row.phone_cipher = old
        session.flush()
        assert people.read_person(session, person) == NOBODY


def test_erased_key_leaves_no_bytes_in_the_sqlite_file(tmp_path: Path, people: PersonalData, now: datetime) -> None:
    """PostgreSQL removes old row versions only at its next VACUUM; SQLite must do so at once."""
    file = tmp_path / "linda.db"
    database = Database(f"sqlite:///{file}", pool_size=1)
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        person = people.remember_person(session, name="王建国", phone="13800138000", now=now)
        wrapped = session.get_one(PersonRow, person).wrapped_key
    with database.write() as session:
        people.erase_person(session, person, now)
    with database.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    database.close()
    assert wrapped is not None
    assert wrapped not in file.read_bytes()


def test_wrong_missing_open_or_damaged_key_file_is_said_and_never_replaced(tmp_path: Path, database: Database, now: datetime) -> None:
    file = tmp_path / "person.key"
    with database.write() as session:
        person = PersonalData(file).remember_person(session, name="王建国", phone=None, now=now)
    right = file.read_bytes()
    file.write_bytes(bytes(32))
    with database.read() as session, pytest.raises(Unavailable):
        PersonalData(file).read_person(session, person)
    file.write_bytes(right[:10])
    with database.read() as session, pytest.raises(Refused) as damaged:
        PersonalData(file).read_person(session, person)
    file.write_bytes(right)
    file.chmod(0o644)
    with database.read() as session, pytest.raises(Refused) as opened:
        PersonalData(file).read_person(session, person)
    file.unlink()
    with database.read() as session, pytest.raises(Unavailable):
        PersonalData(file).read_person(session, person)
    with pytest.raises(Refused) as missing, database.write() as session:
        PersonalData(file).remember_person(session, name="李", phone=None, now=now)
    assert [e.value.code for e in (damaged, opened, missing)] == ["key_file_damaged", "key_file_open", "key_file_missing"]
    assert all(e.value.remedy for e in (damaged, opened, missing))
    assert not file.exists()
