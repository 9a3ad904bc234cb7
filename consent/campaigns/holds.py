"""A worker's hold of a shard: taking it, marking deliveries under its token, giving it back.

Invariants. (1) A delivery is marked `sending`, and committed, before its first byte leaves; only proof leads back.
(2) Marking needs the shard's newest token, recording the delivery's own; so a stalled worker cannot send beyond what
it marked, and can still report what it knows. Tokens come from one sequence over all shards.
"""

from typing import NamedTuple

from django.db import transaction

from accounts.sealing.rules import opened
from consent.campaigns.models import Channel
from consent.campaigns.results import Hold, Outcome, Result, record
from consent.campaigns.sql import HAS_EMAIL, HAS_PHONE, QUEUED, SENDING, execute, fetch

LEASE_SECONDS = 60  # how long a shard stays with a worker that says nothing

_CLAIM = f"""
UPDATE consent_shard SET token = nextval('consent_delivery_token'),
  lease_until = now() + interval '{LEASE_SECONDS} seconds'
WHERE id = (
  SELECT s.id FROM consent_shard s JOIN consent_campaign c ON c.version_id = s.campaign_id
  WHERE s.channel = %s AND s.due_at <= now() AND (s.lease_until IS NULL OR s.lease_until < now())
    AND c.paused_at IS NULL
  ORDER BY s.due_at, s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED)
RETURNING id, campaign_id, channel, lo, hi, token"""  # noqa: S608

_RENEW = f"""
UPDATE consent_shard s SET lease_until = now() + interval '{LEASE_SECONDS} seconds'
FROM consent_campaign c
WHERE s.id = %s AND s.token = %s AND c.version_id = s.campaign_id AND c.paused_at IS NULL"""  # noqa: S608

_MARK = f"""
WITH pick AS (
  SELECT subject_id FROM consent_delivery
  WHERE campaign_id = %(campaign)s AND channel = %(channel)s AND subject_id BETWEEN %(lo)s AND %(hi)s
    AND subject_id > %(after)s AND state = {QUEUED} AND (due_at IS NULL OR due_at <= now())
  ORDER BY subject_id LIMIT %(number)s FOR UPDATE),
marked AS (
  UPDATE consent_delivery d SET state = {SENDING}, token = %(token)s, attempts = attempts + 1
  FROM pick
  WHERE d.campaign_id = %(campaign)s AND d.channel = %(channel)s AND d.subject_id BETWEEN %(lo)s AND %(hi)s
    AND d.subject_id = pick.subject_id AND d.state = {QUEUED}
  RETURNING d.subject_id)
SELECT m.subject_id,
  s.id IS NOT NULL AND s.closed_at IS NULL AND coalesce(u.is_active, true),
  CASE WHEN %(channel)s = {Channel.EMAIL.value} AND {HAS_EMAIL} THEN u.email
    WHEN %(channel)s = {Channel.SMS.value} AND {HAS_PHONE} THEN u.phone ELSE '' END,
  coalesce(u.name, ''), coalesce(u.language, '')
FROM marked m LEFT JOIN data_subject s ON s.id = m.subject_id LEFT JOIN accounts_user u ON u.id = s.user_id
ORDER BY m.subject_id"""  # noqa: S608

_RANGE = "campaign_id = %(campaign)s AND channel = %(channel)s AND subject_id BETWEEN %(lo)s AND %(hi)s"
_GIVE_BACK = f"""
UPDATE consent_delivery SET state = {QUEUED}, attempts = attempts - 1
WHERE {_RANGE} AND state = {SENDING} AND token = %(token)s"""  # noqa: S608

# What is still `sending` under another token is looked at again when its holder's lease would have ended.
_FREE = f"""
UPDATE consent_shard SET lease_until = NULL, due_at = (
  SELECT min(CASE state WHEN {QUEUED} THEN coalesce(due_at, now()) ELSE now() + interval '{LEASE_SECONDS} seconds' END)
  FROM consent_delivery WHERE {_RANGE} AND state IN ({QUEUED}, {SENDING}))
WHERE id = %(shard)s AND token = %(token)s"""  # noqa: S608

_LEFT_SENDING = f"""
SELECT token, array_agg(subject_id) FROM consent_delivery
WHERE {_RANGE} AND state = {SENDING} AND token < %(token)s GROUP BY token"""  # noqa: S608


class Marked(NamedTuple):
    """A delivery that may now be sent. present: False if the person left. address: empty if the contact went away."""

    subject: int
    present: bool
    address: str
    name: str
    language: str


@transaction.atomic
def claim(channel: int) -> Hold | None:
    """Take the shard that has waited longest; None if none is due.

    Deliveries that earlier holders left as `sending` become unknown: their holder's lease is over and its journal, if
    there is one, has not been read. A late journal or report still lifts them.
    """
    rows = fetch(_CLAIM, [channel])
    if not rows:
        return None
    hold = Hold(*rows[0])
    for token, subjects in fetch(_LEFT_SENDING, hold._asdict()):
        lost = [Result(subject, Outcome.UNKNOWN, "the worker was lost") for subject in subjects]
        record(hold._replace(token=token), lost)
    return hold


def renew(hold: Hold) -> bool:
    """Keep the shard for another lease; False once somebody else has it, or the campaign is paused."""
    return execute(_RENEW, [hold.shard, hold.token]) == 1


def mark_sending(hold: Hold, *, after: int, number: int) -> list[Marked]:
    """Mark up to `number` due deliveries beyond the subject `after`. Call it in the transaction of `renew`."""
    rows = fetch(_MARK, hold._asdict() | {"after": after, "number": number})
    column = "email" if hold.channel == Channel.EMAIL.value else "phone"
    return [
        Marked(subject, present, _open(address, column), _open(name, "name"), language)
        for subject, present, address, name, language in rows
    ]


def _open(sealed: str, column: str) -> str:
    return opened(sealed, f"accounts_user.{column}")


@transaction.atomic
def leave(hold: Hold) -> None:
    """End a hold after everything was recorded: what is still marked under its token was never offered."""
    lock_shard(hold.shard)
    execute(_GIVE_BACK, hold._asdict())
    free(hold)


def free(hold: Hold) -> None:
    """Release the shard, if the token still holds it, and say when it is due again: never, if all has ended."""
    execute(_FREE, hold._asdict())


def lock_shard(shard_id: int, token: int = 0) -> Hold | None:
    """Lock a shard until the transaction ends and return it under `token`; None if there is no such shard."""
    rows = fetch("SELECT id, campaign_id, channel, lo, hi FROM consent_shard WHERE id = %s FOR UPDATE", [shard_id])
    return Hold(*(*rows[0], token)) if rows else None


def shards_waiting(channel: int, most: int) -> int:
    """How many shards a worker could take now, counted up to `most`."""
    waiting = """
      SELECT count(*) FROM (
        SELECT 1 FROM consent_shard s JOIN consent_campaign c ON c.version_id = s.campaign_id
        WHERE s.channel = %s AND s.due_at <= now() AND (s.lease_until IS NULL OR s.lease_until < now())
          AND c.paused_at IS NULL LIMIT %s) AS waiting"""
    return int(fetch(waiting, [channel, most])[0][0])
