"""Phone and room on our own page: a signed link from a messenger that keeps no personal data (contract 3, 7)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.channels.telegram_rows import say
from config.refusal import Refused
from config.words import Words
from storage.database import Database
from storage.models import ConversationRow
from storage.personal_data import PersonalData
from understanding.phones import find_phones

LASTS_S = 3600
PURPOSE = "telegram-details"

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>邻答：电话与房号</title><link rel="stylesheet" href="/static/look.css"><main><h1>电话与房号</h1>{inside}</main></html>"""
FORM = """<p>只用于办理您这次报的事，加密保存，只给办理的人看，不给被投诉的一方；都可以不填，也可以随时要求删除。</p>
<form method="post"><p><label>电话 <input name="phone" type="tel" maxlength="30" autocomplete="tel"></label></p>
<p><label>房号 <input name="room" maxlength="12" inputmode="numeric" placeholder="例如 502"></label></p>
<p><label><input type="checkbox" name="agree" value="yes" required> 同意为办理这件事使用以上信息</label></p>
<p><button>提交</button></p></form>"""


@dataclass(frozen=True)
class DetailsDesk:
    """Makes and reads the signed links; the signing key is made once (0600)."""

    database: Database
    people: PersonalData
    clock: Callable[[], datetime]
    key_file: Path
    public_url: str

    def _signer(self) -> URLSafeTimedSerializer:
        if not self.key_file.exists():
            self.key_file.parent.mkdir(parents=True, exist_ok=True)
            self.key_file.touch(mode=0o600)
            self.key_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
        return URLSafeTimedSerializer(self.key_file.read_text(encoding="ascii"), salt=PURPOSE)

    def link(self, conversation_id: str) -> str:
        """The page for this conversation's phone and room, good for an hour."""
        return f"{self.public_url}/t/{self._signer().dumps(conversation_id)}"

    def conversation_of(self, token: str) -> str:
        """The conversation a link is for. Raises Refused (410) when it ran out or was made up."""
        try:
            return str(self._signer().loads(token[:300], max_age=LASTS_S))
        except BadSignature as error:
            raise Refused("这个链接已过期或不完整", "回到聊天里再要一个", status=410, code="link_expired") from error

    def save(self, conversation_id: str, phone: str, room: str) -> None:
        """Keep the phone under the person's own key and the room with the report. Refused (422) when there is no phone in the words."""
        now = self.clock()
        found = find_phones(phone)
        if phone.strip() and not found:
            raise Refused("这个号码没有认全", "填 11 位手机号或带区号的座机号，也可以留空", status=422, code="bad_phone")
        with self.database.write() as session:
            row = session.get(ConversationRow, conversation_id, with_for_update=True)
            if row is None or row.erased_at is not None:
                raise Refused("这个对话已经不在了", "回到聊天里重新开始", status=410, code="no_conversation")
            dialogue = dict(row.dialogue)
            draft = dict(dialogue.get("draft") or {})
            if found:
                row.person_id = self.people.remember_person(session, name=None, phone=found[0], now=now)
                draft |= {"person_id": row.person_id, "contact": "given"} if draft else {}
            if room.strip():
                kept = room.strip()[:12]
                row.place = {**row.place, "room": kept}
                draft |= {"place": {**draft["place"], "room": kept}} if draft else {}
            if draft:
                dialogue["draft"] = draft
            row.dialogue = dialogue
            say(session, row, Words(row.locale)("tg_details_saved"), now)


def details_router(desk: DetailsDesk) -> APIRouter:
    """GET shows the form, POST keeps what was filled in."""
    router = APIRouter(prefix="/t", include_in_schema=False)
    headers = {"Cache-Control": "no-store"}

    @router.get("/{token}")
    def show(token: str) -> HTMLResponse:
        desk.conversation_of(token)
        return HTMLResponse(PAGE.format(inside=FORM), headers=headers)

    @router.post("/{token}")
    def keep(
        token: str,
        agree: Annotated[str, Form()],
        phone: Annotated[str, Form(max_length=30)] = "",
        room: Annotated[str, Form(max_length=12)] = "",
    ) -> HTMLResponse:
        conversation_id = desk.conversation_of(token)
        try:
            desk.save(conversation_id, phone, room)
        except Refused as refused:
            said = f"<p><b>{escape(refused.reason)}</b>：{escape(refused.remedy)}</p>{FORM}"
            return HTMLResponse(PAGE.format(inside=said), status_code=refused.status, headers=headers)
        return HTMLResponse(PAGE.format(inside=f"<p>{escape(Words()('tg_details_saved'))}</p>"), headers=headers)

    return router
