"""Whatever residents and operators write stays text; pages are never cached, framed or scripted."""

from html.parser import HTMLParser

import pytest

from storage.models import TicketEventRow, TicketRow, UnansweredRow
from tests.unit.console.stage import Stage

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "'><a href=javascript:alert(1)>x</a>",
    "{{7*7}}${7*7}<%=7*7%>",
    "</textarea><script>1</script>",
    "--><iframe src=//evil.example>",
    "<b hx-get=/console/sign-out hx-trigger=load>",
    "javascript:alert(1)//",
    '" autofocus onfocus=alert(1) x="',
    "</title><meta http-equiv=refresh content=0>",
    "&lt;script&gt;",
    "\u202e<form action=//evil>",
]
ALLOWED_SCRIPTS = {"htmx.js", "console.js"}


class Finder(HTMLParser):
    """Finds everything active in a page that the console itself does not put there."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        source = (values.get("src") or "").split("?")[0].rpartition("/")[2]
        if tag in {"iframe", "object", "embed", "base", "style"} or (tag == "script" and source not in ALLOWED_SCRIPTS):
            self.active.append(tag)
        if tag == "meta" and "http-equiv" in values:
            self.active.append("meta refresh")
        for name, value in attrs:
            target = (value or "").strip().lower()
            leads_out = name in {"href", "src", "action"} and not target.startswith(("/", "#", "tel:"))
            if name.startswith("on") or name == "style" or leads_out or (name.startswith("hx-get") and not target.startswith("/console/")):
                self.active.append(f"{tag} {name}={value}")
            if name == "hx-get" and "sign-out" in target:
                self.active.append("planted htmx")


FIELDS = ("community", "building", "unit", "room", "spot", "description", "occurred", "lead_unit", "reason")
SHORT = {"building": 20, "unit": 20, "room": 20}


@pytest.fixture
def poisoned(desk_stage: Stage) -> Stage:
    """A stage with a payload in every field somebody else can write."""
    desk_stage.operator("boss", "admin")
    for payload in PAYLOADS:
        number = desk_stage.ticket()
        desk_stage.say(number, payload)
        desk_stage.say(number, payload, "operator")
        desk_stage.unanswered(payload, reason=f"disliked:{payload}"[:40])
        with desk_stage.database.write() as session:
            row = session.query(TicketRow).filter(TicketRow.number == number).one()
            for field in FIELDS:
                setattr(row, field, payload[: SHORT.get(field, 120)])
            row.support_units = [payload]
            session.add(
                TicketEventRow(ticket_id=row.id, seq=90, at=desk_stage.clock(), event="noted", by=payload[:60], text=payload, public=True)
            )
    return desk_stage


def test_no_payload_becomes_active_anywhere(poisoned: Stage) -> None:
    client = poisoned.client("boss")
    with poisoned.database.read() as session:
        numbers = [row.number for row in session.query(TicketRow)]
        judged = session.query(UnansweredRow).count()
    paths = [f"/console/tickets/{number}{tail}" for number in numbers for tail in ("", "/live", "/desk")]
    paths += ["/console/inbox?view=all", "/console/inbox/rows?view=all", "/console/review", "/console/audit"]
    paths += [f"/console/inbox?q={p}&community={p}" for p in ("<script>alert(1)</script>", '"><svg/onload=alert(1)>')]
    seen = 0
    for path in paths:
        text = client.get(path).text
        finder = Finder()
        finder.feed(text)
        assert finder.active == [], path
        seen += text.count("alert(1)")
    assert judged == len(PAYLOADS)
    assert seen > len(PAYLOADS)  # they are shown, as text


def test_a_finder_that_finds_nothing_would_be_no_check() -> None:
    finder = Finder()
    finder.feed("".join(PAYLOADS))
    assert len(finder.active) >= 8


def test_every_page_forbids_inline_caching_and_framing(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "admin")
    client = desk_stage.client("boss")
    for path in ("/console/sign-in", "/console/inbox", "/console/account", "/console/tickets/none", "/console/keys"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-frame-options"] == "DENY", path
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_odd_input_gets_a_page_never_an_error(desk_stage: Stage) -> None:
    desk_stage.operator("boss", "admin")
    client = desk_stage.client("boss")
    desk_stage.ticket()
    for path in (
        "/console/inbox?page=0",
        "/console/inbox?page=x",
        "/console/inbox?page=99999",
        "/console/inbox?view=%00",
        "/console/inbox?q=%25_%5C'--",
        "/console/inbox?q=%00",
        "/console/inbox?sort=;drop",
        "/console/inbox?state='or 1=1",
        f"/console/inbox?q={'x' * 300}",
        "/console/audit?before=-1",
        "/console/audit?q=%25",
        "/console/tickets/%00",
        "/console/tickets/" + "9" * 500,
        "/console/static/../app.py",
        "/console/static/%2e%2e/app.py",
        "/console/operators/99999999999999999999/disable",
    ):
        answer = client.get(path)
        assert answer.status_code in {200, 404, 405, 422}, path
        assert "Traceback" not in answer.text


def test_a_search_takes_signs_literally(stage: Stage) -> None:
    stage.operator("li")
    hit, miss = stage.ticket(description="涨了100%_左右"), stage.ticket(description="涨了100元左右")
    listed = stage.client("li").get("/console/inbox/rows?q=100%25_").text
    assert hit in listed
    assert miss not in listed


def test_the_tabs_and_filters_show_what_they_say(stage: Stage) -> None:
    stage.operator("li")
    old = stage.ticket(category="lighting")
    stage.clock.move(hours=13)
    mine, urgent = stage.ticket(), stage.ticket(kind="emergency", category="gas_leak")
    client = stage.client("li")
    client.post(
        f"/console/tickets/{mine}/claim", data={"csrf": client.get("/console/account").text.split('name="csrf" value="')[1].split('"')[0]}
    )
    everything = {"old": old, "mine": mine, "urgent": urgent}
    expected = {
        "view=open": {"old", "mine", "urgent"},
        "view=urgent": {"urgent"},
        "view=overdue": {"old"},
        "view=unclaimed": {"old", "urgent"},
        "view=mine": {"mine"},
        "category=lighting": {"old"},
        "kind=emergency": {"urgent"},
        "region=minle": set(),
        "state=closed": set(),
        "state=submitted": {"old", "mine", "urgent"},
        "community=%E5%92%8C%E5%B9%B3%E9%87%8C%E5%B0%8F%E5%8C%BA&kind=repair": {"old", "mine"},
        f"q={old[-6:]}": {"old"},
    }
    for query, names in expected.items():
        text = client.get(f"/console/inbox/rows?{query}").text
        assert {name for name, number in everything.items() if number in text} == names, query
    by_due = client.get("/console/inbox/rows?sort=due").text
    assert by_due.index(urgent) < by_due.index(old) < by_due.index(mine)
