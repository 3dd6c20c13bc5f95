"""The only way to add a console route: it names its rule, checks who comes, and answers errors as pages."""

import hmac
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import structlog
from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from config.refusal import Refused, Unavailable
from console.access import OPEN, RULES, SIGNED, Viewer
from console.desk import ConsoleDesk
from console.rendering import problem_page
from console.sessions import find_viewer

log = structlog.get_logger(__name__)
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
COOKIE = "linda_console"
CSRF_FIELD = "csrf"
SIGN_IN = "/console/sign-in"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then send Origin: null with our own forms.
    "Referrer-Policy": "same-origin",
}


class SignInNeeded(Exception):
    """Nobody is signed in: the answer is the way to the sign-in page, or 401 where no page is shown."""


class ConsoleRoute(APIRoute):
    """A route whose refusals are pages an operator can read, with the console's headers on every answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its endings turned into answers."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await _ended(request, handle)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return answer


async def _ended(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        return await handle(request)
    except SignInNeeded:
        return _to_sign_in(request)
    except Refused as refused:
        return _refusal(request, refused)
    except Unavailable as away:
        log.error("console_unavailable", part=away.part)
        return _refusal(request, Refused("系统的一部分暂时不可用，没有提交成功", "稍后再试一次", status=503))
    except RequestValidationError:
        return _refusal(request, Refused("提交的内容不完整或太长", "返回上一页改正后再提交", status=422))
    except HTTPException as error:
        return _refusal(request, Refused("不能这样做", str(error.detail), status=error.status_code))


def _wants_fragment(request: Request) -> bool:
    return "hx-request" in request.headers or "text/event-stream" in request.headers.get("accept", "")


def _to_sign_in(request: Request) -> Response:
    if _wants_fragment(request):
        return PlainTextResponse("请重新登录", status_code=401)
    wanted = request.url.path if request.method == "GET" else "/console"
    return RedirectResponse(f"{SIGN_IN}?next={quote(wanted)}", status_code=303)


def _refusal(request: Request, refused: Refused) -> Response:
    if _wants_fragment(request):
        return PlainTextResponse(refused.reason, status_code=refused.status)
    return problem_page(getattr(request.state, "viewer", None), refused)


def viewer_of(request: Request) -> Viewer:
    """The operator the door let in."""
    viewer = request.state.viewer
    assert isinstance(viewer, Viewer)
    return viewer


class Door:
    """Registers routes below /console with the rule of access.RULES; a route without a rule does not start (KeyError)."""

    def __init__(self, desk: ConsoleDesk) -> None:
        self.desk = desk
        self.router = APIRouter(route_class=ConsoleRoute)

    def get(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Register a page."""
        return self._add("GET", path)

    def post(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Register a change; its form must carry the session's CSRF token."""
        return self._add("POST", path)

    def _add(self, method: str, path: str) -> Callable[[Any], Any]:
        rule = RULES[f"{method} {path}"]
        return self.router.api_route(
            path, methods=[method], dependencies=[Depends(self._guard(rule))], include_in_schema=False, response_model=None
        )

    def _guard(self, rule: str) -> Callable[[Request], Awaitable[None]]:
        async def guard(request: Request) -> None:
            check_characters([*request.path_params.values(), *request.query_params.values()])
            if request.method == "POST":
                check_same_site(request)
                check_characters([value for _, value in (await request.form()).multi_items()])
            if rule == OPEN:
                return
            viewer = await self._viewer(request)
            request.state.viewer = viewer
            if rule != SIGNED and not viewer.may(rule):
                raise Refused("您的角色不能做这件事", "需要时请管理员调整角色", status=403, code="forbidden")
            if request.method == "POST":
                await _check_csrf(request, viewer.csrf)

        return guard

    async def _viewer(self, request: Request) -> Viewer:
        secret = request.cookies.get(COOKIE, "")
        desk = self.desk
        # A page that refreshes itself is nobody at work: only what a person does keeps the session from going idle.
        touch = not _wants_fragment(request)
        find = partial(find_viewer, desk.database, secret, desk.regions, desk.clock(), touch=touch)
        viewer = await to_thread.run_sync(find) if secret else None
        if viewer is None:
            raise SignInNeeded
        return viewer


def check_same_site(request: Request) -> None:
    """Refused when the browser says that another site sent this form; a second lock beside the CSRF token."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in (None, "same-origin", "none")
    if not foreign and site is None and origin is not None:
        foreign = origin.partition("://")[2] != request.headers.get("host", "")
    if foreign:
        raise Refused("请求来自别的网站，已拦下", "在控制台页面里重新操作", status=403, code="cross_site")


def check_characters(values: Iterable[object]) -> None:
    """Refused when a value holds what no database takes: NUL or half of a surrogate pair."""
    for value in values:
        if isinstance(value, str) and ("\x00" in value or any("\ud800" <= char <= "\udfff" for char in value)):
            raise Refused("内容里有无法保存的字符", "删掉看不见的特殊字符后再提交", status=422, code="characters")


async def _check_csrf(request: Request, expected: str) -> None:
    form = await request.form()
    given = form.get(CSRF_FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused("页面已过期，没有提交成功", "返回上一页刷新后再提交", status=403, code="csrf")
