"""One worker's pass over one shard: mark, feed, collect, record, a transaction a turn.

How long anything may be under way: after its last renewal a worker offers nothing for longer than OFFER_SECONDS, and
no answer is waited for longer than `smtp.REPLY_SECONDS`. Together this is not more than the lease and the time after
which a provider is asked, so whoever asks does not ask about a message that is still travelling.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

from consent.campaigns import pace
from consent.campaigns.holds import LEASE_SECONDS, Marked, leave, mark_sending, renew
from consent.campaigns.results import Hold, Outcome, Result, record
from consent.campaigns.senders import Job, Sender, clock

DEPTH = 200  # deliveries marked as being sent at one time
RENEW_SECONDS = LEASE_SECONDS / 4
OFFER_SECONDS = LEASE_SECONDS / 2
DATABASE_SECONDS = 100.0
WAIT_SECONDS = 0.2
Returned = TypeVar("Returned")


class Pass:
    """The state of one pass."""

    def __init__(self, hold: Hold, sender: Sender) -> None:
        self.hold, self.sender = hold, sender
        self.after = hold.lo - 1
        self.renewed = float("-inf")
        self.dry = False  # nothing more is marked; what is under way is finished
        self.unsent: list[Result] = []  # deliveries that need no sender

    def turn(self) -> bool:
        """One turn; False when all has come to its end."""
        low = DEPTH // 2
        results = self.unsent + self.sender.collect(WAIT_SECONDS, enough=low)
        self._keep_silence()
        room = 0 if self.dry or self.sender.backlog > low else DEPTH - self.sender.backlog
        if results or room or clock() - self.renewed > RENEW_SECONDS:
            self._exchange(results, room)
        return bool(not self.dry or self.sender.backlog or self.unsent)

    def _exchange(self, results: list[Result], room: int) -> None:
        held, allowed, batch = persist(lambda: self._record_and_mark(results, room))
        self.renewed = clock()
        self.sender.valid_until = self.renewed + OFFER_SECONDS if held else 0.0  # 0: what is queued comes back unsent
        self.after = max((marked.subject for marked in batch), default=self.after)
        self.dry = self.dry or not held or bool(allowed and not batch)
        self.unsent = [_left(marked) for marked in batch if not marked.present]
        self.sender.feed(Job(m.subject, m.address, m.name, m.language) for m in batch if m.present)
        if room and not batch and not self.dry:
            time.sleep(WAIT_SECONDS / 4)  # the shared pace says: not yet

    @transaction.atomic
    def _record_and_mark(self, results: list[Result], room: int) -> tuple[bool, int, list[Marked]]:
        record(self.hold, results)
        held = renew(self.hold)
        allowed = pace.reserve(self.hold.channel, room) if held and room else 0
        batch = mark_sending(self.hold, after=self.after, number=allowed) if allowed else []
        return held, allowed, batch

    def _keep_silence(self) -> None:
        seconds, self.sender.silence = self.sender.silence, 0.0
        if seconds:
            persist(lambda: pace.push_back(self.hold.channel, seconds))
            self.dry = True


def pump(hold: Hold, sender: Sender, until: float) -> None:
    """Send what is due in the shard until it is empty, taken away or paused, or the time `until` (`clock`) has come.

    The sender's consignment must be that of the hold.
    """
    state = Pass(hold, sender)
    while state.turn():
        state.dry = state.dry or clock() >= until
    persist(lambda: leave(hold))


def persist(action: Callable[[], Returned]) -> Returned:
    """Repeat an idempotent transaction while PostgreSQL is away: results already known must not be lost.

    Raises OperationalError or InterfaceError after DATABASE_SECONDS; the journal still has what is known.
    """
    end = time.monotonic() + DATABASE_SECONDS
    while True:
        try:
            return action()
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def _left(marked: Marked) -> Result:
    return Result(marked.subject, Outcome.GONE, "left before it was sent")
