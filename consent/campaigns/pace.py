"""The pace of a channel that all machines share, kept in one row (GCRA with a burst of a quarter of a second)."""

from consent.campaigns.sql import execute, fetch

_LIMIT = "SELECT per_second, arrival_at > clock_timestamp() FROM consent_providerpace WHERE channel = %s"

_TAKE = """
UPDATE consent_providerpace SET arrival_at = greatest(arrival_at, clock_timestamp())
  + least(%(number)s, greatest(1, ceil(per_second / 4))) / per_second * interval '1 second'
WHERE channel = %(channel)s AND (arrival_at IS NULL OR arrival_at <= clock_timestamp() + interval '250 milliseconds')
RETURNING least(%(number)s, greatest(1, ceil(per_second / 4)))"""

_SILENCE = """
INSERT INTO consent_providerpace (channel, arrival_at)
VALUES (%(channel)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (channel) DO UPDATE
SET arrival_at = greatest(consent_providerpace.arrival_at, excluded.arrival_at)"""


def reserve(channel: int, number: int) -> int:
    """How many messages of `number` may go now; 0: not yet."""
    limit = fetch(_LIMIT, [channel])
    if not limit:
        return number
    per_second, must_wait = limit[0]
    if per_second is None:
        return 0 if must_wait else number
    taken = fetch(_TAKE, {"channel": channel, "number": number})
    return int(taken[0][0]) if taken else 0


def push_back(channel: int, seconds: float) -> None:
    """The provider asked for silence: every worker on every machine keeps it."""
    execute(_SILENCE, {"channel": channel, "seconds": seconds})
