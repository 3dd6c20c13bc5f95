"""Signing in and out, and one's own account."""

import hmac
import secrets
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from config.refusal import Refused
from config.words import Words
from console.access import Viewer
from console.door import COOKIE, Door, viewer_of
from console.look import look_at
from console.operators import change_own_password
from console.rendering import page
from console.sessions import ABSOLUTE, SignedIn, Tries, end_session, end_sessions, find_viewer, open_sessions, session_hash, sign_in
from storage.audit import record

FIRST_COOKIE = "linda_console_form"
# One answer for an unknown login, a wrong password, a locked and a disabled account.
WRONG = Refused("登录名或密码不对，或账号暂时锁定", "核对后再试；连错 5 次会锁定 15 分钟，忘了密码请管理员重置", status=401, code="sign_in")
BUSY = Refused("这个地址尝试的次数太多", "过 5 分钟再试", status=429, code="busy")
Word = Annotated[str, Form(max_length=200)]


def add_signing(door: Door) -> None:
    """Routes of sign-in, sign-out and the operator's own account."""
    _sign_in_routes(door)
    _account_routes(door)


def _local_path(wanted: str) -> str:
    """A page of the console to go on to; anything else becomes the inbox, so that no link leads elsewhere."""
    fine = wanted.startswith("/console") and "//" not in wanted and "\\" not in wanted and wanted.isprintable()
    return wanted if fine else "/console/inbox"


def _form(request: Request, wanted: str, problem: Refused | None = None, login: str = "") -> Response:
    """The sign-in page. Its own CSRF token stands in a cookie as well: nobody can be signed in to another's account."""
    token = request.cookies.get(FIRST_COOKIE) or secrets.token_urlsafe(24)
    values = {"csrf": token, "next": wanted, "problem": problem, "login": login, "title": "登录"}
    response = page("sign_in.html", None, values, problem.status if problem else 200)
    secure = request.url.scheme == "https"
    response.set_cookie(FIRST_COOKIE, token, max_age=3600, path="/console", httponly=True, samesite="strict", secure=secure)
    return response


def _let_in(request: Request, wanted: str, secret: str) -> Response:
    """On to the page asked for, with the new session's cookie."""
    response = RedirectResponse(wanted, status_code=303)
    secure, age = request.url.scheme == "https", int(ABSOLUTE.total_seconds())
    response.set_cookie(COOKIE, secret, max_age=age, path="/console", httponly=True, samesite="lax", secure=secure)
    response.delete_cookie(FIRST_COOKIE, path="/console")
    return response


def _sign_in_routes(door: Door) -> None:
    desk, tries = door.desk, Tries()

    @door.get("/console/sign-in")
    def ask(request: Request, next: str = "/console/inbox") -> Response:
        return _form(request, _local_path(next))

    @door.post("/console/sign-in")
    def take(request: Request, login: Word, password: Word, csrf: Word = "", next: Word = "") -> Response:
        expected = request.cookies.get(FIRST_COOKIE, "")
        if not expected or not hmac.compare_digest(csrf.encode(), expected.encode()):
            raise Refused("登录页已过期", "刷新登录页再试", status=403, code="csrf")
        wanted, now = _local_path(next), desk.clock()
        if not tries.allow(request.client.host if request.client else "", now):
            return _form(request, wanted, BUSY, login)
        ended = sign_in(desk.database, login.strip().lower(), password, now)
        if not isinstance(ended, SignedIn):
            return _form(request, wanted, WRONG, login)
        earlier = request.cookies.get(COOKIE)
        if earlier:
            end_session(desk.database, session_hash(earlier), now)
        return _let_in(request, wanted, ended.secret)

    @door.post("/console/sign-out")
    def leave(request: Request) -> Response:
        viewer, now = viewer_of(request), desk.clock()
        end_session(desk.database, viewer.session, now)
        with desk.database.write() as session:
            record(session, viewer.actor, "sign_out", f"operator:{viewer.operator_id}", {}, now)
        response = RedirectResponse("/console/sign-in", status_code=303)
        response.delete_cookie(COOKIE, path="/console")
        return response


def _account_routes(door: Door) -> None:
    desk = door.desk

    def show(viewer: Viewer, problem: Refused | None = None, done: str = "") -> Response:
        with look_at(desk.database) as session:
            sessions = open_sessions(session, viewer.operator_id, desk.clock())
        names = [desk.regions[r].name for r in sorted(viewer.regions)]
        chat = Words()("chat_title") if desk.chats is not None else ""
        values = {"sessions": sessions, "problem": problem, "done": done, "region_names": names, "title": "我的账号", "nav": "account"}
        return page("account.html", viewer, {**values, "chat": chat}, problem.status if problem else 200)

    @door.get("/console/account")
    def account(request: Request) -> Response:
        return show(viewer_of(request))

    @door.post("/console/account/password")
    def change(request: Request, old: Word, new: Word, again: Word) -> Response:
        viewer = viewer_of(request)
        try:
            if new != again:
                raise Refused("两次输入的新密码不一样", "再输一遍", code="not_same")
            with desk.database.write() as session:
                change_own_password(session, viewer.operator_id, (old, new), viewer.session, desk.clock())
        except Refused as refused:
            return show(viewer, refused)
        return show(viewer, done="密码已更换，其他设备上的登录已全部退出。")

    @door.post("/console/account/sessions/end")
    def end_others(request: Request) -> Response:
        viewer, now = viewer_of(request), desk.clock()
        with desk.database.write() as session:
            ended = end_sessions(session, viewer.operator_id, now, but=viewer.session)
            record(session, viewer.actor, "sessions_ended", f"operator:{viewer.operator_id}", {"count": ended}, now)
        return show(viewer, done=f"已退出其他 {ended} 处登录。")


def still_allowed(door: Door, request: Request, permission: str) -> bool:
    """Whether the request's session still works and may do this (asked again while a stream is open; does not keep it alive)."""
    desk = door.desk
    viewer = find_viewer(desk.database, request.cookies.get(COOKIE, ""), desk.regions, desk.clock(), touch=False)
    return viewer is not None and viewer.may(permission)
