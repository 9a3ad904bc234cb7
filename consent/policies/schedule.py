"""Which versions are in effect, known to every process without a query.

A process keeps a picture of all published versions of the policies that account holders are asked about. One daemon
thread renews it every few seconds, so a publication by another process is seen soon; that a version takes effect needs
no message at all, only the clock. While PostgreSQL is away the last picture stays.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from consent.policies import published
from consent.policies.models import PolicyVersion
from consent.policies.published import PublishedVersion
from consent.policies.rules.register import VersionFacts

logger = logging.getLogger(__name__)
_START, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PolicySchedule:
    """A policy with every published version in the order in which they take effect."""

    policy_id: int
    slug: str
    controller_id: int
    versions: tuple[PublishedVersion, ...]

    @property
    def facts(self) -> list[VersionFacts]:
        """The versions as the rules take them."""
        return [version.facts for version in self.versions]

    def in_effect(self, at: datetime) -> PublishedVersion | None:
        """The version in effect at the instant, None before the first."""
        return next((version for version in reversed(self.versions) if version.facts.effective_at <= at), None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What holds from `since` up to, but not at, `until`. token: 16 hex digits, another one as soon as another
    version is in effect; equal in all processes. policies: by short name."""

    token: str
    policies: tuple[PolicySchedule, ...]
    since: datetime
    until: datetime

    @classmethod
    def of(cls, policies: Sequence[PolicySchedule], at: datetime) -> Snapshot:
        """The snapshot for an instant."""
        instants = [version.facts.effective_at for policy in policies for version in policy.versions]
        in_effect = [version.facts.id for policy in policies if (version := policy.in_effect(at))]
        return cls(
            token=blake2b(",".join(map(str, sorted(in_effect))).encode(), digest_size=8).hexdigest(),
            policies=tuple(policies),
            since=max((instant for instant in instants if instant <= at), default=_START),
            until=min((instant for instant in instants if instant > at), default=_END),
        )


class Schedule:
    """One process's picture. refresh_seconds: how often the thread renews it; 0: there is no thread."""

    def __init__(self, refresh_seconds: float) -> None:
        self.refresh_seconds = refresh_seconds
        self._policies: tuple[PolicySchedule, ...] | None = None
        self._snapshot = Snapshot.of((), _START)
        self._after_fork()
        os.register_at_fork(after_in_child=self._after_fork)

    def current(self, at: datetime) -> Snapshot:
        """What holds at the aware instant `at`. No query but for the first in a process, which waits for it.

        Raises django.db.Error if even the first cannot be answered.
        """
        policies = self._policies
        if policies is None or not self._begun:
            policies = self._begin()
        snapshot = self._snapshot
        if snapshot.policies is not policies or not snapshot.since <= at < snapshot.until:
            snapshot = self._snapshot = Snapshot.of(policies, at)
        return snapshot

    def refresh(self) -> None:
        """Read anew, at once. Keeps the last picture if PostgreSQL does not answer."""
        try:
            with self._lock:  # the later read wins, whoever asked for it
                self._policies = self._read()
        except DatabaseError:
            logger.warning("The schedule of versions could not be read; the last one stays.", exc_info=True)

    def forget(self) -> None:
        """Drop the picture; the next use reads it."""
        self._policies = None
        published.forget()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _after_fork(self) -> None:
        """A child process inherits the picture but not the thread, and perhaps a lock that nobody will release."""
        self._begun = False
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def _begin(self) -> tuple[PolicySchedule, ...]:
        with self._lock:
            if self.refresh_seconds and not self._begun:
                self._thread = threading.Thread(target=self._renew, args=(self._stopped,), name="schedule", daemon=True)
                self._thread.start()
            self._begun = True
            if self._policies is None:
                self._policies = self._read()
            return self._policies

    def _renew(self, stopped: threading.Event) -> None:
        while not stopped.wait(self.refresh_seconds):
            try:
                self.refresh()
            except Exception:  # whatever it was, a process that never looks again would be worse
                logger.exception("The schedule of versions could not be renewed.")
            finally:
                connection.close()  # between two reads the process holds no connection for this

    def _read(self) -> tuple[PolicySchedule, ...]:
        """One query; four more where there are versions that this process has not met. The same object as before
        where nothing changed, which is how `current` knows."""
        rows = list(
            PolicyVersion.objects.filter(published_at__isnull=False, policy__asks_account_holders=True)
            .order_by("policy__slug", "effective_at")
            .values_list("policy_id", "policy__slug", "id")
        )
        known = published.published_versions(version_id for _policy, _slug, version_id in rows)
        policies = []
        for (policy_id, slug), group in groupby(rows, key=lambda row: row[:2]):
            versions = tuple(known[version_id] for _policy, _slug, version_id in group)
            policies.append(PolicySchedule(policy_id, slug, versions[0].controller_id, versions))
        return self._policies if self._policies == tuple(policies) else tuple(policies)


default = Schedule(settings.SCHEDULE_REFRESH_SECONDS)
current = default.current
refresh = default.refresh
forget = default.forget
