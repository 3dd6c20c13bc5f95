"""Administration: operators, API keys, the audit trail."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Form, Query, Request, Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from console.access import ROLES, SIDES, Viewer
from console.door import Door, viewer_of
from console.look import look_at
from console.operators import add_operator, all_operators, disable_operator, enable_operator, reset_password
from console.rendering import page
from console.sessions import end_sessions
from storage.api_keys import make_key, revoke_key
from storage.audit import anchor, record, verify
from storage.models import ApiKeyRow, AuditRow

AUDIT_PAGE = 100
Short = Annotated[str, Form(max_length=80)]


def add_admin(door: Door) -> None:
    """Routes for administrators."""
    _operator_routes(door)
    _closing_routes(door)
    _access_routes(door)
    _key_routes(door)
    _audit_routes(door)


def _operators_page(door: Door, viewer: Viewer, **extra: Any) -> Response:
    desk = door.desk
    with look_at(desk.database) as session:
        operators = all_operators(session)
    problem: Refused | None = extra.get("problem")
    values = {
        "operators": operators,
        "regions": list(desk.regions.values()),
        "region_names": {r.id: r.name for r in desk.regions.values()},
        "roles": ROLES,
        "sides": SIDES,
        "now": desk.clock(),
        "problem": None,
        "typed": {},
        "password": "",
        "login": "",
        "done": "",
        "title": "值班员",
        "nav": "operators",
    }
    return page("operators.html", viewer, values | extra, problem.status if problem else 200)


def _operator_routes(door: Door) -> None:
    desk = door.desk

    @door.get("/console/operators")
    def operators(request: Request) -> Response:
        return _operators_page(door, viewer_of(request))

    @door.post("/console/operators/add")
    def add(  # noqa: PLR0913 - the fields of the form
        request: Request,
        login: Short,
        name: Short,
        role: Short,
        side: Short,
        regions: Annotated[list[str], Form(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
        communities: Annotated[str, Form(max_length=4000)] = "",
    ) -> Response:
        viewer = viewer_of(request)
        typed = {"login": login, "name": name, "role": role, "side": side, "regions": regions, "communities": communities}
        estates = [c for line in communities.splitlines() for c in line.replace("，", "、").replace(",", "、").split("、")]
        try:
            password = add_operator(desk.database, login, name, role, regions, estates, side, desk.clock(), viewer.actor)
        except Refused as refused:
            return _operators_page(door, viewer, problem=refused, typed=typed)
        return _operators_page(door, viewer, password=password, login=login.strip().lower())


def _change(door: Door, request: Request, work: Callable[[Session, Viewer], dict[str, str]]) -> Response:
    """Run `work` in a transaction and show the list again, with what it gives back or what refused it."""
    viewer = viewer_of(request)
    try:
        with door.desk.database.write() as session:
            extra = work(session, viewer)
    except Refused as refused:
        return _operators_page(door, viewer, problem=refused)
    return _operators_page(door, viewer, **extra)


def _closing_routes(door: Door) -> None:
    desk = door.desk

    @door.post("/console/operators/{operator_id}/disable")
    def disable(request: Request, operator_id: int) -> Response:
        def work(session: Session, viewer: Viewer) -> dict[str, str]:
            disable_operator(session, operator_id, (viewer.operator_id, viewer.actor), desk.clock())
            return {"done": "账号已停用，他的登录已全部退出。"}

        return _change(door, request, work)

    @door.post("/console/operators/{operator_id}/enable")
    def enable(request: Request, operator_id: int) -> Response:
        def work(session: Session, viewer: Viewer) -> dict[str, str]:
            enable_operator(session, operator_id, viewer.actor, desk.clock())
            return {"done": "账号已恢复。"}

        return _change(door, request, work)


def _access_routes(door: Door) -> None:
    desk = door.desk

    @door.post("/console/operators/{operator_id}/password")
    def password(request: Request, operator_id: int) -> Response:
        def work(session: Session, viewer: Viewer) -> dict[str, str]:
            login, new = reset_password(session, operator_id, viewer.actor, desk.clock())
            return {"password": new, "login": login}

        return _change(door, request, work)

    @door.post("/console/operators/{operator_id}/sessions/end")
    def end(request: Request, operator_id: int) -> Response:
        def work(session: Session, viewer: Viewer) -> dict[str, str]:
            ended = end_sessions(session, operator_id, desk.clock())
            record(session, viewer.actor, "sessions_ended", f"operator:{operator_id}", {"count": ended}, desk.clock())
            return {"done": f"已退出他的 {ended} 处登录。"}

        return _change(door, request, work)


def _keys_page(door: Door, viewer: Viewer, **extra: Any) -> Response:
    desk = door.desk
    with look_at(desk.database) as session:
        keys = list(session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.revoked_at.is_not(None), ApiKeyRow.id.desc())))
    problem: Refused | None = extra.get("problem")
    names = {r.id: r.name for r in desk.regions.values()}
    values = {"keys": keys, "regions": list(desk.regions.values()), "region_names": names, "secret": "", "problem": None, "done": ""}
    return page("keys.html", viewer, values | {"title": "接口密钥", "nav": "keys"} | extra, problem.status if problem else 200)


def _key_routes(door: Door) -> None:
    desk = door.desk

    @door.get("/console/keys")
    def keys(request: Request) -> Response:
        return _keys_page(door, viewer_of(request))

    @door.post("/console/keys/make")
    def make(
        request: Request,
        name: Annotated[str, Form(max_length=60)],
        regions: Annotated[list[str], Form(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        viewer = viewer_of(request)
        if not name.strip() or any(r not in desk.regions for r in regions):
            return _keys_page(door, viewer, problem=Refused("没有写名称，或地区不对", "写明是给哪个系统用的", status=422))
        with desk.database.write() as session:
            row, secret = make_key(session, name.strip(), regions, desk.clock())
            record(session, viewer.actor, "key_made", f"key:{row.id}", {"name": row.name, "regions": regions}, desk.clock())
        return _keys_page(door, viewer, secret=secret, done=name.strip())

    @door.post("/console/keys/{key_id}/revoke")
    def revoke(request: Request, key_id: int) -> Response:
        viewer = viewer_of(request)
        with desk.database.write() as session:
            ended = revoke_key(session, key_id, desk.clock())
            if ended:
                record(session, viewer.actor, "key_revoked", f"key:{key_id}", {}, desk.clock())
        if not ended:
            return _keys_page(door, viewer, problem=Refused("没有这个密钥，或已经吊销", "刷新页面看看", status=404))
        return _keys_page(door, viewer, done="密钥已吊销，立即失效。")


def _audit_routes(door: Door) -> None:
    desk = door.desk

    @door.get("/console/audit")
    def audit(
        request: Request,
        q: Annotated[str, Query(max_length=80)] = "",
        before: Annotated[int, Query(ge=0)] = 0,
        check: bool = False,
    ) -> Response:
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(AUDIT_PAGE + 1)
        words = q.replace("\x00", "").strip()
        if words:
            columns = (AuditRow.actor, AuditRow.action, AuditRow.object)
            query = query.where(or_(*(c.contains(words, autoescape=True) for c in columns)))
        if before:
            query = query.where(AuditRow.id < before)
        with look_at(desk.database) as session:
            rows = list(session.scalars(query))
            end = anchor(session)
            faults = verify(session) if check else None
        more = rows[AUDIT_PAGE - 1].id if len(rows) > AUDIT_PAGE else 0
        values = {"rows": rows[:AUDIT_PAGE], "more": more, "q": words, "anchor": end, "faults": faults}
        return page("audit.html", viewer_of(request), {**values, "title": "审计", "nav": "audit"})
