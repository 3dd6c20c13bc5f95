"""An operator's own chat in the messenger whose staff groups he answers from: he gets his code here, and takes the chat away again."""

from fastapi import Request, Response

from config.refusal import Refused
from config.words import Words
from console.access import Viewer
from console.desk import OperatorChats
from console.door import Door, viewer_of
from console.look import look_at
from console.rendering import page

NO_GROUPS = Refused("这里没有启用工作群", "由管理员设置 LINDA_TELEGRAM_STAFF_GROUP 后再来", status=404, code="no_staff_groups")


def add_chat(door: Door) -> None:
    """Routes of the operator's own chat; without staff groups each is refused (404)."""
    desk = door.desk

    def chats() -> OperatorChats:
        if desk.chats is None:
            raise NO_GROUPS
        return desk.chats

    def show(viewer: Viewer, *, code: str = "", done: str = "") -> Response:
        with look_at(desk.database) as session:
            linked = chats().linked(session, viewer.operator_id)
        values = {"linked": linked, "code": code, "done": done, "words": Words(), "title": Words()("chat_title"), "nav": "account"}
        return page("chat.html", viewer, values)

    @door.get("/console/account/chat")
    def chat(request: Request) -> Response:
        return show(viewer_of(request))

    @door.post("/console/account/chat/code")
    def offer(request: Request) -> Response:
        viewer = viewer_of(request)
        with desk.database.write() as session:
            code = chats().offer(session, viewer.login, viewer.actor, desk.clock())
        return show(viewer, code=code)

    @door.post("/console/account/chat/end")
    def end(request: Request) -> Response:
        viewer = viewer_of(request)
        with desk.database.write() as session:
            ended = chats().end(session, viewer.login, viewer.actor, desk.clock())
        return show(viewer, done=Words()("chat_ended" if ended else "chat_none"))
