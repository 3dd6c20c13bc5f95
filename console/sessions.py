"""Signing in and staying signed in: locked after five wrong passwords, ended by the server, one answer for everything wrong."""

import hashlib
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from config.regions import Region
from console.access import Viewer
from console.look import look_at
from console.passwords import fits
from console.scope import community_names, with_all_below
from storage.audit import record
from storage.database import Database
from storage.models import OperatorRow, SessionRow

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
LOCK = timedelta(minutes=15)
WRONG_BEFORE_LOCK = 5
TRIES_PER_ADDRESS = 30
WINDOW = timedelta(minutes=5)
SEEN_STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """The right password: `secret` is the cookie's value, never stored."""

    secret: str
    operator_id: int


@dataclass(frozen=True)
class NotSignedIn:
    """Wrong login, wrong password, locked or disabled; deliberately not said which. `busy`: too many tries from this address."""

    busy: bool = False


class Tries:
    """Sign-in attempts per address within a sliding window, in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at: dict[str, deque[datetime]] = {}

    def allow(self, address: str, now: datetime) -> bool:
        """Count an attempt; False when this address has used up its share."""
        with self._lock:
            if len(self._at) > 10_000:
                self._at = {a: q for a, q in self._at.items() if q and q[-1] > now - WINDOW}
            tries = self._at.setdefault(address, deque())
            while tries and tries[0] <= now - WINDOW:
                tries.popleft()
            if len(tries) >= TRIES_PER_ADDRESS:
                return False
            tries.append(now)
            return True


def session_hash(secret: str) -> str:
    """What the database keeps of a cookie's secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def sign_in(database: Database, login: str, password: str, now: datetime) -> SignedIn | NotSignedIn:
    """Check a login and open a fresh session. Every attempt costs one hash, whoever is named."""
    with look_at(database) as session:
        row = session.scalar(select(OperatorRow).where(OperatorRow.login == login))
    right = fits(row.password_hash if row else None, password)
    if row is None:
        return NotSignedIn()
    with database.write() as session:
        known = session.get(OperatorRow, row.id, with_for_update=True, populate_existing=True)
        if known is None or known.disabled_at is not None or (known.locked_until and known.locked_until > now):
            return NotSignedIn()
        if not right or known.password_hash != row.password_hash:
            _count_wrong(session, known, now)
            return NotSignedIn()
        known.failed, known.locked_until = 0, None
        record(session, f"operator:{known.login}", "sign_in", f"operator:{known.id}", {}, now)
        return SignedIn(_open_session(session, known.id, now), known.id)


def _count_wrong(session: Session, row: OperatorRow, now: datetime) -> None:
    row.failed += 1
    if row.failed >= WRONG_BEFORE_LOCK:
        row.failed, row.locked_until = 0, now + LOCK
        record(session, "system", "sign_in_locked", f"operator:{row.id}", {"minutes": LOCK.seconds // 60}, now)


def _open_session(session: Session, operator_id: int, now: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    session.add(
        SessionRow(
            token_hash=session_hash(secret),
            operator_id=operator_id,
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
        )
    )
    return secret


def find_viewer(database: Database, secret: str, regions: Mapping[str, Region], now: datetime, *, touch: bool = True) -> Viewer | None:
    """The operator of a session's cookie; None when it is unknown, ended, idle for 8 h, older than 24 h, or its operator disabled.

    `touch` notes that the session is in use (a live event stream alone does not keep it alive).
    """
    key = session_hash(secret)
    with look_at(database) as session:
        pair = session.execute(
            select(SessionRow, OperatorRow).join(OperatorRow, OperatorRow.id == SessionRow.operator_id).where(SessionRow.token_hash == key)
        ).one_or_none()
    if pair is None:
        return None
    row, operator = pair
    ended = row.revoked_at is not None or row.expires_at <= now or row.seen_at + IDLE <= now
    if ended or operator.disabled_at is not None:
        return None
    if touch and now - row.seen_at >= SEEN_STEP:
        with database.write() as session:
            session.execute(update(SessionRow).where(SessionRow.token_hash == key, SessionRow.seen_at < now).values(seen_at=now))
    return _viewer(row, operator, regions)


def _viewer(row: SessionRow, operator: OperatorRow, regions: Mapping[str, Region]) -> Viewer:
    within = with_all_below(operator.regions, regions)
    return Viewer(
        operator_id=operator.id,
        login=operator.login,
        name=operator.name,
        role=operator.role,
        side=operator.side,
        regions=within,
        communities=community_names(operator.communities, within, regions),
        all_regions=operator.role == "admin" and not operator.regions,
        csrf=row.csrf,
        session=row.token_hash,
    )


def end_session(database: Database, key: str, now: datetime) -> None:
    """End one session by its hash; a repeat is harmless."""
    with database.write() as session:
        session.execute(update(SessionRow).where(SessionRow.token_hash == key, SessionRow.revoked_at.is_(None)).values(revoked_at=now))


def end_sessions(session: Session, operator_id: int, now: datetime, *, but: str | None = None) -> int:
    """End all sessions of an operator (except the one with hash `but`); gives back how many were open."""
    query = update(SessionRow).where(SessionRow.operator_id == operator_id, SessionRow.revoked_at.is_(None))
    if but is not None:
        query = query.where(SessionRow.token_hash != but)
    done = session.execute(query.values(revoked_at=now).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount


def open_sessions(session: Session, operator_id: int, now: datetime) -> list[SessionRow]:
    """The sessions of an operator that still work, newest first."""
    query = select(SessionRow).where(
        SessionRow.operator_id == operator_id,
        SessionRow.revoked_at.is_(None),
        SessionRow.expires_at > now,
        or_(SessionRow.seen_at > now - IDLE),
    )
    return list(session.scalars(query.order_by(SessionRow.created_at.desc())))
