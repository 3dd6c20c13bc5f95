"""Operators' passwords: argon2id hashes, random first passwords, the rule for own ones."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config.refusal import Refused

LEAST = 10
MOST = 128
ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# 19 MiB and two passes: OWASP's floor for argon2id; four at once bound the memory an attacker can make us take.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


def random_password() -> str:
    """A password to be told once: four groups of four signs that are not mistaken for each other, 92 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is the one of this hash. Without a hash it works as long and says no."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _NOBODY, password[:MOST]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def check_new_password(password: str, login: str) -> None:
    """Refused when an own password is too short, too long or just the login."""
    if not LEAST <= len(password) <= MOST:
        raise Refused(f"新密码要 {LEAST} 到 {MOST} 个字符", "换一个更长的，比如几个词连在一起", code="weak_password")
    if login.lower() in password.lower() or len(set(password)) < 5:
        raise Refused("新密码太容易猜到", "不要含登录名，也不要重复同几个字符", code="weak_password")
