"""Residents' names and phones, each person's under an own key: erasing the key erases the data. And masking for logs and exports."""

import contextlib
import os
import secrets
import stat
import uuid
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused, Unavailable
from storage.masking import mask
from storage.models import PersonRow

__all__ = ["PersonalData", "mask"]

KEY_BYTES = 32
NONCE_BYTES = 12


def _seal(key: bytes, plain: bytes, purpose: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())


def _open(key: bytes, sealed: bytes, purpose: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except InvalidTag as error:
        raise Unavailable("personal_data", "主密钥与数据不符，或数据被改动") from error


def _make_key_file(path: Path) -> None:
    """Write a new master key with mode 0600, durable before it is used; whoever comes second uses the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_bytes(KEY_BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class PersonalData:
    """Keeps and gives back personal data. `key_file` holds the master key that wraps each person's own key."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._key: bytes | None = None

    def _read_key(self) -> bytes | None:
        if self._key is not None:
            return self._key
        try:
            mode = self._key_file.stat().st_mode
            key = self._key_file.read_bytes()
        except FileNotFoundError:
            return None
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise Refused(f"主密钥文件 {self._key_file.name} 别的用户也能读", f"运行 chmod 600 {self._key_file}", code="key_file_open")
        if len(key) != KEY_BYTES:
            raise Refused(f"主密钥文件 {self._key_file.name} 已损坏", "从备份恢复该文件", code="key_file_damaged")
        self._key = key
        return key

    def _key_for_writing(self, session: Session) -> bytes:
        key = self._read_key()
        if key is not None:
            return key
        if session.scalar(select(PersonRow.id).where(PersonRow.wrapped_key.is_not(None)).limit(1)) is not None:
            raise Refused(f"主密钥文件 {self._key_file.name} 不见了，已有的个人信息都靠它解开", "从备份恢复该文件", code="key_file_missing")
        _make_key_file(self._key_file)
        made = self._read_key()
        assert made is not None
        return made

    def remember_person(self, session: Session, *, name: str | None, phone: str | None, now: datetime) -> str:
        """Store a person under a new key in the caller's transaction and give back the person's id.

        Makes the master key file (0600) on first use. Refused when that file is gone although data depends on it, or readable by others.
        """
        master = self._key_for_writing(session)
        person_id = uuid.uuid4().hex
        key = AESGCM.generate_key(bit_length=256)
        sealed = {field: _seal(key, value.encode(), f"{person_id}:{field}") for field, value in (("name", name), ("phone", phone)) if value}
        row = PersonRow(
            id=person_id,
            wrapped_key=_seal(master, key, person_id),
            name_cipher=sealed.get("name"),
            phone_cipher=sealed.get("phone"),
            created_at=now,
        )
        session.add(row)
        session.flush()
        return person_id

    def read_person(self, session: Session, person_id: str) -> dict[str, str | None]:
        """`{"name", "phone"}` in the clear; both None when never given, erased or unknown. Unavailable when the master key does not fit."""
        row = session.get(PersonRow, person_id)
        if row is None or row.wrapped_key is None:
            return {"name": None, "phone": None}
        master = self._read_key()
        if master is None:
            raise Unavailable("personal_data", "主密钥文件不见了")
        key = _open(master, row.wrapped_key, person_id)
        sealed = {"name": row.name_cipher, "phone": row.phone_cipher}
        return {field: None if value is None else _open(key, value, f"{person_id}:{field}").decode() for field, value in sealed.items()}

    def erase_person(self, session: Session, person_id: str, now: datetime) -> None:
        """Destroy the person's key and data for good; the bare row stays so that tickets keep a valid reference. A repeat is harmless."""
        row = session.get(PersonRow, person_id)
        if row is None or row.erased_at is not None:
            return
        row.wrapped_key = row.name_cipher = row.phone_cipher = None
        row.erased_at = now
        session.flush()
