"""Every route has a rule, every rule holds for every role, and nobody sees what lies outside his scope."""

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from console.access import OPEN, ROLE_MAY, ROLES, RULES, SIGNED, Viewer
from console.app import ConsoleDesk, console_router
from console.scope import sees, tickets_of
from console.sessions import find_viewer
from storage.models import TicketRow
from tests.unit.console.stage import ESTATE, Stage, csrf_of


def _routes(stage: Stage) -> dict[str, APIRoute]:
    router = console_router(ConsoleDesk(stage.database, stage.clock, stage.data_dir))
    found = {}
    for route in router.routes:
        assert isinstance(route, APIRoute)
        for method in route.methods:
            found[f"{method} {route.path}"] = route
    return found


def test_the_route_table_and_the_rules_agree(desk_stage: Stage) -> None:
    assert set(_routes(desk_stage)) == set(RULES)


def test_every_rule_is_known() -> None:
    permissions = set().union(*ROLE_MAY.values())
    assert set(RULES.values()) <= permissions | {OPEN, SIGNED}
    assert set(ROLE_MAY) == set(ROLES)


def _address(path: str, number: str) -> str:
    filled = path.replace("{number}", number).replace("{path:path}", "console.css")
    return re.sub(r"\{\w+\}", "999999", filled)


def _ask(client: TestClient, rule: str, number: str, csrf: str = "") -> Any:
    method, path = rule.split(" ")
    return client.get(_address(path, number)) if method == "GET" else client.post(_address(path, number), data={"csrf": csrf})


STREAM = "GET /console/events"  # answers until the browser goes; has its own tests


def test_nobody_gets_in_without_signing_in(desk_stage: Stage) -> None:
    number, visitor = desk_stage.ticket(), desk_stage.visitor()
    for rule, permission in RULES.items():
        if permission == OPEN:
            continue
        answer = _ask(visitor, rule, number)
        assert answer.status_code == 303, rule
        assert answer.headers["location"].startswith("/console/sign-in"), rule
        visitor.cookies.set("linda_console", "forged")
        assert _ask(visitor, rule, number).status_code == 303, rule
        visitor.cookies.clear()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_exactly_what_its_rules_say(desk_stage: Stage, role: str) -> None:
    desk_stage.operator("someone", role)
    number, client = desk_stage.ticket(), desk_stage.client("someone")
    csrf = csrf_of(client)
    for rule, permission in RULES.items():
        if permission in {OPEN, SIGNED} or rule == STREAM:
            continue
        answer = _ask(client, rule, number, csrf)
        denied = answer.status_code == 403 and "您的角色不能做这件事" in answer.text
        assert denied is (permission not in ROLE_MAY[role]), (rule, answer.status_code)


def test_an_unknown_role_may_nothing() -> None:
    nobody = Viewer(1, "x", "x", "root", "street", frozenset(), frozenset(), False, "", "")
    assert not any(nobody.may(permission) for permission in set().union(*ROLE_MAY.values()))


def test_every_change_needs_the_token_of_its_own_session(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "admin")
    desk_stage.operator("other", "admin")
    number, client = desk_stage.ticket(), desk_stage.client("boss")
    foreign = csrf_of(desk_stage.client("other"))
    for rule, permission in RULES.items():
        if rule.startswith("GET") or permission == OPEN:
            continue
        for token in ("", "wrong", foreign):
            assert _ask(client, rule, number, token).status_code == 403, rule
    assert desk_stage.row(number).claimed_by is None
    assert csrf_of(client)  # still signed in: no sign-out, no ended session went through


def test_a_form_from_another_site_is_refused(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "admin")
    number, client = desk_stage.ticket(), desk_stage.client("boss")
    data = {"csrf": csrf_of(client)}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert client.post(f"/console/tickets/{number}/claim", data=data, headers=headers).status_code == 403
    assert client.post(f"/console/tickets/{number}/claim", data=data, headers={"origin": "http://testserver"}).status_code == 303


@pytest.fixture
def mixed(stage: Stage) -> dict[str, str]:
    """Tickets of two regions, two estates, four kinds, two emergencies that are not for the company."""
    return {
        "here": stage.ticket(),
        "next_door": stage.ticket(community="别的小区"),
        "nowhere": stage.ticket(community=None),
        "far": stage.ticket(region="minle", community="县府家园"),
        "complaint": stage.ticket(kind="complaint", category="fees"),
        "handoff": stage.ticket(kind="handoff", category="other_complaint"),
        "emergency": stage.ticket(kind="emergency", category="gas_leak"),
        "crime": stage.ticket(kind="emergency", category="crime"),
        "self_harm": stage.ticket(kind="emergency", category="self_harm"),
    }


_COUNTY = {"here", "next_door", "nowhere", "complaint", "handoff", "emergency", "crime", "self_harm"}
SCOPES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "street": ({}, _COUNTY),
    "estate": ({"communities": (ESTATE,)}, {"here", "complaint", "handoff", "emergency", "crime", "self_harm"}),
    "company": ({"communities": (ESTATE,), "side": "company"}, {"here", "complaint", "emergency"}),
    "league": ({"role": "supervisor", "regions": ("baotou",)}, _COUNTY),
    "elsewhere": ({"role": "observer", "regions": ("gansu",)}, {"far"}),
    "admin": ({"role": "admin"}, {"here", "next_door", "nowhere", "far", "complaint", "handoff", "emergency", "crime", "self_harm"}),
}


@pytest.mark.parametrize("who", SCOPES)
def test_scope_bounds_every_view_of_a_ticket(stage: Stage, mixed: dict[str, str], who: str) -> None:
    how, expected = SCOPES[who]
    stage.operator(who, **how)
    client = stage.client(who)
    for paths in ("/console/tickets/{}", "/console/tickets/{}/live", "/console/tickets/{}/desk"):
        found = {name for name, number in mixed.items() if client.get(paths.format(number)).status_code == 200}
        assert found == expected, paths
    listed = client.get("/console/inbox/rows?view=all").text
    assert {name for name, number in mixed.items() if number in listed} == expected
    searched = {name for name, number in mixed.items() if f"row-{number}" in client.get(f"/console/inbox/rows?q={number}").text}
    assert searched == expected
    # The live stream asks for one ticket at a time: it must agree with the queries.
    viewer = find_viewer(stage.database, client.cookies["linda_console"], stage.desk.regions, stage.clock())
    assert viewer is not None
    with stage.database.read() as session:
        by_query = {row.number for row in session.query(TicketRow).filter(tickets_of(viewer))}
        by_row = {r.number for r in session.query(TicketRow) if sees(viewer, r.region, r.community, r.kind, r.category)}
    assert by_query == by_row == {mixed[name] for name in expected}


def test_out_of_scope_and_absent_look_the_same(stage: Stage, mixed: dict[str, str]) -> None:
    stage.operator("li")
    client = stage.client("li")
    far, absent = client.get(f"/console/tickets/{mixed['far']}"), client.get("/console/tickets/LD26112099999")
    assert (far.status_code, far.text) == (absent.status_code, absent.text) == (404, absent.text)


def test_nobody_changes_a_ticket_outside_his_scope(stage: Stage, mixed: dict[str, str]) -> None:
    stage.operator("li")
    client = stage.client("li")
    csrf = csrf_of(client)
    fields = {
        "csrf": csrf,
        "text": "x",
        "state": "accepted",
        "unit": "区住建局",
        "reason": "x",
        "into": mixed["here"],
        "why": "visit",
        "task": "x",
        "cause": "x",
    }
    for rule, permission in RULES.items():
        method, path = rule.split(" ")
        if method == "POST" and "{number}" in path and permission in ROLE_MAY["operator"]:
            assert client.post(path.replace("{number}", mixed["far"]), data=fields).status_code == 404, rule
    assert client.post(f"/console/tickets/{mixed['here']}/merge", data={**fields, "into": mixed["far"]}).status_code == 422
    assert (stage.row(mixed["far"]).state, stage.row(mixed["far"]).version, stage.row(mixed["here"]).state) == ("submitted", 1, "submitted")
