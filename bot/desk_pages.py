"""What every page of the member's desk shares: who comes, the form's token, refusals as pages, the desk itself."""

import hmac
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from committee.cases import CaseDesk, cases_of, view_case
from committee.disclosure import calendar_of, items_of, plan_disclosures
from committee.ledger import ledger_state
from committee.ledger_questions import questions_of
from committee.ledger_sheet import yuan
from committee.members import Member, local_day, member_at_desk, secret_hash
from committee.papers import paper_kinds
from committee.procedures import Procedures
from config.refusal import Refused, Unavailable
from storage.database import Database

TEMPLATES = Path(__file__).resolve().parent.parent / "committee" / "templates"
ENVIRONMENT = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
COOKIE = "linda_committee"


@dataclass(frozen=True)
class CommitteeDoor:
    """What the desk needs; `secure` sets the cookie for HTTPS only."""

    database: Database
    procedures: Procedures
    clock: Callable[[], datetime]
    secure: bool = False


@dataclass(frozen=True)
class AtDesk:
    """The member behind a request and the token its forms must carry."""

    member: Member
    csrf: str


class DeskRoute(APIRoute):
    """A route whose refusals are shown on the page they came from."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with refusals as short pages; nothing of the desk is kept by browsers."""
        handle: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except Refused as refused:
                back = f"/committee?problem={quote(f'{refused.reason}。{refused.remedy}'[:300])}"
                plain = request.method == "GET" or refused.code == "no_desk"
                response = _plain(refused) if plain else RedirectResponse(back, status_code=303)
            except Unavailable as away:
                response = _plain(Refused(f"{away.part}暂时不可用", str(away), status=503))
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return answer


def _plain(refused: Refused) -> Response:
    words = ENVIRONMENT.from_string(
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>邻答</title><link rel="stylesheet" href="/ledger/ledger.css">'
        "<main><h1>{{ r.reason }}</h1><p>{{ r.remedy }}</p></main></html>"
    )
    return HTMLResponse(words.render(r=refused), status_code=refused.status)


NO_DESK = Refused("这个链接不能用了", "在“邻答”的对话里说“打开业委会工作台”，用新的链接进来", status=403, code="no_desk")


class DeskPages:
    """Renders the desk and runs what its forms ask for."""

    def __init__(self, door: CommitteeDoor) -> None:
        self.door = door
        self._template = ENVIRONMENT.get_template("desk.html")

    def at_desk(self, request: Request) -> AtDesk:
        """Who comes. Refused (403) without a valid cookie."""
        secret = request.cookies.get(COOKIE, "")
        with self.door.database.read() as session:
            member = member_at_desk(session, secret, self.door.clock()) if secret and "\0" not in secret else None
        if member is None:
            raise NO_DESK
        return AtDesk(member, secret_hash(f"csrf:{secret}"))

    async def may_write(self, request: Request) -> None:
        """A dependency of every form: its token and no foreign origin."""
        desk = self.at_desk(request)
        form = await request.form()
        given = form.get("csrf")
        if request.headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
            raise Refused("请求来自别的网站，已拦下", "在工作台里重新操作", status=403, code="no_desk")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), desk.csrf.encode()):
            raise Refused("页面已过期，没有提交成功", "返回刷新后再提交", status=403, code="no_desk")

    def show(self, here: str, title: str, at: AtDesk, **values: Any) -> HTMLResponse:
        """One page of the desk."""
        today = local_day(self.door.clock()).isoformat()
        base = {
            "here": here,
            "title": title,
            "member": at.member,
            "csrf": at.csrf,
            "today": today,
            "yuan": yuan,
            "problem": None,
            "done": "",
        }
        return HTMLResponse(self._template.render(base | values))

    def act(self, request: Request, work: Callable[[Session, Member, datetime], str]) -> Response:
        """Run `work` in a transaction and go on to the address it gives back."""
        at = self.at_desk(request)
        with self.door.database.write() as session:
            goal = work(session, at.member, self.door.clock())
        return RedirectResponse(goal, status_code=303)

    def cases(self, session: Session, member: Member, now: datetime) -> CaseDesk:
        """What the member does with cases."""
        return CaseDesk(session, self.door.procedures, member, now)


def day_of(text: str) -> date:
    """The day of a date field. Refused when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("日期不对", "在日期框里选一天", status=422, code="day") from error


def desk_page(pages: DeskPages, at: AtDesk, **extra: Any) -> Response:
    """The desk itself: what is being done, what is to be disclosed, the ledger, the papers."""
    door, member, now = pages.door, at.member, pages.door.clock()
    with door.database.write() as session:
        plan_disclosures(session, member.region, member.community, local_day(now), now)
        views = [view_case(session, door.procedures, row, now) for row in cases_of(session, member.region, member.community)]
        disclosures = calendar_of(session, member.region, member.community, now)
        state = ledger_state(session, member.region, member.community)
        values = {
            "cases": views,
            "titles": door.procedures.titles(),
            "disclosures": disclosures,
            "events": [i for i in items_of(member.region) if i.event or i.event_before],
            "draft": state.draft,
            "lines": state.lines,
            "approved": state.approved,
            "corrections": state.corrections,
            "published": state.published,
            "kinds": paper_kinds(member.region),
            "questions": questions_of(session, member.region, member.community),
            "faults": (),
        }
        return pages.show("desk", "业委会工作台", at, **(values | extra))
