"""The routes of Open311 GeoReport v2 under /open311/v2/, with errors as the standard writes them."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from backend.api_keys import ApiCaller, caller
from backend.open311 import formats
from backend.open311.formats import Format
from backend.open311.reports import Report, open_report, read_report
from backend.open311.requests import Query as Wanted
from backend.open311.requests import find_requests, parse_time, request_record
from backend.open311.services import service_definition, service_list, service_of
from config.refusal import Refused, Unavailable
from config.words import Words
from storage.database import Database
from storage.personal_data import PersonalData

Code = Annotated[str, Path(max_length=40)]
Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,30}$")]
Text = Annotated[str | None, Query(max_length=2000)]


_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Open311Desk:
    """What the routes need."""

    database: Database
    people: PersonalData
    clock: Callable[[], datetime]


class Open311Route(APIRoute):
    """Turns refusals into the standard's list of errors, in the format of the address."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the errors translated."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            how: Format = "xml" if request.url.path.endswith(".xml") else "json"
            try:
                return await handle(request)
            except Refused as error:
                return _error(error.status, f"{error.reason}。{error.remedy}", how)
            except Unavailable as error:
                return _error(503, f"{error.part} 暂时不可用，稍后再发", how)
            except RequestValidationError as error:
                return _error(400, "；".join(f"{e['loc'][-1]}：{e['msg']}" for e in error.errors()[:5])[:300], how)

        return handled


def _error(status: int, words: str, how: Format) -> Response:
    return formats.answer([{"code": status, "description": words}], "errors", "error", how, status)


def _missing(words: str) -> Refused:
    return Refused(words, "核对后再查", status=404, code="not_found")


def _listed(value: str | None) -> tuple[str, ...]:
    """The names in a comma-separated parameter. Refused (400) for what can be no name of ours."""
    names = tuple(name.strip() for name in (value or "").split(",") if name.strip())
    if any(_NAME.fullmatch(name) is None for name in names):
        raise Refused("参数里有不认识的字符", "用逗号隔开编号或代码", code="bad_name")
    return names


async def _report(request: Request, idempotency_key: Annotated[str | None, Header(max_length=200)] = None) -> Report:
    form = await request.form(max_files=1, max_fields=60)
    return read_report({name: value for name, value in form.items() if isinstance(value, str)}, idempotency_key)


def _service_routes(router: APIRouter) -> None:
    @router.get("/services.{how}")
    def services(how: Format) -> Response:
        return formats.answer(service_list(), "services", "service", how)

    @router.get("/services/{code}.{how}")
    def definition(code: Code, how: Format) -> Response:
        category = service_of(code)
        if category is None:
            raise _missing("没有这个 service_code")
        return formats.answer(service_definition(category), "service_definition", "attribute", how)


def _key(desk: Open311Desk) -> Callable[..., ApiCaller]:
    """The caller by header, or by the standard's `api_key` in the query or the form."""
    known = caller(desk.database)

    async def named(
        request: Request,
        api_key: Text = None,
        authorization: Annotated[str | None, Header()] = None,
        x_api_key: Annotated[str | None, Header()] = None,
    ) -> tuple[str | None, str | None]:
        given = api_key
        if request.method == "POST" and not given:
            field = (await request.form(max_files=1, max_fields=60)).get("api_key")
            given = field if isinstance(field, str) else None
        return authorization, given or x_api_key

    def found(names: Annotated[tuple[str | None, str | None], Depends(named)]) -> ApiCaller:
        return known(*names)

    return found


def open311_router(desk: Open311Desk) -> APIRouter:
    """GeoReport v2. Services are open to all; opening and reading requests asks for an API key and stays within its regions."""
    router = APIRouter(prefix="/open311/v2", tags=["open311"], route_class=Open311Route)
    _service_routes(router)
    _writing_route(router, desk)
    _reading_routes(router, desk)
    return router


def _writing_route(router: APIRouter, desk: Open311Desk) -> None:
    Caller = Annotated[ApiCaller, Depends(_key(desk))]

    @router.post("/requests.{how}")
    def report(how: Format, who: Caller, given: Annotated[Report, Depends(_report)]) -> Response:
        with desk.database.write() as session:
            row = open_report(session, who, given, desk.people, desk.clock())
            notice = Words()("open311_notice", lead_unit=row.lead_unit)
            opened = [{"service_request_id": row.number, "service_notice": notice, "account_id": None}]
        return formats.answer(opened, "service_requests", "request", how, 201)


def _reading_routes(router: APIRouter, desk: Open311Desk) -> None:
    Caller = Annotated[ApiCaller, Depends(_key(desk))]

    def asked(  # noqa: PLR0913 - the standard's parameters
        service_request_id: Text = None,
        service_code: Text = None,
        status: Annotated[Literal["open", "closed", "open,closed", "closed,open"] | None, Query()] = None,
        start_date: Text = None,
        end_date: Text = None,
        jurisdiction_id: Text = None,
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
        page_size: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Wanted:
        return Wanted(
            numbers=_listed(service_request_id),
            codes=_listed(service_code),
            status=status if status in {"open", "closed"} else None,
            start=parse_time(start_date, "start_date"),
            end=parse_time(end_date, "end_date"),
            region=next(iter(_listed(jurisdiction_id)), None),
            page=page,
            page_size=page_size,
        )

    @router.get("/requests.{how}")
    def requests(how: Format, who: Caller, wanted: Annotated[Wanted, Depends(asked)]) -> Response:
        with desk.database.read() as session:
            found = [request_record(session, row) for row in find_requests(session, who, wanted, desk.clock())]
        return formats.answer(found, "service_requests", "request", how)

    @router.get("/requests/{number}.{how}")
    def request(number: Number, how: Format, who: Caller) -> Response:
        with desk.database.read() as session:
            rows = find_requests(session, who, Wanted(numbers=(number,)), desk.clock())
            found = [request_record(session, row) for row in rows]
        if not found:
            raise _missing("没有这个 service_request_id")
        return formats.answer(found, "service_requests", "request", how)
