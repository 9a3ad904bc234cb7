"""What became of deliveries, written so that a repetition changes nothing."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from django.utils import timezone

from accounts.contacts.actions import note_bounces
from accounts.users.rules import ContactKind
from consent.campaigns.sql import (
    EMAIL,
    GONE,
    HAS_PHONE,
    PUBLIC,
    QUEUED,
    REFUSED,
    SENDING,
    SENT,
    SMS,
    UNKNOWN,
    execute,
    fetch,
)
from consent.ledger.models import DataSubject

MOST_ATTEMPTS = 8
FIRST_WAIT_SECONDS = 60  # after the receiver asked to come later; doubles each time
LONGEST_WORDS = 200
CONTACT = re.compile(r"[^\s<>()@]+@[^\s<>()@]+|\+\d{8,15}")


class Outcome(StrEnum):
    """sent, refused: the receiver's answer. deferred: it asked to come later, or the connection broke before it could
    have taken the message. unknown: it may have taken the message. returned: never offered. absent: asked later, it
    did not have the message. gone: the person left before it was sent."""

    SENT = "sent"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    RETURNED = "returned"
    ABSENT = "absent"
    GONE = "gone"


class Result(NamedTuple):
    """words: the receiver's own, where it said any."""

    subject: int
    outcome: Outcome
    words: str = ""


class Hold(NamedTuple):
    """A worker's right to send a shard's deliveries, until another one takes a newer token."""

    shard: int
    campaign: int
    channel: int
    lo: int
    hi: int
    token: int


# The ids go in twice: on a table without statistics PostgreSQL else reads all of (campaign, channel).
_RECORD = f"""
WITH result AS (
  SELECT * FROM unnest(%(subjects)s::bigint[], %(outcomes)s::text[], %(words)s::text[]) AS r(subject, outcome, words)),
old AS (
  SELECT d.subject_id, d.state AS was, r.outcome, r.words,
    CASE r.outcome WHEN 'sent' THEN {SENT} WHEN 'refused' THEN {REFUSED} WHEN 'unknown' THEN {UNKNOWN}
      WHEN 'gone' THEN {GONE} WHEN 'returned' THEN {QUEUED}
      ELSE CASE WHEN d.attempts >= {MOST_ATTEMPTS} THEN {REFUSED} ELSE {QUEUED} END END AS state
  FROM result r JOIN consent_delivery d ON d.subject_id = r.subject
  WHERE d.campaign_id = %(campaign)s AND d.channel = %(channel)s AND d.subject_id = ANY(%(subjects)s::bigint[])
    AND d.token = %(token)s AND d.state IN ({SENDING}, {UNKNOWN})
  ORDER BY d.subject_id FOR UPDATE OF d),
changed AS (
  UPDATE consent_delivery d SET state = old.state, words = old.words,
    attempts = d.attempts - CASE old.outcome WHEN 'returned' THEN 1 ELSE 0 END,
    due_at = CASE old.outcome WHEN 'deferred' THEN
      now() + {FIRST_WAIT_SECONDS} * interval '1 second' * 2 ^ least(d.attempts - 1, 8) END,
    ended_at = CASE WHEN old.state <> {QUEUED} THEN now() END
  FROM old
  WHERE d.campaign_id = %(campaign)s AND d.channel = %(channel)s AND d.subject_id = old.subject_id
    AND d.subject_id = ANY(%(subjects)s::bigint[])
  RETURNING d.subject_id, old.was, d.state)
SELECT was, state, count(*), array_agg(subject_id ORDER BY subject_id) FROM changed GROUP BY was, state"""  # noqa: S608

# Deliveries that wait again make the shard due: whoever reports so may have lost it long ago, and its end been written.
_COUNT = """
UPDATE consent_shard SET sent = sent + %s, refused = refused + %s, unknown = unknown + %s, gone = gone + %s, seal = '',
  due_at = CASE WHEN %s THEN least(due_at, now()) ELSE due_at END
WHERE id = %s"""

_PASS_ON = f"""
WITH put AS (
  INSERT INTO consent_delivery (campaign_id, channel, subject_id, state, attempts, token, words, ended_at)
  SELECT %(campaign)s, next, subject, CASE next WHEN {PUBLIC} THEN {SENT} ELSE {QUEUED} END, 0, 0, '',
    CASE next WHEN {PUBLIC} THEN now() END
  FROM (
    SELECT subject, CASE WHEN %(channel)s < {SMS} AND {HAS_PHONE} THEN {SMS} ELSE {PUBLIC} END AS next
    FROM unnest(%(subjects)s::bigint[]) AS each(subject)
    LEFT JOIN data_subject s ON s.id = subject LEFT JOIN accounts_user u ON u.id = s.user_id) AS way
  ORDER BY subject
  ON CONFLICT DO NOTHING RETURNING channel)
UPDATE consent_shard s SET total = total + people, seal = '',
  sent = sent + CASE s.channel WHEN {PUBLIC} THEN people ELSE 0 END,
  due_at = CASE WHEN s.channel <> {PUBLIC} THEN least(s.due_at, now()) END
FROM (SELECT channel, count(*) AS people FROM put GROUP BY channel) AS counts
WHERE s.campaign_id = %(campaign)s AND s.lo = %(lo)s AND s.channel = counts.channel"""  # noqa: S608

_REOPEN = """
UPDATE consent_campaign SET finished_at = NULL, seal = '' WHERE version_id = %s AND finished_at IS NOT NULL"""


def record(hold: Hold, results: Sequence[Result]) -> None:
    """Write outcomes, count them in the shard, pass on whoever was refused; in the caller's transaction.

    Only deliveries that were marked under the hold's token and are still open change, and only they are counted. It
    is the delivery's token that decides, not the shard's: who lost the shard may still report what it knows.
    """
    if not results:
        return
    changed = fetch(
        _RECORD,
        {
            "campaign": hold.campaign,
            "channel": hold.channel,
            "token": hold.token,
            "subjects": [result.subject for result in results],
            "outcomes": [result.outcome.value for result in results],
            "words": [one_line(result.words) for result in results],
        },
    )
    if not changed:
        return
    delta = dict.fromkeys((SENT, REFUSED, UNKNOWN, GONE), 0)
    for was, state, number, subjects in changed:
        for counted, sign in ((was, -1), (state, 1)):
            if counted in delta:
                delta[counted] += sign * number
        if state == REFUSED:
            where = {"campaign": hold.campaign, "channel": hold.channel, "lo": hold.lo}
            execute(_PASS_ON, where | {"subjects": subjects})
            _ask_whether_in_use(hold.channel, subjects)
    waits_again = any(state == QUEUED for _was, state, _number, _subjects in changed)
    execute(_COUNT, [*delta.values(), waits_again, hold.shard])
    execute(_REOPEN, [hold.campaign])  # a late report may come after the end


def _ask_whether_in_use(channel: int, subjects: Sequence[int]) -> None:
    """The contact that was refused for good is asked about when its owner comes in next (K119)."""
    kind = {EMAIL: ContactKind.EMAIL, SMS: ContactKind.PHONE}.get(channel)
    if kind:
        people = DataSubject.objects.filter(pk__in=subjects, user__isnull=False)
        note_bounces(people.values_list("user_id", flat=True), kind, timezone.now())


def one_line(words: str) -> str:
    """A receiver's words as they are kept: proof outlives the person's data, so no address and no number in them."""
    return CONTACT.sub("…", " ".join(words.replace("\x00", "").split()))[:LONGEST_WORDS]
