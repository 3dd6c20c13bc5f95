"""The conversation API of the resident page (contract 2): HTTP in, committed turns out, Server-Sent Events for news."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, File, Header, Query, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from bot.conversations import (
    NewConversation,
    check_secret,
    erase_conversation,
    find_conversation,
    latest_messages,
    open_conversation,
    said_after,
)
from bot.limits import CONVERSATIONS, MESSAGES, Limits
from bot.message import Incoming
from bot.turn import TurnDesk
from config.refusal import Refused
from config.words import Words
from storage.attachments import keep_photo
from storage.models import AttachmentRow, MessageRow, TicketRow, UnansweredRow
from storage.personal_data import mask
from tickets.ticket import ticket_record

LONGEST_TEXT = 8000
PHOTO_LIMIT = 15 * 1024 * 1024
PAUSE_S = 0.7
STREAM_S = 3600.0


class Place(BaseModel):
    """An unsigned place, taken only with LINDA_LIMITS=off."""

    community: str | None = Field(default=None, max_length=80)
    building: str | None = Field(default=None, max_length=20)
    unit: str | None = Field(default=None, max_length=20)
    room: str | None = Field(default=None, max_length=20)
    spot: str | None = Field(default=None, max_length=120)


class ConversationIn(BaseModel):
    """Body of POST /conversations."""

    region: str | None = Field(default=None, max_length=40)
    property_form: Literal["market", "quasi", "basic", "community", "self"] | None = None
    place_token: str | None = Field(default=None, max_length=40)
    place: Place | None = None
    locale: str = Field(default="zh-CN", max_length=20)


class MessageIn(BaseModel):
    """Body of POST …/messages."""

    model_config = ConfigDict(extra="ignore")
    message_id: str = Field(min_length=1, max_length=200)
    text: str | None = None
    choice: str | None = Field(default=None, max_length=40)
    attachments: list[str] = Field(default_factory=list, max_length=20)


class FeedbackIn(BaseModel):
    """Body of POST …/messages/{turn}/feedback."""

    useful: bool
    reason: str | None = Field(default=None, max_length=500)


class StyleIn(BaseModel):
    """Body of POST …/style."""

    style: Literal["elder", "plain"]


@dataclass(frozen=True)
class WebDesk:
    """What the conversation API needs."""

    turns: TurnDesk
    limits: Limits
    photos: Path
    clock: Callable[[], datetime]


Token = Annotated[str | None, Header(alias="Authorization")]


def resident_router(desk: WebDesk) -> APIRouter:
    """Routes of contract 2 under /api/v1."""
    router = APIRouter(prefix="/api/v1")
    _conversation_routes(router, desk)
    _reading_routes(router, desk)
    _photo_routes(router, desk)
    return router


def _secret(header: str | None) -> str:
    if not header or not header.lower().startswith("bearer "):
        raise Refused("缺少凭证", "在 Authorization 里带上 Bearer 和对话的 token", status=401, code="no_token")
    return header[7:].strip()


def _check_new(desk: WebDesk, body: ConversationIn) -> dict[str, Any]:
    regions = desk.turns.desk.parts.regions
    if body.region is not None and body.region not in regions:
        known = "、".join(r.id for r in regions.values() if r.selectable)
        raise Refused(f"没有 {body.region[:40]} 这个地区", f"可选：{known}", status=422, code="unknown_region")
    if body.place is not None and desk.limits.on:
        raise Refused("地点要由二维码带入", "用 place_token；直接写 place 只在测量时可用", status=422, code="unsigned_place")
    return {k: v for k, v in body.place.model_dump().items() if v} if body.place else {}


def _conversation_routes(router: APIRouter, desk: WebDesk) -> None:
    database = desk.turns.desk.database

    @router.post("/conversations", status_code=201)
    def begin(body: ConversationIn, request: Request) -> dict[str, Any]:
        desk.limits.allow("conversation", request.client.host if request.client else "", CONVERSATIONS)
        place = _check_new(desk, body)
        words = Words(body.locale)
        welcome = {"kind": "text", "text": f"{words('welcome')}\n{words('welcome_privacy')}", "choices": [], "citations": []}
        new = NewConversation("web", body.region, body.property_form, body.place_token, place, body.locale)
        with database.write() as session:
            row, secret = open_conversation(session, new, desk.clock())
            session.add(MessageRow(conversation_id=row.id, author="linda", body=welcome, said_at=desk.clock()))
        return {"conversation": row.id, "token": secret, "replies": [welcome], "region": row.region, "place": row.place}

    @router.post("/conversations/{conversation_id}/messages", response_model=None)
    def say(conversation_id: str, body: MessageIn, token: Token = None) -> JSONResponse:
        with database.read() as session:
            check_secret(session, conversation_id, _secret(token))
            known = _own_photos(session, conversation_id, body.attachments) if body.attachments else ()
        desk.limits.allow("message", conversation_id, MESSAGES)
        message = Incoming(body.message_id, _checked_text(body.text), body.choice or None, known)
        return JSONResponse(desk.turns.take(conversation_id, message))

    @router.delete("/conversations/{conversation_id}")
    def erase(conversation_id: str, token: Token = None) -> dict[str, Any]:
        with database.write() as session:
            row = find_conversation(session, conversation_id, _secret(token))
            files = erase_conversation(session, row, desk.turns.desk.parts.people, desk.clock())
        for name in files:
            (desk.photos / name).unlink(missing_ok=True)
        return {"erased": conversation_id}

    @router.post("/conversations/{conversation_id}/style")
    def style(conversation_id: str, body: StyleIn, token: Token = None) -> dict[str, Any]:
        with database.write() as session:
            find_conversation(session, conversation_id, _secret(token)).style = body.style
        return {"style": body.style}

    @router.post("/conversations/{conversation_id}/messages/{turn_id}/feedback", status_code=202)
    def rate(conversation_id: str, turn_id: str, body: FeedbackIn, token: Token = None) -> dict[str, Any]:
        with database.write() as session:
            row = find_conversation(session, conversation_id, _secret(token))
            said = session.scalar(
                select(MessageRow).where(
                    MessageRow.conversation_id == row.id, MessageRow.turn_id == turn_id, MessageRow.author == "resident"
                )
            )
            known = session.scalar(select(UnansweredRow).where(UnansweredRow.turn_id == turn_id))
            if said is None:
                raise Refused("没有这一条", "刷新页面再试", status=404, code="no_turn")
            if not body.useful and known is None:
                reason = f"disliked:{mask(body.reason or '')}"[:40]
                question = mask(str(said.body.get("text", "")))
                session.add(UnansweredRow(turn_id=turn_id, region=row.region, question=question, reason=reason, asked_at=desk.clock()))
        return {"turn": turn_id}


def _checked_text(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused("文字里有损坏的字符", "重新输入一遍再发", status=422, code="broken_text") from error
    if len(text) > LONGEST_TEXT:
        raise Refused(f"一条最多 {LONGEST_TEXT} 个字", "分成几条发，或只说要点", status=413, code="too_long")
    return text.replace("\x00", "")


def _own_photos(session: Any, conversation_id: str, ids: list[str]) -> tuple[str, ...]:
    found = set(
        session.scalars(select(AttachmentRow.id).where(AttachmentRow.conversation_id == conversation_id, AttachmentRow.id.in_(ids)))
    )
    missing = [i for i in ids if i not in found]
    if missing:
        raise Refused("有照片不属于这个对话", "重新上传照片再发", status=422, code="unknown_attachment")
    return tuple(dict.fromkeys(ids))


def _reading_routes(router: APIRouter, desk: WebDesk) -> None:
    database = desk.turns.desk.database

    @router.get("/conversations/{conversation_id}/messages")
    def said(conversation_id: str, after: Annotated[int, Query(ge=0)] = 0, token: Token = None) -> dict[str, Any]:
        with database.read() as session:
            find_conversation(session, conversation_id, _secret(token))
            return {"messages": said_after(session, conversation_id, after)}

    @router.get("/conversations/{conversation_id}/events")
    async def events(
        conversation_id: str,
        request: Request,
        token: Token = None,
        access: Annotated[str | None, Query(alias="token")] = None,
        last: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    ) -> StreamingResponse:
        def check() -> set[int]:
            with database.read() as session:
                find_conversation(session, conversation_id, access or _secret(token))
                start = int(last) if last and last.isdigit() else None
                now_known = latest_messages(session, conversation_id)
                return {m["id"] for m in now_known if start is None or m["id"] <= start}

        sent = await to_thread.run_sync(check)
        stream = _stream(desk, conversation_id, request, sent)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    @router.get("/tickets/{number}")
    def ticket(number: str, token: Token = None) -> dict[str, Any]:
        secret = _secret(token)
        with database.read() as session:
            row = session.scalar(select(TicketRow).where(TicketRow.number == number[:30]))
            try:
                if row is None or row.conversation_id is None:
                    raise Refused("")
                find_conversation(session, row.conversation_id, secret)
            except Refused as refused:
                raise Refused("没有这个工单，或不是在这个对话里报的", "核对工单号", status=404, code="no_ticket") from refused
            return ticket_record(session, row, audience="resident")

    @router.get("/regions")
    def regions() -> dict[str, Any]:
        words = Words()
        forms = [{"id": f, "name": words(f"form_{f}")} for f in ("market", "quasi", "basic", "community", "self")]
        listed = [
            {"id": r.id, "name": r.name, "property_forms": forms, "demo_communities": [c.name for c in r.communities]}
            for r in desk.turns.desk.parts.regions.values()
            if r.selectable
        ]
        return {"regions": listed}


async def _stream(desk: WebDesk, conversation_id: str, request: Request, sent: set[int]) -> AsyncIterator[str]:
    """New messages as they appear; a comment line every quarter minute keeps proxies from closing."""
    database = desk.turns.desk.database

    def newest() -> list[dict[str, Any]]:
        with database.read() as session:
            return latest_messages(session, conversation_id)

    yield "retry: 2000\n\n"
    quiet = lived = 0.0
    while lived < STREAM_S and not await request.is_disconnected():
        fresh = [m for m in await to_thread.run_sync(newest) if m["id"] not in sent]
        for message in fresh:
            sent.add(message["id"])
            yield f"event: message\nid: {message['id']}\ndata: {json.dumps(message, ensure_ascii=False)}\n\n"
        quiet = 0.0 if fresh else quiet + PAUSE_S
        if quiet >= 15.0:
            quiet = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(PAUSE_S)
        lived += PAUSE_S


def _photo_routes(router: APIRouter, desk: WebDesk) -> None:
    database = desk.turns.desk.database

    @router.post("/conversations/{conversation_id}/attachments", status_code=201)
    def upload(conversation_id: str, file: Annotated[UploadFile, File()], token: Token = None) -> dict[str, Any]:
        with database.read() as session:
            find_conversation(session, conversation_id, _secret(token))
        desk.limits.allow("photo", conversation_id, MESSAGES)
        data = file.file.read(PHOTO_LIMIT + 1)
        if len(data) > PHOTO_LIMIT:
            raise Refused("照片超过 15 MB", "用手机相机的普通画质重拍，或压缩后再传", status=413, code="photo_too_large")
        kept = keep_photo(data, desk.photos)
        attachment_id = f"a{secrets.token_hex(12)}"
        with database.write() as session:
            session.add(
                AttachmentRow(
                    id=attachment_id, conversation_id=conversation_id, media_type=kept.media_type, file_name=kept.file_name,
                    size=kept.size, width=kept.width, height=kept.height, received_at=desk.clock(),
                )
            )  # fmt: skip
        return {"attachment": attachment_id, "width": kept.width, "height": kept.height}

    @router.get("/conversations/{conversation_id}/attachments/{attachment_id}")
    def photo(conversation_id: str, attachment_id: str, token: Token = None) -> FileResponse:
        with database.read() as session:
            find_conversation(session, conversation_id, _secret(token))
            row = session.get(AttachmentRow, attachment_id)
        if row is None or row.conversation_id != conversation_id:
            raise Refused("没有这张照片", "刷新页面再试", status=404, code="no_attachment")
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=86400"}
        return FileResponse(desk.photos / row.file_name, media_type=row.media_type, headers=headers)
