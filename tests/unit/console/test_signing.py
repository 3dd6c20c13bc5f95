"""Signing in, staying in, being thrown out; the first administrator."""

import re

import pytest
from fastapi.testclient import TestClient

from config.refusal import Refused
from console.operators import add_operator, ensure_admin
from console.passwords import fits, hash_password, random_password
from console.sessions import TRIES_PER_ADDRESS
from storage.models import AuditRow, OperatorRow, SessionRow
from tests.unit.console.stage import Stage, csrf_of, post, sign_in


def _plain(text: str) -> str:
    """A page without the token and the login typed, to compare two answers."""
    return re.sub(r'value="[^"]*"', "", text)


def test_the_first_administrator_is_made_once(stage: Stage) -> None:
    password = ensure_admin(stage.database, stage.clock())
    assert password is not None
    assert len(password) >= 16
    assert ensure_admin(stage.database, stage.clock()) is None
    assert sign_in(stage.visitor(), "admin", password).status_code == 303


@pytest.mark.usefixtures("real_hashes")
def test_a_password_is_kept_only_as_an_argon2_hash(stage: Stage) -> None:
    password = stage.operator("li")
    with stage.database.read() as session:
        stored = session.query(OperatorRow.password_hash).scalar()
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password not in stored
    assert fits(stored, password)
    assert not fits(stored, password.lower())
    assert not fits(None, password)


def test_two_passwords_are_never_alike() -> None:
    made = {random_password() for _ in range(200)}
    assert len(made) == 200


def test_every_wrong_sign_in_gets_the_same_answer(desk_stage: Stage) -> None:
    stage = desk_stage
    for login in ("li", "gone"):
        stage.operator(login)
    with stage.database.write() as session:
        session.query(OperatorRow).filter(OperatorRow.login == "gone").update({"disabled_at": stage.clock()})
    visitor = stage.visitor()
    answers = [
        sign_in(visitor, "nobody", "x"),
        sign_in(visitor, "li", "x"),
        sign_in(visitor, "gone", stage.passwords["gone"]),
        *[sign_in(visitor, "li", f"wrong{n}") for n in range(5)],
        sign_in(visitor, "li", stage.passwords["li"]),  # right, but locked by now
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({_plain(answer.text) for answer in answers}) == 1


def test_five_wrong_passwords_lock_for_a_quarter_of_an_hour(stage: Stage) -> None:
    stage.operator("li")
    for _ in range(5):
        sign_in(stage.visitor(), "li", "wrong")
    assert sign_in(stage.visitor(), "li", stage.passwords["li"]).status_code == 401
    stage.clock.move(minutes=14, seconds=59)
    assert sign_in(stage.visitor(), "li", stage.passwords["li"]).status_code == 401
    stage.clock.move(seconds=2)
    assert sign_in(stage.visitor(), "li", stage.passwords["li"]).status_code == 303
    with stage.database.read() as session:
        assert session.query(AuditRow).filter(AuditRow.action == "sign_in_locked").count() == 1


def test_a_right_sign_in_forgets_the_wrong_ones(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    for _ in range(3):
        for _ in range(4):
            sign_in(desk_stage.visitor(), "li", "wrong")
        assert sign_in(desk_stage.visitor(), "li", desk_stage.passwords["li"]).status_code == 303


def test_one_address_cannot_try_for_ever(desk_stage: Stage) -> None:
    visitor = desk_stage.visitor()
    answers = [sign_in(visitor, f"guess{n}", "x").status_code for n in range(TRIES_PER_ADDRESS + 1)]
    assert answers == [401] * TRIES_PER_ADDRESS + [429]
    desk_stage.clock.move(minutes=5, seconds=1)
    assert sign_in(visitor, "guess", "x").status_code == 401


def test_the_session_changes_at_sign_in_and_the_old_one_ends(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    visitor = desk_stage.visitor()
    visitor.cookies.set("linda_console", "planted-by-an-attacker", path="/console")
    assert sign_in(visitor, "li", desk_stage.passwords["li"]).status_code == 303
    planted = desk_stage.visitor()
    planted.cookies.set("linda_console", "planted-by-an-attacker")
    assert planted.get("/console/inbox").status_code == 303
    client = desk_stage.client("li")
    before = client.cookies["linda_console"]
    sign_in(client, "li", desk_stage.passwords["li"])
    assert client.cookies["linda_console"] != before
    old = desk_stage.visitor()
    old.cookies.set("linda_console", before)
    assert old.get("/console/inbox").status_code == 303


def test_the_cookie_is_out_of_reach_and_secure_on_https(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    plain = sign_in(desk_stage.visitor(), "li", desk_stage.passwords["li"]).headers["set-cookie"].lower()
    assert "httponly" in plain
    assert "samesite=lax" in plain
    assert "path=/console" in plain
    assert "secure" not in plain
    safe = TestClient(desk_stage.app, base_url="https://testserver", follow_redirects=False)
    assert "secure" in sign_in(safe, "li", desk_stage.passwords["li"]).headers["set-cookie"].lower()
    with desk_stage.database.read() as session:
        kept = {row.token_hash for row in session.query(SessionRow)}
    assert safe.cookies["linda_console"] not in kept


def test_a_session_ends_after_eight_idle_hours(stage: Stage) -> None:
    stage.operator("li")
    client = stage.client("li")
    for _ in range(2):
        stage.clock.move(hours=7, minutes=59)
        assert client.get("/console/inbox").status_code == 200
    stage.clock.move(hours=8, minutes=1)
    assert client.get("/console/inbox").status_code == 303


def test_a_page_that_refreshes_itself_does_not_keep_the_session(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    client = desk_stage.client("li")
    for _ in range(5):
        desk_stage.clock.move(hours=1, minutes=30)
        assert client.get("/console/inbox/rows", headers={"hx-request": "true"}).status_code == 200
    desk_stage.clock.move(minutes=31)
    assert client.get("/console/inbox/rows", headers={"hx-request": "true"}).status_code == 401


def test_a_session_ends_after_a_day_however_busy(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    client = desk_stage.client("li")
    for _ in range(4):
        desk_stage.clock.move(hours=5, minutes=59)
        assert client.get("/console/inbox").status_code == 200
    desk_stage.clock.move(minutes=5)
    assert client.get("/console/inbox").status_code == 303


def test_sign_out_ends_the_session_on_the_server(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    client = desk_stage.client("li")
    secret = client.cookies["linda_console"]
    assert post(client, "/console/sign-out").status_code == 303
    again = desk_stage.visitor()
    again.cookies.set("linda_console", secret)
    assert again.get("/console/inbox").status_code == 303


def test_a_new_password_throws_everybody_else_out(stage: Stage) -> None:
    stage.operator("li")
    here, there = stage.client("li"), stage.client("li")
    refused = post(here, "/console/account/password", old="wrong", new="a long new one", again="a long new one")
    assert refused.status_code == 403
    for weak in ("short", "x" * 20, "li-li-li-li-li"):
        assert post(here, "/console/account/password", old=stage.passwords["li"], new=weak, again=weak).status_code == 400
    done = post(here, "/console/account/password", old=stage.passwords["li"], new="five words of my own", again="five words of my own")
    assert done.status_code == 200
    assert here.get("/console/inbox").status_code == 200
    assert there.get("/console/inbox").status_code == 303
    assert sign_in(stage.visitor(), "li", stage.passwords["li"]).status_code == 401
    assert sign_in(stage.visitor(), "li", "five words of my own").status_code == 303


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/console//evil", "/elsewhere", "/console\\evil", "/console/\nx"]
)
def test_signing_in_leads_nowhere_else(desk_stage: Stage, wanted: str) -> None:
    desk_stage.operator("li")
    assert sign_in(desk_stage.visitor(), "li", desk_stage.passwords["li"], wanted).headers["location"] == "/console/inbox"


def test_signing_in_needs_the_token_of_its_own_page(desk_stage: Stage) -> None:
    desk_stage.operator("li")
    data = {"login": "li", "password": desk_stage.passwords["li"], "csrf": "x"}
    assert desk_stage.visitor().post("/console/sign-in", data=data).status_code == 403
    assert csrf_of(desk_stage.client("li"))


BAD_ACCOUNTS = [
    ("Bad Login", "n", "operator", ["donghe"], "street"),
    ("ok", "", "operator", ["donghe"], "street"),
    ("ok", "n", "root", ["donghe"], "street"),
    ("ok", "n", "operator", [], "street"),
    ("ok", "n", "operator", ["atlantis"], "street"),
    ("ok", "n", "admin", ["donghe"], "company"),
    ("ok", "n", "supervisor", ["donghe"], "company"),
]


@pytest.mark.parametrize("account", BAD_ACCOUNTS)
def test_a_senseless_account_is_refused(desk_stage: Stage, account: tuple[str, str, str, list[str], str]) -> None:
    login, name, role, regions, side = account
    with pytest.raises(Refused) as refused:
        add_operator(desk_stage.database, login, name, role, regions, [], side, desk_stage.clock())
    assert refused.value.remedy


def test_a_login_is_taken_once(stage: Stage) -> None:
    stage.operator("li")
    with pytest.raises(Refused):
        stage.operator("LI")


def test_a_hash_of_another_kind_fits_nothing() -> None:
    assert not fits("plain text", "plain text")
    assert not fits(hash_password("a") + "x", "a")
