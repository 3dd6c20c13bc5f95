"""The review of unanswered questions."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from config.refusal import Refused
from console.access import Viewer
from console.door import Door, viewer_of
from console.look import look_at
from console.rendering import page
from console.review import LABELS, REASON_NAMES, judge, reviewed, training_yaml, waiting_groups
from console.review_answers import in_use
from storage.audit import record

MOST_GROUPS = 100
_DONE = {"judged": "已记下。", "answered": "已生效，下一位这样问就按它答。", "revoked": "已撤回，下一问就不用它了。"}


def _list(door: Door, viewer: Viewer, done: str) -> Response:
    """The groups that wait for a verdict, and what was judged lately."""
    with look_at(door.desk.database) as session:
        groups = waiting_groups(session, viewer, door.desk.encoder)
        judged = reviewed(session, viewer)
        answers = in_use(session, viewer, door.desk)
    names = {r.id: r.name for r in door.desk.regions.values()} | {"": "地区未知"}
    values = {"groups": groups[:MOST_GROUPS], "total": len(groups), "judged": judged[:50], "judged_total": len(judged), "answers": answers}
    texts = {"labels": LABELS, "reasons": REASON_NAMES, "region_names": names, "title": "问答复核", "nav": "review"}
    return page("review.html", viewer, {**values, **texts, "done": done})


def add_review(door: Door) -> None:
    """Routes of the review."""
    desk = door.desk

    @door.get("/console/review")
    def review(request: Request, done: str = "") -> Response:
        return _list(door, viewer_of(request), _DONE.get(done, ""))

    @door.post("/console/review/verdict")
    def verdict(
        request: Request,
        ids: Annotated[str, Form(max_length=60_000)],
        intent: Annotated[str, Form(max_length=40)],
        note: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        wanted = [int(one) for one in ids.split(",") if one.isdecimal() and len(one) < 16]
        with desk.database.write() as session:
            judged = judge(session, viewer_of(request), wanted, {"intent": intent, "note": note.strip()}, desk.clock())
        if not judged:
            raise Refused("没有可复核的问题", "可能别人刚复核过，刷新看看", status=409, code="nothing_to_review")
        return RedirectResponse("/console/review?done=judged", status_code=303)

    @door.get("/console/review/export.yml")
    def export(request: Request) -> Response:
        viewer = viewer_of(request)
        with desk.database.write() as session:
            rows = reviewed(session, viewer)
            record(session, viewer.actor, "training_exported", "unanswered", {"rows": len(rows)}, desk.clock())
        headers = {"Content-Disposition": 'attachment; filename="review.yml"'}
        return Response(training_yaml(rows), media_type="application/yaml; charset=utf-8", headers=headers)
