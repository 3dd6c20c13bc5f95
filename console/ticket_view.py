"""A ticket's page: facts, promises, history, photos and conversation, each only as far as this operator may see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import Region
from console.access import Viewer
from console.clock_view import ClockView, read_clocks
from console.inbox import audience_of, place_words
from console.scope import tickets_of
from storage.masking import mask
from storage.models import AttachmentRow, ConversationRow, MessageRow, OperatorRow, TicketRow
from tickets.firewall import NOT_FOR_COMPANY
from tickets.routing import COMPANY
from tickets.ticket import NEXT_STATES, OPEN_STATES, ticket_record

MOST_MESSAGES = 200
OFFERED_ORDER = ("accepted", "in_progress", "resolved", "closed", "reopened", "rejected")
NEEDS_WORDS = frozenset({"resolved", "closed", "rejected", "reopened"})


@dataclass(frozen=True)
class Conversation:
    """What was said. `hidden` gives the reason when nothing may be shown; `masked` whether numbers are starred out."""

    messages: tuple[dict[str, Any], ...] = ()
    hidden: str = ""
    masked: bool = True
    taken_by: str = ""
    mine: bool = False


@dataclass(frozen=True)
class TicketView:
    """Everything the ticket page shows."""

    record: dict[str, Any]
    row: TicketRow
    region_name: str
    place: str
    occurred: str
    reason: str
    clocks: tuple[ClockView, ...]
    photos: tuple[AttachmentRow, ...]
    photos_hidden: int
    conversation: Conversation
    holder: str
    mine: bool
    walled: bool
    merged_into: str
    joined: tuple[str, ...]
    alike: tuple[TicketRow, ...]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.row.state in OPEN_STATES


def find_ticket(session: Session, viewer: Viewer, number: str) -> TicketRow:
    """The ticket of this number within the operator's scope; Refused (404) alike when it does not exist or is not his to see."""
    row = session.scalar(select(TicketRow).where(TicketRow.number == number[:30], tickets_of(viewer)))
    if row is None:
        raise Refused("没有这张工单，或不在您的管辖范围内", "核对工单号", status=404, code="no_ticket")
    return row


def read_ticket(session: Session, viewer: Viewer, row: TicketRow, regions: dict[str, Region], now: datetime) -> TicketView:
    """The page's data for one operator."""
    record = ticket_record(session, row, audience=audience_of(viewer))
    holder = session.get(OperatorRow, row.claimed_by) if row.claimed_by else None
    photos = photos_of(session, row)
    hidden = not may_see_photos(viewer, row)
    region = regions.get(row.region)
    return TicketView(
        record=record,
        row=row,
        region_name=region.name if region else row.region,
        place=place_words(record["place"]),
        occurred="" if viewer.walled(row.kind) else mask(row.occurred or ""),
        reason=mask(row.reason or ""),
        clocks=read_clocks(session, row, record["clocks"], now),
        photos=() if hidden else photos,
        photos_hidden=len(photos) if hidden else 0,
        conversation=read_conversation(session, viewer, row),
        holder=holder.name if holder else "",
        mine=row.claimed_by == viewer.operator_id,
        walled=viewer.walled(row.kind),
        merged_into=_number(session, row.merged_into),
        joined=tuple(session.scalars(select(TicketRow.number).where(TicketRow.merged_into == row.id, TicketRow.state == "merged"))),
        alike=_alike(session, viewer, row, now),
    )


def _number(session: Session, ticket_id: int | None) -> str:
    found = session.get(TicketRow, ticket_id) if ticket_id else None
    return found.number if found else ""


def may_see_photos(viewer: Viewer, row: TicketRow) -> bool:
    """Photos of a complaint show from whose window they were taken; onlookers see none."""
    return viewer.may("converse") and not viewer.walled(row.kind)


def photos_of(session: Session, row: TicketRow) -> tuple[AttachmentRow, ...]:
    """The ticket's photos in the order in which they came."""
    query = select(AttachmentRow).where(AttachmentRow.ticket_id == row.id).order_by(AttachmentRow.received_at, AttachmentRow.id)
    return tuple(session.scalars(query))


def _alike(session: Session, viewer: Viewer, row: TicketRow, now: datetime) -> tuple[TicketRow, ...]:
    """Open tickets of the same matter in the same place within two weeks: candidates for a merge."""
    if row.state not in OPEN_STATES or row.community is None or viewer.walled(row.kind):
        return ()
    query = select(TicketRow).where(
        tickets_of(viewer),
        TicketRow.id != row.id,
        TicketRow.region == row.region,
        TicketRow.community == row.community,
        TicketRow.kind == row.kind,
        TicketRow.category == row.category,
        TicketRow.state.in_(OPEN_STATES),
        TicketRow.opened_at > now - timedelta(days=14),
    )
    if row.building is not None:
        query = query.where((TicketRow.building == row.building) | TicketRow.building.is_(None))
    return tuple(session.scalars(query.order_by(TicketRow.id).limit(5)))


def read_conversation(session: Session, viewer: Viewer, row: TicketRow, *, masked: bool = True) -> Conversation:
    """What was said in the ticket's conversation, as far as this operator may read it, numbers starred out unless `masked` is off."""
    found = session.get(ConversationRow, row.conversation_id) if row.conversation_id else None
    if found is None:
        return Conversation(hidden="这张工单不是从对话里来的，没有可回复的对话。")
    if found.erased_at is not None:
        return Conversation(hidden="居民已清除自己的记录。")
    reason = _closed_to(session, viewer, row, found)
    if reason:
        return Conversation(hidden=reason)
    query = select(MessageRow).where(MessageRow.conversation_id == found.id)
    if viewer.side == "company":
        query = query.where(MessageRow.said_at >= row.claimed_at)
    newest = list(session.scalars(query.order_by(MessageRow.id.desc()).limit(MOST_MESSAGES)))
    holder = session.get(OperatorRow, found.operator_id) if found.operator_id else None
    said = tuple(_message(m, masked=masked) for m in reversed(newest))
    return Conversation(said, "", masked, holder.name if holder else "", found.operator_id == viewer.operator_id)


def _closed_to(session: Session, viewer: Viewer, row: TicketRow, conversation: ConversationRow) -> str:
    """Why this operator may not read the conversation; empty when he may."""
    if not viewer.may("converse"):
        return "您的角色看不到对话内容。"
    if viewer.side != "company":
        return ""
    if viewer.walled(row.kind):
        return "投诉人的身份和对话内容对被投诉一方保密。"
    if conversation.operator_id is None or row.claimed_at is None:
        return "企业一方只能看到认领并回复之后居民对您说的话。"
    draft = conversation.dialogue.get("draft") or {}
    complaint = session.scalar(
        select(TicketRow.id)
        .where(
            TicketRow.conversation_id == conversation.id,
            or_(TicketRow.kind.in_(("complaint", "handoff")), TicketRow.category.in_(sorted(NOT_FOR_COMPANY))),
        )
        .limit(1)
    )
    if complaint is not None or draft.get("kind") == "complaint":
        return "这段对话里还有不属于本单的内容，对企业一方保密；可以用登记的电话联系。"
    return ""


def _message(row: MessageRow, *, masked: bool) -> dict[str, Any]:
    text = str(row.body.get("text") or "")
    return {
        "id": row.id,
        "author": row.author,
        "name": row.author_name or "",
        "text": mask(text) if masked else text,
        "photos": tuple(map(str, row.body.get("attachments") or ())),
        "said_at": row.said_at,
    }


def offered_states(viewer: Viewer, row: TicketRow) -> tuple[str, ...]:
    """The states this operator may move the ticket to now, along NEXT_STATES; merging has its own form, withdrawing is the resident's.

    None for the side complained about: it only writes a statement.
    """
    if viewer.walled(row.kind):
        return ()
    allowed = NEXT_STATES[row.state] if row.state != "merged" else frozenset()
    return tuple(state for state in OFFERED_ORDER if state in allowed)


def transfer_units(row: TicketRow, regions: dict[str, Region]) -> tuple[str, ...]:
    """The units a ticket of this region may be given to: all that its routes and desks name, but the one that has it."""
    region = regions.get(row.region)
    if region is None:
        return ()
    units = {row.lead_unit: None}
    for rule in region.routes:
        if rule.status == "ended" or (rule.level == "region" and not rule.categories):
            continue  # on record only: what no longer holds, and the departments above the leagues
        units |= dict.fromkeys((rule.lead, *rule.support))
    units |= dict.fromkeys(region.desks.values())
    barred = {COMPANY, region.desk("company")} if row.category in NOT_FOR_COMPANY else set()
    return tuple(unit for unit in units if unit != row.lead_unit and unit not in barred)
