"""When a message that did not leave is tried again, and for how long anything is kept of it."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
PATIENCE = timedelta(hours=24)  # from when it was written; then it would be news no more
KEPT = timedelta(days=30)
LEASE = timedelta(minutes=5)  # for which a batch belongs to the worker that claimed it
SLOWEST = timedelta(minutes=1)  # one message: connecting and each answer have their own, much shorter limits
AT_ONCE = 20  # messages claimed together


def next_try_at(attempts: int, *, created_at: datetime, at: datetime) -> datetime | None:
    """When to try again after that many attempts; None: never. The pause doubles, and the last try is at the end."""
    end = created_at + PATIENCE
    if at >= end:
        return None
    # Beyond 2^7 any pause is the longest one; a larger power would only overflow.
    pause = min(FIRST_PAUSE * (1 << min(attempts - 1, 7)), LONGEST_PAUSE)
    return min(at + pause, end)
