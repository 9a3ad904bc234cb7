"""Which versions are in effect, and who may be given information, known to every process without a query.

A process keeps a picture of all published versions and of all recipients. One daemon thread renews it every few
seconds, so a publication by another process is seen soon; that a version takes effect needs no message at all, only the
clock. While PostgreSQL is away the last picture stays.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import groupby

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from consent.policies import published
from consent.policies.models import PolicyVersion
from consent.policies.published import PublishedVersion
from consent.policies.recipients.rules import RecipientHistory
from consent.policies.recipients.selectors import recipients_on_file
from consent.policies.rules.register import VersionFacts

logger = logging.getLogger(__name__)
_START, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PolicySchedule:
    """A policy with every published version in the order in which they take effect. pause: how long its controller
    leaves people alone who chose to answer later, or whose consent ran out."""

    policy_id: int
    slug: str
    controller_id: int
    versions: tuple[PublishedVersion, ...]
    pause: timedelta = timedelta(days=7)

    @property
    def facts(self) -> list[VersionFacts]:
        """The versions as the rules take them."""
        return [version.facts for version in self.versions]

    def in_effect(self, at: datetime) -> PublishedVersion | None:
        """The version in effect at the instant, None before the first."""
        return next((version for version in reversed(self.versions) if version.facts.effective_at <= at), None)


@dataclass(frozen=True, slots=True)
class Book:
    """What a controller has published and agreed upon, of all times. policies: the one that answers first at the front
    (K108, Y2). recipients: by code. purposes: every code that any version ever named."""

    policies: tuple[PolicySchedule, ...] = ()
    recipients: Mapping[str, RecipientHistory] = field(default_factory=dict)
    purposes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, policies: Sequence[PolicySchedule], recipients: Mapping[str, RecipientHistory]) -> Book:
        """The book of a controller."""
        versions = (version for policy in policies for version in policy.versions)
        purposes = frozenset(code for version in versions for code in version.purposes)
        return cls(tuple(policies), recipients, purposes)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What holds from `since` up to, but not at, `until`. token: 16 hex digits, another one as soon as another
    version is in effect; equal in all processes. policies: those that account holders are asked about, by short
    name."""

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
        self._books: Mapping[int, Book] = {}
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

    def book(self, controller_id: int) -> Book:
        """What the controller has published and agreed upon; an empty book where it has not. Queries as `current`."""
        if self._policies is None or not self._begun:
            self._begin()
        return self._books.get(controller_id) or Book()

    def refresh(self) -> None:
        """Read anew, at once. Keeps the last picture if PostgreSQL does not answer."""
        try:
            with self._lock:  # the later read wins, whoever asked for it
                self._read()
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
            return self._read() if self._policies is None else self._policies

    def _renew(self, stopped: threading.Event) -> None:
        while not stopped.wait(self.refresh_seconds):
            try:
                self.refresh()
            except Exception:  # whatever it was, a process that never looks again would be worse
                logger.exception("The schedule of versions could not be renewed.")
            finally:
                connection.close()  # between two reads the process holds no connection for this

    def _read(self) -> tuple[PolicySchedule, ...]:
        """Three queries; four more where there are versions that this process has not met. The same object as before
        where nothing changed, which is how `current` knows."""
        rows = list(
            PolicyVersion.objects.filter(published_at__isnull=False)
            .order_by("policy__slug", "effective_at")
            .values_list(
                "policy__slug",
                "policy_id",
                "policy__asks_account_holders",
                "policy__precedence",
                "policy__controller__no_nag_days",
                "id",
            )
        )
        files = recipients_on_file()
        known = published.published_versions(row[-1] for row in rows)
        every = []
        for (slug, policy_id, asks, precedence, days), group in groupby(rows, key=lambda row: row[:-1]):
            versions = tuple(known[row[-1]] for row in group)
            pause = timedelta(days=days)
            every.append(
                (asks, precedence, PolicySchedule(policy_id, slug, versions[0].controller_id, versions, pause))
            )
        policies: dict[int, list[PolicySchedule]] = defaultdict(list)
        for _asks, _precedence, policy in sorted(every, key=lambda each: -each[1]):
            policies[policy.controller_id].append(policy)
        self._books = {pk: Book.of(theirs, files.get(pk, {})) for pk, theirs in policies.items()}
        asked = tuple(policy for asks, _precedence, policy in every if asks)
        self._policies = self._policies if self._policies == asked else asked
        return self._policies


default = Schedule(settings.SCHEDULE_REFRESH_SECONDS)
current = default.current
book = default.book
refresh = default.refresh
forget = default.forget
