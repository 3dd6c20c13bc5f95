"""The inbox page, its rows alone (for live refreshing), and the stream of news."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from config.categories import categories
from console.access import Viewer
from console.door import Door, viewer_of
from console.inbox import VIEWS, Filters, read_inbox
from console.live import Listener, LiveFeed, stream
from console.look import look_at
from console.pages.signing import still_allowed
from console.rendering import STATE_NAMES, page

VIEW_NAMES = {"open": "待办", "urgent": "紧急", "overdue": "超时", "unclaimed": "未认领", "mine": "我的", "all": "全部"}
Short = Annotated[str, Query(max_length=80)]


def filters_of(  # noqa: PLR0913 - one parameter for each filter
    view: Short = "open",
    state: Short = "",
    region: Short = "",
    community: Short = "",
    kind: Short = "",
    category: Short = "",
    q: Short = "",
    sort: Short = "new",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Filters:
    """The filters of a request; odd values fall back to the defaults."""
    q = q.replace("\x00", "").strip()
    known = view if view in VIEWS else "open"
    return Filters(known, state, region, community, kind, category, q, "due" if sort == "due" else "new", page)


Asked = Annotated[Filters, Depends(filters_of)]


def add_inbox(door: Door, feed: LiveFeed) -> None:
    """Routes of the inbox."""
    desk = door.desk

    def values(viewer: Viewer, filters: Filters) -> dict[str, Any]:
        now = desk.clock()
        with look_at(desk.database) as session:
            inbox = read_inbox(session, viewer, filters, now)
        return {"inbox": inbox, "filters": inbox.filters, "now": now, "view_names": VIEW_NAMES, "nav": "inbox", "title": "工单"}

    @door.get("/console")
    def home() -> Response:
        return RedirectResponse("/console/inbox", status_code=303)

    @door.get("/console/inbox")
    def inbox_page(request: Request, filters: Asked) -> Response:
        viewer = viewer_of(request)
        return page("inbox.html", viewer, values(viewer, filters) | _choices(door, viewer))

    @door.get("/console/inbox/rows")
    def rows(request: Request, filters: Asked) -> Response:
        viewer = viewer_of(request)
        return page("inbox_rows.html", viewer, values(viewer, filters))

    @door.get("/console/events")
    def events(request: Request) -> Response:
        listener = Listener(viewer_of(request), lambda: still_allowed(door, request, "read"))
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(stream(feed, listener), media_type="text/event-stream", headers=headers)


def _choices(door: Door, viewer: Viewer) -> dict[str, Any]:
    """What the filter lists offer: only what lies within the operator's scope."""
    regions = [r for r in door.desk.regions.values() if viewer.all_regions or r.id in viewer.regions]
    communities = sorted({c.name for r in regions for c in r.communities if not viewer.communities or c.name in viewer.communities})
    return {
        "regions": regions,
        "communities": communities,
        "states": STATE_NAMES,
        "kinds": ("repair", "complaint", "emergency", "handoff"),
        "categories": list(categories().values()),
    }
