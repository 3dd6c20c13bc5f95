"""Open311 GeoReport v2: services, definition, opening and reading requests, in JSON and XML."""

from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.open311.router import Open311Desk, open311_router
from config.categories import categories
from storage.database import Database
from storage.models import PersonRow, TicketRow
from storage.personal_data import PersonalData
from tests.contracts.queue_side import QueueSide

REPORT = {
    "jurisdiction_id": "donghe", "service_code": "water_supply", "description": "厨房水管漏水，电话13800138000",
    "address_string": "和平小区3号楼2单元502", "first_name": "建国", "last_name": "王", "phone": "13800138000",
}  # fmt: skip


class Open311Side(QueueSide):
    def __init__(self, database: Database, now: datetime, folder: Path) -> None:
        super().__init__(database, now)
        self.people = PersonalData(folder / "person.key")
        app = FastAPI()
        app.include_router(open311_router(Open311Desk(database, self.people, self.clock)))
        self.open311 = TestClient(app, base_url="http://testserver/open311/v2/")
        self.secret = self.key()

    def post(self, how: str = "json", headers: dict[str, str] | None = None, **changes: str | None) -> Any:
        form = {name: value for name, value in {**REPORT, "api_key": self.secret, **changes}.items() if value is not None}
        return self.open311.post(f"requests.{how}", data=form, headers=headers)

    def get(self, path: str, **query: str) -> Any:
        return self.open311.get(path, params={"api_key": self.secret, **query})

    def tickets(self) -> list[TicketRow]:
        with self.database.read() as session:
            rows = session.query(TicketRow).order_by(TicketRow.id).all()
            session.expunge_all()
            return rows


@pytest.fixture
def side(database: Database, now: datetime, tmp_path: Path) -> Open311Side:
    return Open311Side(database, now, tmp_path)


def test_services_are_our_categories_in_both_formats(side: Open311Side) -> None:
    listed = side.open311.get("services.json").json()
    assert [s["service_code"] for s in listed] == list(categories())
    assert {s["type"] for s in listed} == {"realtime"} and {s["group"] for s in listed} == {"报修", "投诉", "紧急"}
    root = ElementTree.fromstring(side.open311.get("services.xml").content)
    assert root.tag == "services"
    assert [{field.tag: field.text or "" for field in service} for service in root] == [
        {key: "true" if value is True else value for key, value in service.items()} for service in listed
    ]


def test_definition_names_the_parts_of_a_place(side: Open311Side) -> None:
    found = side.open311.get("services/elevator.json").json()
    assert found["service_code"] == "elevator"
    assert [a["code"] for a in found["attributes"]] == ["community", "building", "unit", "room", "spot"]
    root = ElementTree.fromstring(side.open311.get("services/elevator.xml").content)
    assert (root.tag, root.findtext("service_code")) == ("service_definition", "elevator")
    assert [a.findtext("code") for a in root.findall("attributes/attribute")] == [a["code"] for a in found["attributes"]]
    assert side.open311.get("services/none.json").status_code == 404


def test_report_becomes_a_ticket_with_event_and_person(side: Open311Side) -> None:
    made = side.post()
    assert made.status_code == 201
    number = made.json()[0]["service_request_id"]
    (row,) = side.tickets()
    assert (row.number, row.kind, row.category, row.region) == (number, "repair", "water_supply", "donghe")
    assert (row.community, row.building, row.unit, row.room) == ("和平小区", "3", "2", "502")
    with side.database.read() as session:
        assert side.people.read_person(session, str(row.person_id)) == {"name": "王建国", "phone": "13800138000"}
    assert [event["type"] for event in side.drain()] == ["linda.ticket.opened.v1"]


def test_attributes_win_over_the_address_and_coordinates_are_kept(side: Open311Side) -> None:
    side.post(address_string=None, lat="40.58", long="110.03", **{"attribute[building]": "7"})
    (row,) = side.tickets()
    assert (row.building, row.spot) == ("7", "40.58,110.03")


def test_same_report_again_with_its_key_opens_nothing_new(side: Open311Side) -> None:
    numbers = {side.post(headers={"Idempotency-Key": "k1"}).json()[0]["service_request_id"] for _ in range(3)}
    assert len(numbers) == 1 and len(side.tickets()) == 1
    with side.database.read() as session:
        assert session.query(PersonRow).count() == 1
    side.post(headers={"Idempotency-Key": "k2"})
    assert len(side.tickets()) == 2


def test_request_is_told_without_the_reporter_in_both_formats(side: Open311Side) -> None:
    number = side.post(how="xml")
    number = ElementTree.fromstring(number.content).findtext("request/service_request_id")
    text = side.get(f"requests/{number}.json").text
    (told,) = side.get(f"requests/{number}.json").json()
    assert (told["status"], told["service_code"], told["requested_datetime"]) == ("open", "water_supply", "2026-11-20T01:30:00Z")
    assert "和平小区3号楼2单元502" in told["address"] and "厨房水管漏水" in told["description"]
    assert "13800138000" not in text and "建国" not in text
    root = ElementTree.fromstring(side.get(f"requests/{number}.xml").content)
    assert root.tag == "service_requests"
    assert {field.tag: field.text for field in root[0]} == told


def test_list_is_filtered_by_status_code_date_and_number(side: Open311Side) -> None:
    first = side.post().json()[0]["service_request_id"]
    side.later(24 * 3600)
    second = side.post(service_code="elevator").json()[0]["service_request_id"]
    side.update(first, "u1", state="resolved", text="换了阀门")

    def numbers(**query: str) -> list[str]:
        return [r["service_request_id"] for r in side.get("requests.json", **query).json()]

    assert numbers() == [second, first]
    assert numbers(status="closed") == [first] and numbers(status="open") == [second]
    assert numbers(status="open,closed", page_size="1", page="2") == [first]
    assert numbers(service_code="elevator,lighting") == [second]
    assert numbers(start_date="2026-11-21T00:00:00Z") == [second]
    assert numbers(end_date="2026-11-20T12:00:00+08:00") == [first]
    assert numbers(service_request_id=f"{first},LD26112000000") == [first]
    assert numbers(jurisdiction_id="minle") == []
    side.later(91 * 24 * 3600)
    assert numbers() == [] and numbers(service_request_id=second) == [second]
    assert side.get(f"requests/{first}.json").json()[0]["status_notes"] == "换了阀门"


BAD_REPORTS: tuple[tuple[dict[str, str | None], int], ...] = (
    ({"service_code": None}, 400), ({"service_code": "nothing"}, 404), ({"description": None}, 400), ({"description": "x" * 4001}, 400),
    ({"description": "a\x00b"}, 400), ({"jurisdiction_id": None}, 400), ({"jurisdiction_id": "mars"}, 404), ({"address_string": None}, 400),
    ({"address_string": None, "lat": "40"}, 400), ({"address_string": None, "lat": "x", "long": "y"}, 400), ({"api_key": "wrong"}, 401),
    ({"attribute[unit]": "x" * 21}, 400), ({"api_key": None}, 401),
)  # fmt: skip


@pytest.mark.parametrize("how", ["json", "xml"])
def test_bad_reports_are_refused_as_the_standard_says(side: Open311Side, how: str) -> None:
    for changes, status in BAD_REPORTS:
        answer = side.post(how=how, **changes)
        assert answer.status_code == status, changes
        if how == "json":
            (error,) = answer.json()
            code, words = error["code"], error["description"]
        else:
            root = ElementTree.fromstring(answer.content)
            assert root.tag == "errors"
            code, words = int(root.findtext("error/code") or 0), root.findtext("error/description")
        assert code == status and words, changes
    assert side.tickets() == []


def test_bad_queries_are_refused(side: Open311Side) -> None:
    bad: tuple[dict[str, str], ...] = ({"status": "flying"}, {"start_date": "soon"}, {"page": "0"}, {"page_size": "9999"})
    bad += tuple({name: "a\x00b"} for name in ("service_request_id", "service_code", "jurisdiction_id", "start_date"))
    assert [side.get("requests.json", **query).status_code for query in bad] == [400] * len(bad)
    assert side.get("requests/LD%00.json").status_code == 400


def test_requests_are_hidden_without_key_and_outside_its_region(side: Open311Side) -> None:
    number = side.post().json()[0]["service_request_id"]
    assert side.open311.get("requests.json").status_code == 401
    side.secret = side.key(("minle",))
    assert side.get("requests.json").json() == []
    assert side.get(f"requests/{number}.json").status_code == 404
    assert side.post().status_code == 404
    assert side.post(jurisdiction_id=None, address_string="3号楼").status_code == 201
    assert side.tickets()[-1].region == "minle"


def test_text_is_inert_in_xml(side: Open311Side) -> None:
    side.post(description="<script>alert(1)</script>]]>&amp;\x0b\ufffe", service_code="lighting")
    root = ElementTree.fromstring(side.get("requests.xml").content)
    assert root.findtext("request/description") == "<script>alert(1)</script>]]>&amp;"
