"""The rows. Times are UTC and end in `_at`; identifiers end in `_id`; what people read is `number`."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.columns import Document, Line, Prose, UtcDateTime

Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Metadata of all tables (Alembic compares it with the migrations)."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Line(200),
        datetime: UtcDateTime(),
        dict[str, Any]: Document(),
        list[Any]: Document(),
    }


class PersonRow(Base):
    """A resident's personal data, apart from everything else, each encrypted under the person's own key."""

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(Line(40), primary_key=True)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    notice_version: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class ConversationRow(Base):
    """One resident's conversation on one channel; `dialogue` holds what is being said (draft, what was asked)."""

    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(Line(40), primary_key=True)
    token_hash: Mapped[str] = mapped_column(Line(64))
    channel: Mapped[str] = mapped_column(Line(20))
    channel_address: Mapped[str | None] = mapped_column(Line(80), index=True)
    region: Mapped[str | None] = mapped_column(Line(40))
    property_form: Mapped[str | None] = mapped_column(Line(20))
    place: Mapped[dict[str, Any]] = mapped_column(Document(), default=dict)
    locale: Mapped[str] = mapped_column(Line(20), default="zh-CN")
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    dialogue: Mapped[dict[str, Any]] = mapped_column(Document(), default=dict)
    turns: Mapped[int] = mapped_column(Integer, default=0)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    style: Mapped[str] = mapped_column(Line(10), default="plain", server_default="plain")  # plain | elder (short answers)


class InboxRow(Base):
    """One incoming message, durable before it is acknowledged; its id is the turn's id."""

    __tablename__ = "inbox"
    id: Mapped[str] = mapped_column(Line(40), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[str] = mapped_column(Line(200))
    digest: Mapped[str] = mapped_column(Line(64))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(Line(10), default="pending")  # pending | done | dead
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    result: Mapped[dict[str, Any] | None]
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("conversation_id", "message_id"), Index("inbox_pending", "state", "received_at"))


class MessageRow(Base):
    """Everything said in a conversation, by whom, in order of `id`."""

    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    turn_id: Mapped[str | None] = mapped_column(Line(40))
    author: Mapped[str] = mapped_column(Line(10))  # resident | linda | operator | notice
    author_name: Mapped[str | None] = mapped_column(Line(60))
    body: Mapped[dict[str, Any]]
    said_at: Mapped[datetime]
    __table_args__ = (Index("messages_said", "said_at"),)


class ChoiceRow(Base):
    """What a tapped button stands for; the token is opaque to the outside."""

    __tablename__ = "choices"
    token: Mapped[str] = mapped_column(Line(40), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    meaning: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


class AttachmentRow(Base):
    """A photo, re-encoded and without metadata, stored under a random name below `var/attachments`."""

    __tablename__ = "attachments"
    id: Mapped[str] = mapped_column(Line(40), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    media_type: Mapped[str] = mapped_column(Line(40))
    file_name: Mapped[str] = mapped_column(Line(80))
    size: Mapped[int] = mapped_column(Integer)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[datetime]


class TicketRow(Base):
    """A ticket 工单; who reported it stands in `person_id` and is never shown to the side complained about."""

    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    number: Mapped[str] = mapped_column(Line(30), unique=True)
    kind: Mapped[str] = mapped_column(Line(12))  # repair | complaint | emergency | handoff
    category: Mapped[str] = mapped_column(Line(40))
    state: Mapped[str] = mapped_column(Line(12), index=True)
    region: Mapped[str] = mapped_column(Line(40))
    property_form: Mapped[str | None] = mapped_column(Line(20))
    community: Mapped[str | None] = mapped_column(Line(80))
    building: Mapped[str | None] = mapped_column(Line(20))
    unit: Mapped[str | None] = mapped_column(Line(20))
    room: Mapped[str | None] = mapped_column(Line(20))
    spot: Mapped[str | None] = mapped_column(Line(120))
    description: Mapped[str] = mapped_column(Prose())
    occurred: Mapped[str | None] = mapped_column(Line(120))
    lead_unit: Mapped[str] = mapped_column(Line(120))
    support_units: Mapped[list[Any]] = mapped_column(Document(), default=list)
    level: Mapped[str] = mapped_column(Line(10), default="company")
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    anonymous: Mapped[bool] = mapped_column(Boolean, default=False)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    turn_id: Mapped[str | None] = mapped_column(Line(40))
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    claimed_at: Mapped[datetime | None]
    chased: Mapped[int] = mapped_column(Integer, default=0)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    reason: Mapped[str | None] = mapped_column(Prose())
    version: Mapped[int] = mapped_column(Integer, default=1)
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cause: Mapped[str | None] = mapped_column(Line(40))  # id of tickets/causes.yaml, said by an operator
    __table_args__ = (
        UniqueConstraint("turn_id", "kind", "category", name="one_ticket_per_turn"),
        Index("tickets_scope", "region", "community", "state"),
    )


class TicketEventRow(Base):
    """One line of a ticket's history; `seq` counts from 1 within the ticket."""

    __tablename__ = "ticket_events"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    seq: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(Line(30))
    by: Mapped[str] = mapped_column(Line(60))
    text: Mapped[str] = mapped_column(Prose(), default="")
    data: Mapped[dict[str, Any]] = mapped_column(Document(), default=dict)
    public: Mapped[bool] = mapped_column(Boolean, default=True)  # whether the resident sees it
    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)


class ClockRow(Base):
    """One promise of a plan running on a ticket: respond 响应, handle 办理, resolve 解决; `due_at` empty when the plan sets no number."""

    __tablename__ = "clocks"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    name: Mapped[str] = mapped_column(Line(12))
    source_plan: Mapped[str] = mapped_column(Line(40))
    source_clause: Mapped[str] = mapped_column(Line(40))
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(Line(10))  # running | met | breached | not_set
    ended_at: Mapped[datetime | None]
    climbs_to: Mapped[str | None] = mapped_column(Line(10))
    climbed_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("ticket_id", "name", "source_plan", "source_clause", "started_at", name="one_clock"),
        Index("clocks_due", "state", "due_at"),
    )


class OutboxRow(Base):
    """One CloudEvent to hand to the backend, written in the ticket's own transaction."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(Line(40), unique=True)
    type: Mapped[str] = mapped_column(Line(60))
    subject: Mapped[str] = mapped_column(Line(30))
    sequence: Mapped[int | None] = mapped_column(Integer)  # counts from 1 within the subject: a gap is a lost event
    region: Mapped[str] = mapped_column(Line(40))
    payload: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Line(10), default="waiting")  # waiting | leased | sent | dead
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_id: Mapped[str | None] = mapped_column(Line(40), index=True)
    leased_until: Mapped[datetime | None]  # of a leased event: when it comes back; of a waiting one: not before
    sent_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("subject", "sequence", name="one_event_per_step"),
        Index("outbox_waiting", "state", "id"),
        Index("outbox_subject", "subject", "id"),
    )


class UpdateRow(Base):
    """An update the backend sent, so that a repeat has no second effect."""

    __tablename__ = "updates"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    update_id: Mapped[str] = mapped_column(Line(120))
    digest: Mapped[str] = mapped_column(Line(64))
    effect: Mapped[str] = mapped_column(Line(30))
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("ticket_id", "update_id"),)


class OperatorRow(Base):
    """Someone who works in the console. Scope: `regions` (ids) and, for role operator, `communities` (empty: all)."""

    __tablename__ = "operators"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    login: Mapped[str] = mapped_column(Line(60), unique=True)
    name: Mapped[str] = mapped_column(Line(60))
    password_hash: Mapped[str] = mapped_column(Line(200))
    role: Mapped[str] = mapped_column(Line(12))  # operator | supervisor | observer | admin
    side: Mapped[str] = mapped_column(Line(12), default="street")  # company | street | county: decides the complainant firewall
    regions: Mapped[list[Any]] = mapped_column(Document(), default=list)
    communities: Mapped[list[Any]] = mapped_column(Document(), default=list)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SessionRow(Base):
    """A signed-in operator's session; the cookie holds the secret, the row only its hash."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(Line(64), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    csrf: Mapped[str] = mapped_column(Line(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiKeyRow(Base):
    """A key of a backend system; the row holds only its hash. `regions` bounds what it may see (empty: all)."""

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Line(60))
    key_hash: Mapped[str] = mapped_column(Line(64), unique=True)
    regions: Mapped[list[Any]] = mapped_column(Document(), default=list)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AuditRow(Base):
    """Who did what; each row carries the hash of the one before, so a change or gap shows."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Line(80))
    action: Mapped[str] = mapped_column(Line(60))
    object: Mapped[str] = mapped_column(Line(120))
    detail: Mapped[dict[str, Any]] = mapped_column(Document(), default=dict)
    previous_hash: Mapped[str] = mapped_column(Line(64))
    hash: Mapped[str] = mapped_column(Line(64))


class AuditHeadRow(Base):
    """Where the audit chain ends (one row, id 1), so that a cut-off tail shows; its row lock orders the writers."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    rows: Mapped[int] = mapped_column(Integer, default=0)
    hash: Mapped[str] = mapped_column(Line(64))


class UnansweredRow(Base):
    """A question no plan answered, or an answer disliked, waiting for an operator's review (masked text)."""

    __tablename__ = "unanswered"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    turn_id: Mapped[str] = mapped_column(Line(40), unique=True)
    region: Mapped[str | None] = mapped_column(Line(40))
    question: Mapped[str] = mapped_column(Prose())
    reason: Mapped[str] = mapped_column(Line(40))
    asked_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    verdict: Mapped[dict[str, Any] | None]


class PlaceCodeRow(Base):
    """A place a QR code stands for (`/p/<token>`, Telegram start=<token>)."""

    __tablename__ = "place_codes"
    token: Mapped[str] = mapped_column(Line(40), primary_key=True)
    region: Mapped[str] = mapped_column(Line(40))
    property_form: Mapped[str | None] = mapped_column(Line(20))
    place: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ChannelUpdateRow(Base):
    """One update of a messenger, stored before it is acknowledged; emptied of what was said once it is done.

    `update_key` is the messenger's id with a fingerprint of the body, because ids may begin again anywhere. `message_ref` is the
    messenger's own number of the message, by which an edit finds what it changes; `prepared` is what goes to the turn, fixed before
    the turn begins so that a repeat after a crash says the very same.
    """

    __tablename__ = "channel_updates"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(Line(20))
    update_key: Mapped[str] = mapped_column(Line(80))
    update_id: Mapped[int] = mapped_column(BigInteger)
    address: Mapped[str] = mapped_column(Line(40))
    kind: Mapped[str] = mapped_column(Line(30))
    album: Mapped[str | None] = mapped_column(Line(80))
    message_ref: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[dict[str, Any]]
    prepared: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(Line(10), default="pending")  # pending | done | dead
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    ready_at: Mapped[datetime]  # not to be tried before; a claim moves it on
    note: Mapped[str | None] = mapped_column(Line(200))
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("channel", "update_key", name="one_row_an_update"),
        Index("channel_updates_pending", "channel", "state", "address", "id"),
        Index("channel_updates_ref", "channel", "address", "message_ref"),
    )


class ChannelChatRow(Base):
    """What is known of a messenger's chat: whether it blocked us, and how often it guessed a linking code."""

    __tablename__ = "channel_chats"
    channel: Mapped[str] = mapped_column(Line(20), primary_key=True)
    address: Mapped[str] = mapped_column(Line(40), primary_key=True)
    blocked_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    tries_since: Mapped[datetime | None]


class ChannelPhotoRow(Base):
    """A photo of a messenger that could not be fetched at once; its ticket does not wait for it."""

    __tablename__ = "channel_photos"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    attachment_id: Mapped[str] = mapped_column(Line(40), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    file_ref: Mapped[str] = mapped_column(Line(200))
    state: Mapped[str] = mapped_column(Line(10), default="waiting")  # waiting | done | failed
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    __table_args__ = (Index("channel_photos_waiting", "state", "next_at"),)


class DeliveryRow(Base):
    """One message on its way to one address of a channel; goes with the message when that is erased.

    lane: 0 receipts and replies, 1 notices, 2 broadcasts. state: waiting | sending | sent | unsure (the response was lost twice) |
    blocked | failed. `parts_done` counts the pieces of a long message already sent, `repeats` how often a lost response was repeated.
    """

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(Line(20))
    address: Mapped[str] = mapped_column(Line(40))
    lane: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Line(10), default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    repeats: Mapped[int] = mapped_column(Integer, default=0)
    parts_done: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Line(200))
    made_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("message_id", "channel", "address", name="one_delivery"),
        Index("deliveries_waiting", "channel", "state", "lane", "id"),
    )


class ChannelLinkRow(Base):
    """Two conversations of one person on two channels: a code shown in one, typed in the other, confirmed in the first.

    state: open (code shown) | claimed (code typed) | linked | refused | ended.
    """

    __tablename__ = "channel_links"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    code_hash: Mapped[str] = mapped_column(Line(64), index=True)
    web_conversation: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    chat_conversation: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    state: Mapped[str] = mapped_column(Line(10), default="open")
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    linked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class LeaseRow(Base):
    """Which process does a thing that only one may do; `fence` counts the takeovers."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(Line(40), primary_key=True)
    holder: Mapped[str] = mapped_column(Line(120))
    until: Mapped[datetime]
    fence: Mapped[int] = mapped_column(Integer, default=0)


class FollowerRow(Base):
    """Somebody who met the same trouble 我也遇到: joined to a ticket, counted, told of every later change; never shown to anybody else."""

    __tablename__ = "ticket_followers"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    joined_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("ticket_id", "conversation_id", name="one_follower"),)


class TicketLinkRow(Base):
    """A ticket that repeats an earlier one of the same person 反复投诉, oldest known first."""

    __tablename__ = "ticket_links"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    earlier_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    linked_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("ticket_id", "earlier_id", name="one_link"),)


class IncidentRow(Base):
    """One cause of many reports (停水, 停电, 停暖, 电梯) opened by an operator; `buildings` empty means the whole community."""

    __tablename__ = "incidents"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    number: Mapped[str] = mapped_column(Line(30), unique=True)
    kind: Mapped[str] = mapped_column(Line(20))
    region: Mapped[str] = mapped_column(Line(40))
    community: Mapped[str] = mapped_column(Line(80))
    buildings: Mapped[list[Any]] = mapped_column(Document(), default=list)
    text: Mapped[str] = mapped_column(Prose())
    state: Mapped[str] = mapped_column(Line(10), default="open")  # open | over
    opened_by: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    opened_at: Mapped[datetime]
    expected_at: Mapped[datetime | None]
    over_at: Mapped[datetime | None]
    over_text: Mapped[str | None] = mapped_column(Prose())
    __table_args__ = (Index("incidents_open", "region", "community", "state"),)


class IncidentTicketRow(Base):
    """A ticket that belongs to an incident; one ticket belongs to one incident at most."""

    __tablename__ = "incident_tickets"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True, autoincrement=False)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    linked_at: Mapped[datetime]


class IncidentHearerRow(Base):
    """A conversation that was told of an incident: of its beginning once, of its end once."""

    __tablename__ = "incident_hearers"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True, autoincrement=False)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    told_at: Mapped[datetime]
    over_told_at: Mapped[datetime | None]


class CallbackRow(Base):
    """A call back 回访 owed for one ending of a ticket. state: due | done; `outcome` as in tickets/callbacks.py."""

    __tablename__ = "callbacks"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    ended_at: Mapped[datetime]
    due_at: Mapped[datetime]
    source_plan: Mapped[str] = mapped_column(Line(40))
    source_clause: Mapped[str] = mapped_column(Line(40))
    state: Mapped[str] = mapped_column(Line(10), default="due")
    outcome: Mapped[str | None] = mapped_column(Line(20))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    note: Mapped[str | None] = mapped_column(Prose())
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    called_at: Mapped[datetime | None]
    drawn_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("ticket_id", "ended_at", name="one_callback"), Index("callbacks_due", "state", "due_at"))


class RatingRow(Base):
    """How satisfied one resident is with one ending of a ticket, 1–5 stars; said again, the last word counts."""

    __tablename__ = "ticket_ratings"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    ended_at: Mapped[datetime]
    stars: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Prose(), default="")
    rated_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("ticket_id", "conversation_id", "ended_at", name="one_rating"), Index("ratings_at", "rated_at"))


class TaskRow(Base):
    """What one unit has to do in a joint case 社区吹哨、部门报到, and what it answered. state: asked | taken | answered | refused."""

    __tablename__ = "ticket_tasks"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    unit: Mapped[str] = mapped_column(Line(120))
    task: Mapped[str] = mapped_column(Prose())
    state: Mapped[str] = mapped_column(Line(10), default="asked")
    due_at: Mapped[datetime | None]
    asked_by: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    asked_at: Mapped[datetime]
    reply: Mapped[str | None] = mapped_column(Prose())
    replied_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    replied_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("ticket_id", "unit", name="one_task_a_unit"),)


from storage import committee_rows, plan_rows, reviewed_rows, survey_rows  # noqa: E402, F401 - their tables belong to the same metadata


class ProofRow(Base):
    """A photo of what was done, taken by the side that did it; shown with the ticket's ending."""

    __tablename__ = "ticket_proofs"
    id: Mapped[str] = mapped_column(Line(40), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    file_name: Mapped[str] = mapped_column(Line(80))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime]


class OperatorChatRow(Base):
    """An operator's account joined to a messenger: a code shown by the office, typed in the operator's own chat.

    state: open (code shown) | linked | ended. `address` is the chat, which in a private chat is also who writes in a group.
    """

    __tablename__ = "operator_chats"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(Line(20))
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), index=True)
    code_hash: Mapped[str] = mapped_column(Line(64), index=True)
    state: Mapped[str] = mapped_column(Line(10), default="open")
    address: Mapped[str | None] = mapped_column(Line(40))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    linked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (Index("operator_chats_address", "channel", "address", "state"),)


class StaffTopicRow(Base):
    """A ticket's topic in a staff group; what is said in it stands in `conversation_id`, whose address is the topic's once it exists.

    state: wanted | open | closing | closed | reopening. `shown_seq`: up to which line of the ticket's history the topic was told;
    `replied_at`: when an operator first wrote to the resident.
    """

    __tablename__ = "staff_topics"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    group_address: Mapped[str] = mapped_column(Line(40))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    thread: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Line(10), default="wanted")
    shown_seq: Mapped[int] = mapped_column(Integer, default=0)
    replied_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime]
    made_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("group_address", "ticket_id", name="one_topic_a_ticket"),
        Index("staff_topics_thread", "group_address", "thread"),
    )
