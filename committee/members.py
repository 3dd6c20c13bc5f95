"""Who is a committee member: invited by the supervisor with a code, joined from a conversation, ended with the term by itself."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import regions
from storage.audit import record
from storage.committee_rows import CommitteeMemberRow, CommitteePaperRow
from storage.models import ConversationRow

ZONE = ZoneInfo("Asia/Shanghai")
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without what looks alike
CODE_LENGTH = 10  # 32^10: not to be guessed
CODE_DAYS = 14
DESK_HOURS = 12
ERASED = "（已删除）"
LONGEST_TERM = 5  # years: 指导规则第三十二条
DUTIES = ("主任", "副主任", "委员", "候补委员", "筹备组成员", "物管会成员")


@dataclass(frozen=True)
class Member:
    """A member who may act for the estate now."""

    id: int
    region: str
    community: str
    name: str
    duty: str
    conversation_id: str | None

    @property
    def actor(self) -> str:
        """How the audit trail names the member."""
        return f"member:{self.id}"


@dataclass(frozen=True)
class Invitation:
    """Whom the supervisor invites: to which estate, with which office, for which term (both days included)."""

    region: str
    community: str
    name: str
    duty: str
    term_from: date
    term_to: date


def local_day(now: datetime) -> date:
    """The day in Beijing."""
    return now.astimezone(ZONE).date()


def secret_hash(secret: str) -> str:
    """What the database keeps of a code or secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def invite(session: Session, given: Invitation, by: str, now: datetime) -> tuple[CommitteeMemberRow, str]:
    """Invite a member; gives back the row and the code, which is told this once. Refused for an unknown estate or an odd term."""
    region = regions().get(given.region)
    if region is None or region.community(given.community) is None:
        raise Refused(f"没有小区 {given.community[:40]}", "选地区里已有的小区", status=422, code="no_estate")
    if not given.name.strip() or len(given.name) > 30 or given.duty not in DUTIES:
        raise Refused("姓名或职务不对", f"职务可选：{'、'.join(DUTIES)}", status=422, code="member")
    if given.term_to < given.term_from or given.term_to < local_day(now):
        raise Refused("任期的结束日期不对", "结束日期要在开始日期和今天之后", status=422, code="term")
    if given.term_to > _years_later(given.term_from, LONGEST_TERM):
        raise Refused(f"任期超过 {LONGEST_TERM} 年", "每届任期不超过5年（业主大会和业主委员会指导规则第三十二条）", status=422, code="term")
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    estate = region.community(given.community)
    assert estate is not None
    row = CommitteeMemberRow(
        region=given.region,
        community=estate.name,
        name=given.name.strip(),
        duty=given.duty,
        term_from=given.term_from,
        term_to=given.term_to,
        code_hash=secret_hash(code),
        code_until=now + timedelta(days=CODE_DAYS),
        invited_by=by,
        invited_at=now,
    )
    session.add(row)
    session.flush()
    term = {"duty": given.duty, "from": given.term_from.isoformat(), "to": given.term_to.isoformat()}
    record(session, by, "member_invited", f"member:{row.id}", {"estate": f"{row.region}/{row.community}", **term}, now)
    return row, code


def join(session: Session, conversation_id: str, code: str, now: datetime) -> Member:
    """Bind the conversation to the invitation with this code. Refused when there is none, it is used, too old, or the term is over."""
    plain = code.strip().upper().replace(" ", "").replace("-", "")
    query = select(CommitteeMemberRow).where(CommitteeMemberRow.code_hash == secret_hash(plain)).with_for_update()
    row = session.scalar(query)
    if row is None or row.state != "invited" or row.code_until is None or row.code_until <= now or row.term_to < local_day(now):
        raise Refused("邀请码不对，或者已经用过、过期了", "请街道（社区）主管重新发一个邀请码", status=404, code="no_invitation")
    row.state, row.joined_at, row.conversation_id, row.code_hash = "joined", now, conversation_id, None
    record(session, f"member:{row.id}", "member_joined", f"member:{row.id}", {}, now)
    return _member(row)


def member_of(session: Session, conversation_id: str, now: datetime) -> Member | None:
    """The membership this conversation may act with now (the newest of several); None for everybody else."""
    today = local_day(now)
    row = session.scalar(
        select(CommitteeMemberRow)
        .join(ConversationRow, ConversationRow.id == CommitteeMemberRow.conversation_id)
        .where(
            CommitteeMemberRow.conversation_id == conversation_id,
            CommitteeMemberRow.state == "joined",
            CommitteeMemberRow.term_from <= today,
            CommitteeMemberRow.term_to >= today,
            ConversationRow.erased_at.is_(None),
        )
        .order_by(CommitteeMemberRow.joined_at.desc(), CommitteeMemberRow.id.desc())
    )
    return _member(row) if row else None


def active_members(session: Session, region: str, community: str, now: datetime) -> list[Member]:
    """The members of an estate who may act now."""
    today = local_day(now)
    rows = session.scalars(
        select(CommitteeMemberRow)
        .where(
            CommitteeMemberRow.region == region,
            CommitteeMemberRow.community == community,
            CommitteeMemberRow.state == "joined",
            CommitteeMemberRow.term_from <= today,
            CommitteeMemberRow.term_to >= today,
        )
        .order_by(CommitteeMemberRow.id)
    )
    return [_member(row) for row in rows]


def check_member(session: Session, member: Member, region: str, community: str, now: datetime) -> None:
    """Refused unless the member may act for this estate at this moment (asked again in each transaction that writes)."""
    row = session.get(CommitteeMemberRow, member.id, populate_existing=True)
    today = local_day(now)
    is_active = row is not None and row.state == "joined" and row.term_from <= today <= row.term_to
    if row is None or not is_active or (row.region, row.community) != (region, community):
        raise Refused("只有本小区在任的业委会成员能办这件事", "请街道（社区）主管确认您的任期，或者重新邀请", status=403, code="not_member")


def end_membership(session: Session, member_id: int, by: str, why: str, now: datetime) -> None:
    """End a membership or take an invitation back. Refused when there is none that lasts."""
    row = session.get(CommitteeMemberRow, member_id, with_for_update=True, populate_existing=True)
    if row is None or row.state == "ended":
        raise Refused("没有这位成员，或者已经结束", "刷新页面看看", status=404, code="no_member")
    _end(session, row, by, why, now)


def end_terms(session: Session, now: datetime) -> list[Member]:
    """End every membership whose term is over; gives back whom it ended."""
    query = select(CommitteeMemberRow).where(CommitteeMemberRow.state != "ended", CommitteeMemberRow.term_to < local_day(now))
    rows = list(session.scalars(query.with_for_update()))
    for row in rows:
        _end(session, row, "system", "任期届满", now)
    return [_member(row) for row in rows]


def _end(session: Session, row: CommitteeMemberRow, by: str, why: str, now: datetime) -> None:
    row.state, row.ended_at, row.ended_why = "ended", now, why[:200]
    row.code_hash = row.desk_hash = None
    record(session, by, "member_ended", f"member:{row.id}", {"why": why[:200]}, now)


def forget_member(session: Session, conversation_id: str, now: datetime) -> None:
    """The person behind a conversation asked to be erased: memberships end, the name and the papers written in conversation go.

    What stays is that a member (by number) acted; the list posted at the estate is not ours. A repeat is harmless.
    """
    rows = session.scalars(select(CommitteeMemberRow).where(CommitteeMemberRow.conversation_id == conversation_id).with_for_update()).all()
    for row in rows:
        if row.state != "ended":
            _end(session, row, "resident", "本人要求删除信息", now)
        session.execute(delete(CommitteePaperRow).where(CommitteePaperRow.member_id == row.id))
        row.name, row.conversation_id = ERASED, None


def open_desk(session: Session, member: Member, now: datetime) -> str:
    """A new secret that opens the member's desk page for some hours; an older one stops working."""
    row = session.get(CommitteeMemberRow, member.id, with_for_update=True, populate_existing=True)
    check_member(session, member, member.region, member.community, now)
    assert row is not None
    secret = secrets.token_urlsafe(32)
    row.desk_hash, row.desk_until = secret_hash(secret), now + timedelta(hours=DESK_HOURS)
    record(session, member.actor, "desk_opened", f"member:{row.id}", {}, now)
    return secret


def member_at_desk(session: Session, secret: str, now: datetime) -> Member | None:
    """The member behind a desk's secret; None when it is unknown or too old or the term is over."""
    row = session.scalar(select(CommitteeMemberRow).where(CommitteeMemberRow.desk_hash == secret_hash(secret)))
    if row is None or row.desk_until is None or row.desk_until <= now or row.state != "joined":
        return None
    return _member(row) if row.term_from <= local_day(now) <= row.term_to else None


def _member(row: CommitteeMemberRow) -> Member:
    return Member(row.id, row.region, row.community, row.name, row.duty, row.conversation_id)


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
