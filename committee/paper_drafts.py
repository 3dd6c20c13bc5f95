"""Papers written in conversation, kept so that their links give them as DOCX and PDF for some days."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from committee.members import Member, local_day
from committee.papers import Form, Paper, make_paper
from config.refusal import Refused
from storage.audit import record
from storage.committee_rows import CommitteeMemberRow, CommitteePaperRow

KEPT_DAYS = 14
MOST_KEPT = 50  # of one member; older ones go


@dataclass(frozen=True)
class KeptPaper:
    """A paper's kind and fields as kept."""

    kind: str
    fields: dict[str, Any]


def keep_paper(session: Session, member: Member, kind: str, fields: dict[str, Any], now: datetime) -> str:
    """Keep the fields of a paper and give back the secret of its links. Refused for what `make_paper` would refuse."""
    make_paper(kind, fields, "docx")  # what cannot be made is said now, not when the link is opened
    session.execute(delete(CommitteePaperRow).where(CommitteePaperRow.member_id == member.id, CommitteePaperRow.until <= now))
    mine = select(CommitteePaperRow.id).where(CommitteePaperRow.member_id == member.id).order_by(CommitteePaperRow.id.desc())
    too_many = list(session.scalars(mine.offset(MOST_KEPT - 1)))
    session.execute(delete(CommitteePaperRow).where(CommitteePaperRow.id.in_(too_many)))
    row = CommitteePaperRow(
        token=secrets.token_urlsafe(24),
        member_id=member.id,
        region=member.region,
        community=member.community,
        kind=kind,
        fields=fields,
        made_at=now,
        until=now + timedelta(days=KEPT_DAYS),
    )
    session.add(row)
    session.flush()
    record(session, member.actor, "paper_made", f"paper:{row.id}", {"kind": kind}, now)
    return row.token


def kept_paper(session: Session, token: str, form: Form, now: datetime, *, notes: bool = True) -> Paper:
    """The paper of a link. Refused (404) when there is none, it is too old, or its member may act no more."""
    found = session.execute(
        select(CommitteePaperRow, CommitteeMemberRow)
        .join(CommitteeMemberRow, CommitteeMemberRow.id == CommitteePaperRow.member_id)
        .where(CommitteePaperRow.token == token)
    ).first()
    today = local_day(now)
    if found is None or found[0].until <= now or found[1].state != "joined" or not found[1].term_from <= today <= found[1].term_to:
        raise Refused("这个文书链接不能用了", "在“邻答”的对话里再说一次要写的文书", status=404, code="no_paper")
    return make_paper(found[0].kind, found[0].fields, form, notes=notes)
