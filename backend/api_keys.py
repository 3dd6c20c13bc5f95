"""Who calls: the API key of a request, checked against storage/api_keys.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header

from config.refusal import Refused
from storage.api_keys import find_key, make_key, revoke_key
from storage.database import Database

__all__ = ["ApiCaller", "caller", "find_key", "make_key", "revoke_key"]


@dataclass(frozen=True)
class ApiCaller:
    """The system behind a key and the regions it may see (empty: all)."""

    key_id: int
    name: str
    regions: tuple[str, ...]

    def sees(self, region: str) -> bool:
        """Whether a ticket of this region is within the key's scope."""
        return not self.regions or region in self.regions


def _given(authorization: str | None, x_api_key: str | None) -> str | None:
    if x_api_key and x_api_key.strip():
        return x_api_key.strip()
    scheme, _, secret = (authorization or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None


def caller(database: Database) -> Callable[..., ApiCaller]:
    """A FastAPI dependency: the caller of `Authorization: Bearer <key>` or `X-API-Key`. Refused (401) alike for none, wrong and revoked."""

    def known(authorization: Annotated[str | None, Header()] = None, x_api_key: Annotated[str | None, Header()] = None) -> ApiCaller:
        secret = _given(authorization, x_api_key)
        with database.read() as session:
            row = find_key(session, secret) if secret else None
            if row is None:
                raise Refused(
                    "没有有效的 API 密钥",
                    "在 Authorization: Bearer 或 X-API-Key 里带上后台生成的密钥",
                    status=401,
                    code="no_api_key",
                )
            return ApiCaller(row.id, row.name, tuple(row.regions))

    return known
