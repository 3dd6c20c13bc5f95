"""The web application: resident API and page, console, backend queue, Rasa's action endpoint, health."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from actions.rasa_adapter import ActionDesk
from backend.asyncapi import asyncapi_router
from backend.open311.router import Open311Desk, open311_router
from backend.queue_api import queue_router
from backend.updates import updates_router
from bot.channels.linking_routes import linking_router
from bot.channels.web import WebDesk, resident_router
from bot.committee_desk import CommitteeDoor, committee_router
from bot.law_pages import law_pages_router
from bot.ledger_pages import LedgerDoor, ledger_router
from bot.limits import Limits
from bot.plan_pages import plan_pages_router
from committee.cases import replan
from committee.disclosure import sweep_disclosures
from committee.reminders import sweep_reminders
from config.refusal import Refused, Unavailable
from config.settings import PROJECT
from console.app import ConsoleDesk, console_router
from processes.action_door import ActionDoor
from processes.assemble import Assembly, action_token, clock
from processes.operator_chats import chats_of_staff
from tickets.callbacks import draw_callbacks
from tickets.ladder import WallWatch, sweep

log = structlog.get_logger(__name__)
THREADS = 120
BODY_LIMIT = 256 * 1024
PHOTO_BODY_LIMIT = 16 * 1024 * 1024
SWEEP_S = 10.0
DUTIES_S = 600.0
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
}
RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

# Our own log tells what happened, without residents' words; nothing else listens, and asking on every request costs time.
_QUIET: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def build_application(parts: Assembly) -> FastAPI:
    """The application of one process, ready for uvicorn."""
    begin: list[Callable[[], Callable[[], None]]] = []  # what starts with the application, each giving what stops it
    app = FastAPI(title="邻答 Linda", version="0.1.0", lifespan=_lifespan(parts, begin), docs_url=None, redoc_url=None, telemetry=_QUIET)
    _errors(app)
    _guards(app)
    app.add_middleware(ActionDoor, desk=ActionDesk(parts.turns.decide), secret=action_token(parts.settings))
    settings = parts.settings
    limits = Limits(time.monotonic, on=settings.limits == "on")
    app.include_router(resident_router(WebDesk(parts.turns, limits, parts.photos, clock)))
    app.include_router(queue_router(parts.database, clock))
    app.include_router(updates_router(parts.database, clock))
    app.include_router(asyncapi_router())
    app.include_router(open311_router(Open311Desk(parts.database, parts.people, clock)))
    chats = chats_of_staff(settings)
    console = ConsoleDesk(parts.database, clock, settings.data_dir, library=parts.live.library, encoder=parts.encoder, chats=chats)
    app.include_router(console_router(console))
    app.include_router(plan_pages_router(parts.live.library, clock))
    procedures = parts.turns.desk.parts.procedures
    app.include_router(ledger_router(LedgerDoor(parts.database, procedures, clock, settings.public_url)))
    app.include_router(law_pages_router())
    secure = settings.public_url.startswith("https:")
    app.include_router(committee_router(CommitteeDoor(parts.database, procedures, clock, secure=secure)))
    _health(app, parts)
    _pages(app, parts)
    if settings.telegram_token.get_secret_value():
        from processes.telegram import build_telegram, start_telegram  # without a token nothing of it is loaded

        telegram = build_telegram(app, parts, limits)
        begin.append(lambda: start_telegram(telegram).stop)
    else:
        app.include_router(linking_router(parts.database, limits, clock, None))
    return app


def _lifespan(parts: Assembly, begin: list[Callable[[], Callable[[], None]]]) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        stop = threading.Event()
        workers = [threading.Thread(target=_work, args=(parts, stop), daemon=True, name="clocks")]
        for worker in workers:
            worker.start()
        ends = [start() for start in begin]
        yield
        for end in ends:
            await asyncio.to_thread(end)
        stop.set()
        for worker in workers:
            await asyncio.to_thread(worker.join, 5.0)
        parts.live.close()
        parts.database.close()

    return lifespan


def _work(parts: Assembly, stop: threading.Event) -> None:
    """Recover turns a crash left, and climb the ladder; wall and monotonic clock must agree."""
    watch = WallWatch(clock(), time.monotonic())
    next_duties = time.monotonic()
    while not stop.is_set():
        try:
            parts.turns.recover()
            parts.live.warm()
            skew = watch.skew(clock(), time.monotonic())
            count = sweep(parts.database, clock(), skew=skew)
            if not count.paused and time.monotonic() >= next_duties:
                next_duties = time.monotonic() + DUTIES_S
                _duties(parts, skew)
            if count.paused:
                log.error("clock_jump", remedy="wall and monotonic clock disagree; the ladder waits until they settle")
            elif count.more:
                continue
        except Exception:  # the worker must outlive a database that is away
            log.exception("worker_failed")
        stop.wait(SWEEP_S)


def _duties(parts: Assembly, skew: timedelta) -> None:
    """Remind committees of the dates of their cases and of what they must disclose."""
    procedures = parts.turns.desk.parts.procedures
    sweep_reminders(parts.database, clock(), skew=skew, replan=lambda session, case, at: replan(session, procedures, case, at))
    sweep_disclosures(parts.database, clock())
    with parts.database.write() as session:
        draw_callbacks(session, clock())


def _refusal(status: int, code: str, reason: str, remedy: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "reason": reason, "remedy": remedy}}, status_code=status)


def _errors(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> JSONResponse:
        return _refusal(error.status, error.code, error.reason, error.remedy)

    @app.exception_handler(Unavailable)
    async def unavailable(_request: Request, error: Unavailable) -> JSONResponse:
        return _refusal(503, "unavailable", f"{error.part}暂时不可用", "稍后用同一个 message_id 再发，不会重复")

    @app.exception_handler(OperationalError)
    async def database_away(_request: Request, error: OperationalError) -> JSONResponse:
        log.error("database_away", error=type(error.orig).__name__)
        return _refusal(503, "unavailable", "数据库暂时不可用，没有提交成功", "稍后用同一个 message_id 再发，不会重复")

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        where = "；".join(f"{'.'.join(str(p) for p in e['loc'][1:])}：{e['msg']}" for e in error.errors()[:5])
        return _refusal(422, "invalid", f"请求内容不对（{where[:300]}）", "按接口说明改正字段后再发")

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400 and "pars" in str(error.detail):
            return _refusal(422, "invalid", "请求内容不是能读懂的 JSON 或表单", "按接口说明改正后再发")
        return _refusal(error.status_code, "http", str(error.detail), "核对地址和方法")


def _guards(app: FastAPI) -> None:
    app.add_middleware(GZipMiddleware, minimum_size=4000)
    app.add_middleware(BodyLimit)


class BodyLimit:
    """Refuses bodies past the limit as they arrive, and puts the security headers on every answer (plain ASGI: no extra task a request)."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = PHOTO_BODY_LIMIT if scope["path"].endswith(("/attachments", "/photos", "/import")) else BODY_LIMIT
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if length.isdigit() and int(length) > limit:
            answer = _refusal(413, "too_large", "内容太大", "分几次发，照片不超过 15 MB")
            await answer(scope, receive, send)
            return
        seen = 0

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, "内容太大")
            return message

        async def headed(message: Any) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((name, value) for name, value in RAW_HEADERS if name not in present)]
            await send(message)

        await self._app(scope, counted, headed)


def _health(app: FastAPI, parts: Assembly) -> None:
    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def ready(response: Response) -> dict[str, Any]:
        state = {
            "database": "ok" if parts.database.answers() else "down",
            "nlu": "ok" if parts.rasa.answers() else "degraded",
            "index": "ok" if parts.encoder is not None else "degraded",
            "broker": "off",
        }
        if state["database"] != "ok":
            response.status_code = 503
        degraded = [name for name, value in state.items() if value in {"down", "degraded"}]
        return {"status": "degraded" if degraded else "ok", "parts": state}


def _pages(app: FastAPI, parts: Assembly) -> None:
    page = PROJECT / "bot" / "web_page" / "static"
    vendor = parts.settings.data_dir / "static" / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)

    @app.get("/", include_in_schema=False)
    @app.get("/p/{token}", include_in_schema=False)
    def resident_page(token: str = "") -> FileResponse:
        return FileResponse(page / "index.html", media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        return HTMLResponse(status_code=204)

    app.mount("/static/vendor", FreshFiles(directory=vendor), name="vendor")
    app.mount("/static", FreshFiles(directory=page), name="static")


class FreshFiles(StaticFiles):
    """Static files that are asked for again each time (ETag): after an upgrade old and new modules never mix."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
