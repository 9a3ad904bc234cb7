"""Threads that talk to a provider while the calling thread keeps the database.

Contract: every job that is fed comes back exactly once as a result, and no byte leaves for a job before
`Journal.offering` has returned for it. A lane is one thread with one connection.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import NamedTuple, Protocol

from django.conf import settings

from consent.campaigns.journal import Journal
from consent.campaigns.letters import Letter, delivery_key
from consent.campaigns.results import Hold, Outcome, Result

AWAY_SECONDS = 2.0
STOP_SECONDS = 10.0
log = logging.getLogger(__name__)


class Job(NamedTuple):
    """One message to send. address: an e-mail address or a number in E.164."""

    subject: int
    address: str
    name: str
    language: str


class ProviderAway(Exception):
    """The provider took nothing and would take nothing else either; ask for `seconds` of silence."""

    def __init__(self, words: str, seconds: float = AWAY_SECONDS) -> None:
        super().__init__(words)
        self.seconds = seconds


@dataclass(frozen=True)
class Consignment:
    """What the jobs of one hold have in common."""

    hold: Hold
    letters: Mapping[str, Letter]
    journal: Journal

    def letter(self, job: Job) -> Letter:
        """In the person's language, else in the portal's first."""
        return self.letters.get(job.language) or self.letters[settings.LANGUAGE_CODE]

    def key(self, job: Job) -> str:
        """The message's own id."""
        return delivery_key(self.hold.campaign, self.hold.channel, job.subject)


class Lane(Protocol):
    """One connection. batch: how many jobs it takes at once."""

    batch: int

    def offer(self, jobs: Sequence[Job], consignment: Consignment) -> list[Result]:
        """Send, and return one result for each job. Raises ProviderAway if nothing of it was offered."""

    def close(self) -> None:
        """End the connection politely; never raises."""


def clock() -> float:
    """Seconds that also pass while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Sender:
    """Feeds lanes with the jobs of one hold after the other."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.backlog = 0  # fed and not yet collected; the calling thread's
        self.silence = 0.0  # seconds that the provider asked for; read and reset by the calling thread
        self.consignment: Consignment | None = None
        self.valid_until = 0.0  # by `clock`: after it nothing may be offered, because another worker may have the shard
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._done: deque[Result] = deque()
        self._ready = threading.Condition()
        self._failures = 0
        self._stopping = False
        self._threads = [threading.Thread(target=self._serve, args=(lane,), daemon=True) for lane in lanes]
        for thread in self._threads:
            thread.start()

    def feed(self, jobs: Iterable[Job]) -> None:
        """Give work; the consignment that it belongs to must be set and all earlier jobs collected."""
        for job in jobs:
            self.backlog += 1
            self._jobs.put(job)

    def collect(self, wait_seconds: float, enough: int) -> list[Result]:
        """What has ended so far; waits up to `wait_seconds` for `enough` of it."""
        with self._ready:
            self._ready.wait_for(lambda: len(self._done) >= min(enough, self.backlog), wait_seconds)
            results = list(self._done)
            self._done.clear()
        self.backlog -= len(results)
        return results

    def stop(self) -> bool:
        """End the lanes; jobs that were not offered are not sent any more. False if one is still waiting for an
        answer."""
        self._stopping = True
        for _ in self._threads:
            self._jobs.put(None)
        end = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self, lane: Lane) -> None:
        while jobs := self._take(lane.batch):
            self._end(self._offer(lane, jobs))
        lane.close()

    def _take(self, most: int) -> list[Job]:
        """Waits for a job, then takes what else is there; empty when it is time to stop."""
        jobs: list[Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == most:
                return jobs
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return jobs
        if jobs:
            self._jobs.put(None)  # the sign to stop was for this thread; it comes back for it
        return jobs

    def _offer(self, lane: Lane, jobs: Sequence[Job]) -> list[Result]:
        if self._stopping or self.consignment is None or clock() >= self.valid_until:
            return [Result(job.subject, Outcome.RETURNED) for job in jobs]
        try:
            results = lane.offer(jobs, self.consignment)
        except ProviderAway as error:
            log.warning("provider away: %s", error)
            return self._give_up(jobs, error.seconds)
        except Exception:  # a fault of ours: whether the message left is not known, so the provider will be asked
            log.exception("a lane failed")
            lane.close()
            return [Result(job.subject, Outcome.UNKNOWN, "the sender failed") for job in jobs]
        self._failures = 0
        return results

    def _give_up(self, jobs: Sequence[Job], seconds: float) -> list[Result]:
        """Hand back the jobs, and all others too once every lane has failed in a row."""
        self._failures += 1
        returned = list(jobs)
        if self._failures >= len(self._threads):
            self.silence = max(self.silence, seconds)
            with suppress(Empty):
                while job := self._jobs.get_nowait():
                    returned.append(job)
                self._jobs.put(None)
        else:
            time.sleep(AWAY_SECONDS / 4)
        return [Result(job.subject, Outcome.RETURNED) for job in returned]

    def _end(self, results: Sequence[Result]) -> None:
        if self.consignment is not None:
            with suppress(OSError):  # a full disk: the result itself is on its way to PostgreSQL
                self.consignment.journal.answered(results)
        with self._ready:
            self._done.extend(results)
            self._ready.notify()
