"""Keys of the systems that take tickets from the queue: made once, shown once, kept only as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import ApiKeyRow

PREFIX = "lk_"


def _hash(secret: str) -> str:
    # Plain SHA-256 is enough here: the secret is 256 random bits, there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def make_key(session: Session, name: str, regions: Sequence[str], now: datetime) -> tuple[ApiKeyRow, str]:
    """A new key for the system `name`, seeing only `regions` (empty: all); the second value is the secret, told this once."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ApiKeyRow(name=name, key_hash=_hash(secret), regions=list(regions), created_at=now)
    session.add(row)
    session.flush()
    return row, secret


def find_key(session: Session, secret: str) -> ApiKeyRow | None:
    """The valid key with this secret; None when there is none or it was revoked."""
    return session.scalar(select(ApiKeyRow).where(ApiKeyRow.key_hash == _hash(secret), ApiKeyRow.revoked_at.is_(None)))


def revoke_key(session: Session, key_id: int, now: datetime) -> bool:
    """End a key; False when there is no such valid key."""
    row = session.get(ApiKeyRow, key_id)
    if row is None or row.revoked_at is not None:
        return False
    row.revoked_at = now
    session.flush()
    return True
