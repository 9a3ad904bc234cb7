"""After a crash: a dead process's journal is replayed, and what it leaves in doubt is asked about, never sent again.

A journal line `offered` without `answered` is unknown; with it, the answer is the result; a marked delivery with
neither was never offered. After another boot of the machine, a missing line proves nothing, a present one still does.
"""

from collections.abc import Sequence

import httpx
from django.conf import settings
from django.db import transaction

from consent.campaigns.holds import free, lock_shard
from consent.campaigns.journal import Orphan
from consent.campaigns.letters import delivery_key
from consent.campaigns.models import Channel
from consent.campaigns.results import Hold, Outcome, Result, record
from consent.campaigns.sql import SENDING, UNKNOWN, fetch

LOOKUP_SECONDS = 10
SHARDS_ASKED_AT_ONCE = 50

_MARKED = f"""
SELECT subject_id FROM consent_delivery
WHERE campaign_id = %(campaign)s AND channel = %(channel)s AND subject_id BETWEEN %(lo)s AND %(hi)s
  AND token = %(token)s AND state IN ({SENDING}, {UNKNOWN})"""  # noqa: S608

_UNKNOWN = f"""
SELECT s.id, s.campaign_id, s.channel, s.lo, s.hi, d.token, array_agg(d.subject_id ORDER BY d.subject_id)
FROM consent_campaign c
JOIN consent_shard s ON s.campaign_id = c.version_id AND s.channel = %s AND s.unknown > 0
JOIN consent_delivery d ON d.campaign_id = s.campaign_id AND d.channel = s.channel
  AND d.subject_id BETWEEN s.lo AND s.hi AND d.state = {UNKNOWN}
WHERE c.finished_at IS NULL AND d.ended_at <= now() - %s * interval '1 second'
GROUP BY s.id, d.token LIMIT {SHARDS_ASKED_AT_ONCE}"""  # noqa: S608


@transaction.atomic
def settle_orphan(orphan: Orphan) -> int:
    """Replay a dead process's journal; the number of deliveries that nobody can tell about."""
    hold = lock_shard(orphan.shard, orphan.token)
    if hold is None:
        return 0
    results = [orphan.result(subject) for (subject,) in fetch(_MARKED, hold._asdict())]
    record(hold, results)
    free(hold)
    return sum(result.outcome == Outcome.UNKNOWN for result in results)


def askable() -> list[Channel]:
    """The channels whose provider can be asked what it took."""
    urls = {Channel.EMAIL: settings.MAIL_LOOKUP_URL, Channel.SMS: settings.SMS_LOOKUP_URL}
    return [channel for channel, url in urls.items() if url]


def ask_about_unknown(after_seconds: float) -> None:
    """Ask providers for the messages that have been unknown for `after_seconds`, by the messages' own ids.

    What it has is sent; what it never had is queued again; what it does not name stays unknown. While it cannot be
    asked nothing changes.
    """
    for channel in askable():
        for hold, subjects in _unknown(channel, after_seconds):
            keys = {delivery_key(hold.campaign, channel, subject): subject for subject in subjects}
            taken = _look_up(channel, list(keys))
            if taken is None:
                break
            _settle(
                hold,
                found=[subject for key, subject in keys.items() if taken.get(key) is True],
                absent=[subject for key, subject in keys.items() if taken.get(key) is False],
            )


def _unknown(channel: Channel, after_seconds: float) -> list[tuple[Hold, list[int]]]:
    return [(Hold(*row[:6]), row[6]) for row in fetch(_UNKNOWN, [channel, after_seconds])]


def _look_up(channel: Channel, keys: list[str]) -> dict[str, bool] | None:
    url = settings.MAIL_LOOKUP_URL if channel == Channel.EMAIL else settings.SMS_LOOKUP_URL
    try:
        answer = httpx.post(url, json=keys, timeout=LOOKUP_SECONDS).raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


@transaction.atomic
def _settle(hold: Hold, *, found: Sequence[int], absent: Sequence[int]) -> None:
    lock_shard(hold.shard)
    results = [Result(subject, Outcome.SENT, "found at the provider") for subject in found]
    results += [Result(subject, Outcome.ABSENT, "the provider never had it") for subject in absent]
    record(hold, results)
