"""Who did what: a chain of rows in which each carries the hash of the one before, so that a changed, missing or moved row shows."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from storage.models import AuditHeadRow, AuditRow

START = "0" * 64
HEAD = 1
AUDIT_PAGE = 1000


@dataclass(frozen=True)
class AuditFault:
    """One place where the chain does not hold. `altered`: the row's words do not give its hash; `gap`: a row before it is
    missing, added or moved; `cut`: the end of the chain is gone. `row_id` is the row where it shows (None: no row left)."""

    row_id: int | None
    kind: Literal["altered", "gap", "cut"]


@dataclass(frozen=True)
class AuditAnchor:
    """Length and last hash of the chain at one moment; kept outside the database it also proves that nobody rewrote the whole chain."""

    rows: int
    hash: str


def _hash(previous: str, row: AuditRow) -> str:
    words = [previous, row.at.astimezone(UTC).isoformat(), row.actor, row.action, row.object, row.detail]
    return hashlib.sha256(json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _locked_head(session: Session) -> AuditHeadRow:
    """The head row, locked until the transaction ends, so that two writers cannot fork the chain."""
    insert: Callable[..., Any] = insert_postgresql if session.get_bind().dialect.name == "postgresql" else insert_sqlite
    session.execute(insert(AuditHeadRow).values(id=HEAD, rows=0, hash=START).on_conflict_do_nothing())
    query = select(AuditHeadRow).where(AuditHeadRow.id == HEAD).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def record(  # noqa: PLR0913 - the columns of an audit line
    session: Session, actor: str, action: str, object: str, detail: dict[str, Any], now: datetime
) -> AuditRow:
    """Add one line to the chain in the caller's transaction: `actor` did `action` to `object`; `detail` is JSON without personal data."""
    session.flush()
    head = _locked_head(session)
    plain = json.loads(json.dumps(detail, allow_nan=False))
    row = AuditRow(at=now, actor=actor, action=action, object=object, detail=plain, previous_hash=head.hash)
    row.hash = _hash(head.hash, row)
    session.add(row)
    head.hash = row.hash
    head.rows += 1
    session.flush()
    return row


def anchor(session: Session) -> AuditAnchor:
    """Where the chain ends now, to be kept somewhere else."""
    head = session.get(AuditHeadRow, HEAD, populate_existing=True)
    return AuditAnchor(0, START) if head is None else AuditAnchor(head.rows, head.hash)


def verify(session: Session, kept: AuditAnchor | None = None) -> list[AuditFault]:
    """Walk the chain and name every fault; empty when it holds. `kept` is an anchor noted earlier and must still lie on the chain."""
    faults: list[AuditFault] = []
    previous, walked, last_id, kept_seen = START, 0, None, kept is None or kept.rows == 0
    query = select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=AUDIT_PAGE, populate_existing=True)
    for row in session.scalars(query):
        if row.previous_hash != previous:
            faults.append(AuditFault(row.id, "gap"))
        if row.hash != _hash(row.previous_hash, row):
            faults.append(AuditFault(row.id, "altered"))
        previous, walked, last_id = row.hash, walked + 1, row.id
        if kept is not None and walked == kept.rows:
            kept_seen = row.hash == kept.hash
    end = anchor(session)
    if (end.hash, end.rows) != (previous, walked) or not kept_seen:
        faults.append(AuditFault(last_id, "cut"))
    return faults
