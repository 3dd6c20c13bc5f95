"""Contract 4, way 1: lease, ack, nack over HTTP; events as their schemas say; updates back reach the resident."""

import itertools
import json
from datetime import datetime
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient
from referencing import Registry, Resource

from backend.schemas import UPDATE, schemas
from storage.api_keys import find_key, revoke_key
from storage.database import Database
from storage.models import TicketEventRow
from tests.contracts.queue_side import QueueSide
from tickets.change_ticket import Change, change_ticket
from tickets.resident import withdraw
from tickets.ticket import STATES

REGISTRY: Registry[Any] = Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in schemas().values())


FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def check(instance: object, name: str) -> None:
    """Raise when the instance is not as the published schema says, times included."""
    jsonschema.Draft7Validator(schemas()[name], registry=REGISTRY, format_checker=FORMATS).validate(instance)


@pytest.fixture
def side(database: Database, now: datetime) -> QueueSide:
    return QueueSide(database, now)


def test_schemas_are_schemas_and_refuse_what_is_wrong(side: QueueSide) -> None:
    for schema in schemas().values():
        jsonschema.Draft7Validator.check_schema(schema)
    side.open()
    event = side.drain()[0]
    check(event, event["type"])
    for broken in (
        {"time": "yesterday"},
        {"time": "2026-11-20T01:30:00"},
        {"type": "linda.ticket.closed.v1"},
        {"subject": "x"},
        {"data": {**event["data"], "phone": "13800138000"}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            check({**event, **broken}, "linda.ticket.opened.v1")


def test_real_events_of_a_whole_life_are_as_their_schemas_say(side: QueueSide, now: datetime) -> None:
    closed, withdrawn, climbed = side.open("t1"), side.open("t2"), side.open("t3")
    with side.database.write() as session:
        for state in ("accepted", "in_progress", "resolved", "closed"):
            change_ticket(session, side.row(session, closed), Change(state, "王师傅", "好", state=state), now)
        withdraw(session, side.row(session, withdrawn), now=now)
        change_ticket(session, side.row(session, climbed), Change("escalated", "linda", level="county"), now)
    events = side.drain()
    for event in events:
        check(event, event["type"])
    kinds = {number: [e["type"].split(".")[2] for e in events if e["subject"] == number] for number in (closed, withdrawn, climbed)}
    assert kinds[closed] == ["opened", "updated", "updated", "updated", "closed"]
    assert kinds[withdrawn] == ["opened", "withdrawn"]
    assert kinds[climbed] == ["opened", "escalated"]
    assert [e["sequence"] for e in events if e["subject"] == closed] == [f"{n:010d}" for n in range(1, 6)]


def test_schema_knows_every_state(side: QueueSide) -> None:
    assert set(schemas()["ticket.v1"]["properties"]["state"]["enum"]) == set(STATES)


def test_phone_and_identity_of_the_resident_are_not_in_the_queue(side: QueueSide) -> None:
    side.open(description="水管漏，电话一三八零零一三八零零零，身份证15020319900101123X")
    text = json.dumps(side.drain(), ensure_ascii=False)
    assert "一三八" not in text and "15020319900101123X" not in text and "水管漏" in text


def test_lease_ack_and_nothing_left(side: QueueSide) -> None:
    number = side.open()
    got = side.lease(max=5, lease_s=30)
    assert [event["subject"] for event in got["events"]] == [number]
    assert side.lease() == {"lease": None, "until": got["until"].replace("01:30:30", "01:31:00"), "events": []}
    assert side.settle(got["lease"]).json() == {"lease": got["lease"], "settled": 1, "already": 0, "dead": 0}
    assert side.settle(got["lease"]).json()["already"] == 1
    refused = side.settle(got["lease"], "nack")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "lease_acked")


def test_nack_and_expiry_deliver_the_same_event_again(side: QueueSide) -> None:
    side.open()
    first = side.lease()
    assert side.settle(first["lease"], "nack").status_code == 200
    second = side.lease(lease_s=20)
    side.later(20)
    third = side.lease()
    assert first["events"] == second["events"] == third["events"]
    assert side.settle(second["lease"]).status_code == 404
    assert side.settle(third["lease"]).status_code == 200


def test_every_route_asks_for_a_key(side: QueueSide) -> None:
    number = side.open()
    body = {"update_id": "u", "at": "2026-11-20T01:00:00Z", "state": "accepted"}
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}, {"X-API-Key": ""}):
        stranger = TestClient(side.app, headers=headers)
        calls = [
            stranger.post("/api/v1/queue/leases", json={}),
            stranger.post("/api/v1/queue/leases/aa/ack"),
            stranger.post("/api/v1/queue/leases/aa/nack"),
            stranger.get("/api/v1/queue/counts"),
            stranger.post(f"/api/v1/tickets/{number}/updates", json=body),
        ]
        assert [(call.status_code, call.json()["error"]["code"]) for call in calls] == [(401, "no_api_key")] * 5
        assert all(call.json()["error"]["remedy"] for call in calls)
    assert side.state(number) == "submitted"


def test_key_works_in_either_header_until_revoked(side: QueueSide) -> None:
    secret = side.key()
    client = TestClient(side.app, headers={"X-API-Key": secret})
    assert client.post("/api/v1/queue/leases", json={}).status_code == 200
    with side.database.write() as session:
        row = find_key(session, secret)
        assert row is not None and secret not in row.key_hash
        assert revoke_key(session, row.id, side.now) and not revoke_key(session, row.id, side.now)
    assert client.post("/api/v1/queue/leases", json={}).status_code == 401


def test_key_of_one_region_neither_sees_nor_touches_another(side: QueueSide) -> None:
    side.open("t1", "donghe")
    number = side.open("t2", "minle")
    client = TestClient(side.app, headers={"Authorization": f"Bearer {side.key(('donghe',))}"})
    got = client.post("/api/v1/queue/leases", json={"max": 10}).json()
    assert [event["data"]["place"]["region"] for event in got["events"]] == ["donghe"]
    other = side.lease()["lease"]
    assert client.post(f"/api/v1/queue/leases/{other}/ack").status_code == 404
    body = {"update_id": "u", "at": side.now.isoformat(), "state": "accepted"}
    hidden, absent = (client.post(f"/api/v1/tickets/{n}/updates", json=body) for n in (number, "LD26112099999"))
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json()) == (404, hidden.json())
    assert client.get("/api/v1/queue/counts").status_code == 403


def test_bad_leases_are_refused(side: QueueSide) -> None:
    side.open()
    bad = ({"max": 0}, {"max": 501}, {"max": "many"}, {"lease_s": 0}, {"lease_s": -1}, {"lease_s": 1e9}, [], "x")
    assert [side.client.post("/api/v1/queue/leases", json=body).status_code for body in bad] == [422] * len(bad)
    assert side.client.post("/api/v1/queue/leases").json()["events"]


def test_counts_show_conservation(side: QueueSide) -> None:
    for turn in range(3):
        side.open(f"t{turn}")
    side.settle(side.lease(max=1)["lease"])
    side.lease(max=1)
    assert side.client.get("/api/v1/queue/counts").json() == {
        "issued": 3, "waiting": 1, "leased": 1, "sent": 1, "dead": 0, "missing": 0,
    }  # fmt: skip


def test_update_moves_the_ticket_and_the_resident_hears_it_once(side: QueueSide) -> None:
    number = side.open()
    body = {"update_id": "u1", "at": side.now.isoformat(), "state": "accepted", "text": "师傅下午到", "by": "供水公司"}
    check(body, UPDATE)
    answers = [side.client.post(f"/api/v1/tickets/{number}/updates", json=body).json() for _ in range(3)]
    assert [a["repeated"] for a in answers] == [False, True, True]
    assert {a["effect"] for a in answers} == {"applied"}
    assert answers[0]["ticket"]["state"] == "accepted"
    check(answers[0]["ticket"], "ticket.v1")
    assert answers[0]["ticket"]["history"][-1]["by"] == "供水公司"
    notices = side.notices(number)
    assert len(notices) == 1 and number in notices[0] and "师傅下午到" in notices[0]
    assert [event["type"].split(".")[2] for event in side.drain()] == ["opened", "updated"]


def test_words_alone_reach_the_resident(side: QueueSide) -> None:
    number = side.open()
    assert side.update(number, "u1", text="缺配件，周五换").json()["effect"] == "noted"
    assert side.state(number) == "submitted"
    assert "缺配件，周五换" in side.notices(number)[0]


STEPS = (("a", 1, "accepted"), ("b", 2, "in_progress"), ("c", 3, "resolved"), ("d", 4, "closed"))


def test_every_order_and_repetition_ends_in_the_same_state(side: QueueSide) -> None:
    """Duplicated, reversed and late: the state never goes back, and each change is told once."""
    way = ["submitted", "accepted", "in_progress", "resolved", "closed"]
    for order in itertools.permutations(range(4)):
        number = side.open("".join(map(str, order)))
        side.later(60)
        states = []
        for index in (*order, *order):
            update_id, at, state = STEPS[index]
            done = {"text": "换了声控开关，试过能亮"} if state == "resolved" else {}  # an ending says what was done
            assert side.update(number, update_id, at - 30, state=state, **done).status_code == 200
            states.append(side.state(number))
        assert states == sorted(states, key=way.index), order
        assert states[-1] == "closed", order
        words_came_late = order.index(3) < order.index(2)  # they are told as well, though the state stays
        assert len(side.notices(number)) == len(set(states)) + words_came_late, order
        with side.database.read() as session:
            kept = session.query(TicketEventRow).filter(TicketEventRow.ticket_id == side.row(session, number).id).count()
        assert kept == 5, order  # opened, and each update once, the late ones too


def test_what_happened_before_the_resident_reopened_does_not_close_it_again(side: QueueSide) -> None:
    number = side.open()
    side.later(60)
    side.update(number, "u1", state="resolved", text="换了阀门，不漏了")
    side.later(60)
    with side.database.write() as session:
        change_ticket(session, side.row(session, number), Change("reopened", "resident", "还漏", state="reopened"), side.now)
    side.later(60)
    assert side.update(number, "u2", -90, state="closed").json()["effect"] == "late"
    assert side.state(number) == "reopened"
    assert side.update(number, "u3", 0, state="in_progress").json()["effect"] == "applied"


def test_same_id_with_other_content_is_a_conflict(side: QueueSide) -> None:
    number = side.open()
    side.update(number, "u1", state="accepted")
    again = side.update(number, "u1", state="resolved")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "update_differs")
    assert side.state(number) == "accepted"


def test_forbidden_step_is_refused_with_remedy_and_may_come_again(side: QueueSide) -> None:
    number = side.open()
    refused = side.update(number, "u1", 2, state="reopened")
    assert refused.status_code == 409 and refused.json()["error"]["remedy"]
    side.update(number, "u0", 1, state="resolved", text="换了阀门，不漏了")
    assert side.update(number, "u1", 2, state="reopened").json()["effect"] == "applied"


BAD_UPDATES: tuple[dict[str, Any], ...] = (
    {}, {"text": "  "}, {"state": "merged"}, {"state": "withdrawn"}, {"state": "submitted"}, {"state": "flying"}, {"text": "x" * 4001},
    {"text": "a\x00b"}, {"by": "x" * 61, "text": "a"}, {"state": "accepted", "at": "2026-11-20T01:00:00"}, {"text": "a", "at": "yesterday"},
    {"text": "a", "at": "2027-01-01T00:00:00Z"}, {"text": "a", "at": "0001-01-01T00:00:00+14:00"}, {"text": "a", "update_id": ""},
    {"state": "rejected"}, {"text": "a", "update_id": "u" * 121}, {"text": "a", "at": 1763600000},
)  # fmt: skip


def test_bad_updates_are_refused_and_leave_nothing(side: QueueSide) -> None:
    number = side.open()
    for fields in BAD_UPDATES:
        answer = side.client.post(f"/api/v1/tickets/{number}/updates", json={"update_id": "u1", "at": side.now.isoformat(), **fields})
        assert answer.status_code == 422, fields
        assert side.state(number) == "submitted" and side.notices(number) == [], fields


def test_unknown_ticket_is_not_found(side: QueueSide) -> None:
    answer = side.update("LD26112000000", "u1", state="accepted")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_ticket")
    assert side.update("LD%00", "u1", state="accepted").status_code == 422


def test_asyncapi_names_every_event_and_every_reference_leads_somewhere(side: QueueSide) -> None:
    document = side.client.get("/asyncapi.json").json()
    assert document["asyncapi"] == "3.0.0"
    kinds = ("opened", "updated", "escalated", "withdrawn", "closed")
    assert set(document["channels"]["tickets"]["messages"]) == {f"linda.ticket.{kind}.v1" for kind in kinds}
    assert {o["action"] for o in document["operations"].values()} == {"send", "receive"}
    references: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            references.extend(v for k, v in value.items() if k == "$ref")
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    assert len(references) > 20
    for reference in references:
        found: Any = document
        assert reference.startswith("#/")
        for step in reference[2:].split("/"):
            found = found[step]
        assert isinstance(found, dict)
    assert {channel["address"] for channel in document["channels"].values()} <= set(side.app.openapi()["paths"])


def test_schemas_are_served_under_their_names(side: QueueSide) -> None:
    for name, schema in schemas().items():
        assert side.client.get(f"/schemas/{name}.json").json() == schema
    assert side.client.get("/schemas/none.json").status_code == 404
