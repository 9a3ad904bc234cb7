"""Who calls: found keys are remembered for a few seconds, so that an ordinary request reads nothing for it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db.models import Q

from consent.clients.models import ApiKey
from consent.clients.rules import KeyRefused, KnownKey, check_alive, digest_of, presented_key

_KNOWN_SECONDS = 5  # how long another process may still take a key that was revoked
_USE_NOTED = timedelta(minutes=1)
_known: dict[bytes, tuple[KnownKey, float]] = {}


def authenticated(authorization: str | None, at: datetime) -> KnownKey:
    """The key in an Authorization header. No query while this process remembers it; only found keys are remembered.

    at: aware UTC instant of the request. Raises KeyRefused (401).
    """
    digest = digest_of(presented_key(authorization))
    key, read_at = _known.get(digest, (None, 0.0))
    if key is None or time.monotonic() - read_at > _KNOWN_SECONDS:
        key = _read(digest, at)
        _known[digest] = key, time.monotonic()
    check_alive(key, at)
    return key


def forget() -> None:
    """Read every key anew."""
    _known.clear()


def _read(digest: bytes, at: datetime) -> KnownKey:
    """The key, and a note of its use if the last note is a minute old: so a busy key costs one UPDATE a minute."""
    row = ApiKey.objects.filter(digest=digest).first()
    if row is None:
        _known.pop(digest, None)
        raise KeyRefused("key_unknown")
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at - _USE_NOTED)
    if row.last_used_at is None or row.last_used_at < at - _USE_NOTED:
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=at)
    return KnownKey(
        id=row.pk,
        account=digest.hex()[:16],
        controller_id=row.controller_id,
        scopes=frozenset(row.scopes),
        requests_a_minute=row.requests_a_minute,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
