"""A conversation's own life: opened, found by its secret, read back, erased."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from committee.members import forget_member
from config.refusal import Refused
from storage.models import (
    AttachmentRow,
    ChannelChatRow,
    ChannelPhotoRow,
    ChannelUpdateRow,
    ChoiceRow,
    ConversationRow,
    InboxRow,
    MessageRow,
    PlaceCodeRow,
    RatingRow,
    StaffTopicRow,
    TicketRow,
)
from storage.personal_data import PersonalData, mask
from tickets.followers import leave_all
from tickets.survey import forget_respondent

_SECRET = select(ConversationRow.token_hash, ConversationRow.erased_at).where(ConversationRow.id == bindparam("talk"))


@dataclass(frozen=True)
class NewConversation:
    """What a channel knows when a resident begins to talk."""

    channel: str
    region: str | None = None
    property_form: str | None = None
    place_token: str | None = None
    place: dict[str, Any] = field(default_factory=dict)
    locale: str = "zh-CN"
    channel_address: str | None = None


def open_conversation(session: Session, new: NewConversation, now: datetime) -> tuple[ConversationRow, str]:
    """Make a conversation and its secret (only its hash is kept). Raises Refused (404) for an unknown place token."""
    region, form, place = new.region, new.property_form, dict(new.place)
    if new.place_token:
        code = session.get(PlaceCodeRow, new.place_token)
        if code is None or code.revoked_at is not None:
            raise Refused("这个二维码无效或已停用", "直接打开页面选择旗县区即可", status=404, code="unknown_place")
        region, form, place = code.region, code.property_form or form, {**place, **code.place}
    secret = secrets.token_urlsafe(24)
    row = ConversationRow(
        id=f"c{secrets.token_hex(12)}",
        token_hash=_hash(secret),
        channel=new.channel,
        channel_address=new.channel_address,
        region=region,
        property_form=form,
        place=place,
        locale=new.locale,
        dialogue={},
        created_at=now,
        seen_at=now,
    )
    session.add(row)
    session.flush()
    return row, secret


def find_conversation(session: Session, conversation_id: str, secret: str) -> ConversationRow:
    """The conversation when the secret is right; otherwise Refused (401), the same for wrong and absent."""
    row = session.get(ConversationRow, conversation_id)
    known = row.token_hash if row is not None else _hash("absent")
    right = hmac.compare_digest(known, _hash(secret))
    if row is None or not right or row.erased_at is not None:
        raise Refused("对话不存在或凭证不对", "重新打开页面开始新的对话", status=401, code="no_conversation")
    return row


def check_secret(session: Session, conversation_id: str, secret: str) -> None:
    """Refused (401) as `find_conversation`, for whoever does not need the row: this is asked on every message."""
    known = session.connection().execute(_SECRET, {"talk": conversation_id}).one_or_none()
    right = hmac.compare_digest(known.token_hash if known else _hash("absent"), _hash(secret))
    if known is None or not right or known.erased_at is not None:
        raise Refused("对话不存在或凭证不对", "重新打开页面开始新的对话", status=401, code="no_conversation")


def said_after(session: Session, conversation_id: str, after: int, limit: int = 200) -> list[dict[str, Any]]:
    """Everything said with an id above `after`, oldest first."""
    rows = session.scalars(
        select(MessageRow).where(MessageRow.conversation_id == conversation_id, MessageRow.id > after).order_by(MessageRow.id).limit(limit)
    )
    return [message_record(row) for row in rows]


def latest_messages(session: Session, conversation_id: str, count: int = 50) -> list[dict[str, Any]]:
    """The newest messages, oldest first: streams compare against those already sent, never a high-water mark."""
    newest = select(MessageRow).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.id.desc()).limit(count)
    rows: Sequence[MessageRow] = session.scalars(newest).all()
    return [message_record(row) for row in reversed(rows)]


def message_record(row: MessageRow) -> dict[str, Any]:
    """One message as the page sees it."""
    return {
        "id": row.id,
        "at": row.said_at.isoformat(),
        "author": row.author,
        "name": row.author_name,
        "turn": row.turn_id,
        "body": row.body,
    }


def erase_conversation(session: Session, row: ConversationRow, people: PersonalData, now: datetime) -> list[str]:
    """Erase the person's data: messages, drafts, photos without a ticket, the keys of all contacts left here.

    Tickets stay, for the estate's sake, without the person: description masked, no conversation. Returns photo files to delete.
    """
    persons = set(session.scalars(select(TicketRow.person_id).where(TicketRow.conversation_id == row.id, TicketRow.person_id.is_not(None))))
    draft = row.dialogue.get("draft") or {}
    persons |= {p for p in (row.person_id, draft.get("person_id")) if p}
    for person_id in persons:
        if person_id:
            people.erase_person(session, person_id, now)
    leave_all(session, row.id)
    forget_respondent(session, row.id)
    forget_member(session, row.id, now)
    _erase_topics(session, row)
    for ticket in session.scalars(select(TicketRow).where(TicketRow.conversation_id == row.id)):
        ticket.description = mask(ticket.description)
        ticket.person_id = None
        ticket.conversation_id = None
    photos = session.scalars(select(AttachmentRow).where(AttachmentRow.conversation_id == row.id, AttachmentRow.ticket_id.is_(None))).all()
    files = [photo.file_name for photo in photos]
    for photo in photos:
        session.delete(photo)
    _erase_channel(session, row, now)
    session.execute(delete(MessageRow).where(MessageRow.conversation_id == row.id))
    session.execute(update(RatingRow).where(RatingRow.conversation_id == row.id).values(text=""))
    session.execute(delete(ChoiceRow).where(ChoiceRow.conversation_id == row.id))
    session.execute(
        update(InboxRow)
        .where(InboxRow.conversation_id == row.id)
        .values(payload={"text": None, "choice": None, "attachments": []}, result={})
    )
    row.dialogue, row.place, row.person_id, row.channel_address, row.erased_at = {}, {}, None, None, now
    return files


def _erase_channel(session: Session, row: ConversationRow, now: datetime) -> None:
    """What a messenger's chat left: updates not yet worked off and those put aside lose their words, photos are no longer fetched."""
    session.execute(delete(ChannelPhotoRow).where(ChannelPhotoRow.conversation_id == row.id))
    if not row.channel_address:
        return
    mine = (ChannelUpdateRow.channel == row.channel, ChannelUpdateRow.address == row.channel_address)
    emptied = update(ChannelUpdateRow).where(*mine).values(body={}, prepared={})
    session.execute(emptied.where(ChannelUpdateRow.state == "dead"))
    session.execute(emptied.where(ChannelUpdateRow.state == "pending").values(state="done", done_at=now, note="erased"))
    session.execute(delete(ChannelChatRow).where(ChannelChatRow.channel == row.channel, ChannelChatRow.address == row.channel_address))


def _erase_topics(session: Session, row: ConversationRow) -> None:
    """What the office's groups were told about this person's tickets."""
    tickets = select(TicketRow.id).where(TicketRow.conversation_id == row.id)
    topics = select(StaffTopicRow.conversation_id).where(StaffTopicRow.ticket_id.in_(tickets))
    session.execute(delete(MessageRow).where(MessageRow.conversation_id.in_(topics)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
