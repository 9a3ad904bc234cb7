"""What a key looks like, and what it may do. No database."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

_MARK = "assent_"  # so that a key found where it should not be is recognised
_PATTERN = re.compile(rf"{_MARK}[A-Za-z0-9_-]{{43}}")
_SHOWN = len(_MARK) + 6


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as requests meet it. account: under which its requests are counted, its own also where several portals
    share one Valkey. expires_at, revoked_at: aware, None where it does not end."""

    id: int
    account: str
    controller_id: int
    scopes: frozenset[str]
    requests_a_minute: int
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyRefused(Exception):
    """Who calls is not known (401). code: key_missing, key_unknown, key_expired or key_revoked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_key() -> str:
    """256 random bits, in 50 characters."""
    return _MARK + secrets.token_urlsafe(32)


def digest_of(key: str) -> bytes:
    """The 32 bytes that are kept of a key. What is random needs no slow hash."""
    return sha256(key.encode()).digest()


def shown_prefix(key: str) -> str:
    """The beginning by which people tell keys apart."""
    return key[:_SHOWN]


def presented_key(authorization: str | None) -> str:
    """The key in an Authorization header. Raises KeyRefused. Source: RFC 6750, 2.1."""
    if not authorization:
        raise KeyRefused("key_missing")
    scheme, _space, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not _PATTERN.fullmatch(key):
        raise KeyRefused("key_unknown")
    return key


def check_alive(key: KnownKey, at: datetime) -> None:
    """at: aware instant of the request. Raises KeyRefused."""
    if key.revoked_at is not None:
        raise KeyRefused("key_revoked")
    if key.expires_at is not None and key.expires_at <= at:
        raise KeyRefused("key_expired")
