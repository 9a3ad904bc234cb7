"""How many requests a key has left in this minute.

Processes share one count in Valkey, but seldom ask it: each takes a fiftieth of the quota at a time and spends that by
itself. Without Valkey each process counts on its own: then a key gets more than its quota, and nobody an error.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import cached_property

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
WINDOW_SECONDS = 60
_SHARE = 50
_PATIENCE_SECONDS = 0.2  # for Valkey to answer
_PAUSE_SECONDS = 5  # before it is asked again, once it did not


@dataclass(frozen=True, slots=True)
class Taken:
    """limit: requests a minute. left: about how many remain, exact where one process serves. reset_seconds: until the
    minute is over."""

    granted: bool
    limit: int
    left: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """Source: draft-ietf-httpapi-ratelimit-headers-10; RFC 9110, 10.2.3."""
        headers = {
            "RateLimit-Policy": f'"minute";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"minute";r={self.left};t={self.reset_seconds}',
        }
        return headers if self.granted else headers | {"Retry-After": str(self.reset_seconds)}


@dataclass(slots=True)
class _Lease:
    """mine: what this process may still spend. rest: what was not handed out to anybody when it last asked."""

    window: int
    mine: int
    rest: int


class Quotas:
    """The counts of one process. url: where Valkey is."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()
        self._ask_after = 0.0

    def take(self, account: str, limit: int, now: float) -> Taken:
        """Spend one request of a key. account: names it in Valkey. limit: of a minute. now: seconds since 1970."""
        window, elapsed = divmod(int(now), WINDOW_SECONDS)
        with self._lock:
            lease = self._leases.get(account)
            if lease is None or lease.window != window:
                lease = self._leases[account] = _Lease(window, 0, limit)
            if not lease.mine and lease.rest:
                self._lease_more(account, limit, lease)
            granted = lease.mine > 0
            lease.mine -= granted
            return Taken(granted, limit, lease.mine + lease.rest, WINDOW_SECONDS - elapsed)

    def forget(self) -> None:
        """Start anew: count from nothing, and ask Valkey again at once."""
        with self._lock:
            self._leases.clear()
            self._ask_after = 0.0

    def _lease_more(self, account: str, limit: int, lease: _Lease) -> None:
        block = max(1, limit // _SHARE)
        handed_out = self._add(f"assent:quota:{account}:{lease.window}", block)
        if handed_out is None:
            handed_out = limit - lease.rest + block
        lease.mine = min(block, max(0, limit - handed_out + block))
        lease.rest = max(0, limit - handed_out)

    def _add(self, name: str, count: int) -> int | None:
        """The count in Valkey with `count` added, None while Valkey does not answer."""
        if time.monotonic() < self._ask_after:
            return None
        try:
            pipeline = self._valkey.pipeline(transaction=False)
            pipeline.incrby(name, count)
            pipeline.expire(name, 2 * WINDOW_SECONDS)
            return int(pipeline.execute()[0])
        except redis.RedisError:
            self._ask_after = time.monotonic() + _PAUSE_SECONDS
            logger.warning("Valkey does not answer; each process counts requests on its own.")
            return None

    @cached_property
    def _valkey(self) -> redis.Redis:
        return redis.Redis.from_url(
            self._url,
            socket_timeout=_PATIENCE_SECONDS,
            socket_connect_timeout=_PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )


default = Quotas(settings.REDIS_URL)
take = default.take
