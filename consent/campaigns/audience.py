"""From a campaign to deliveries: everybody whom the policy concerns and who was there at publication, a thousand at a
time, each exactly once.

A policy that account holders are asked about concerns all of the company's people; another, such as the undertaking of
its staff, those who ever answered it.
"""

from typing import NamedTuple

from django.db import transaction

from consent.campaigns.sql import EMAIL, HAS_EMAIL, HAS_PHONE, PUBLIC, QUEUED, SENT, SMS, execute, fetch

SHARD_PEOPLE = 1000
SHARDS_A_TRANSACTION = 10
# A sign-up that was under way at publication may commit a moment after it with an earlier time.
UNDER_WAY_SECONDS = 2

_TAKE = f"""
SELECT c.frozen_at, c.cursor, p.controller_id, p.id, p.asks_account_holders
FROM consent_campaign c
JOIN consent_policyversion v ON v.id = c.version_id
JOIN consent_policy p ON p.id = v.policy_id
WHERE c.version_id = %s AND c.expanded_at IS NULL
  AND c.frozen_at <= now() - interval '{UNDER_WAY_SECONDS} seconds'
FOR UPDATE OF c SKIP LOCKED"""  # noqa: S608

_EXPAND = f"""
WITH page AS MATERIALIZED (
  SELECT s.id, CASE WHEN {HAS_EMAIL} THEN {EMAIL} WHEN {HAS_PHONE} THEN {SMS} ELSE {PUBLIC} END AS channel
  FROM data_subject s LEFT JOIN accounts_user u ON u.id = s.user_id
  WHERE s.controller_id = %(controller)s AND s.id > %(cursor)s AND s.created_at <= %(frozen_at)s
    AND s.closed_at IS NULL AND (u.id IS NULL OR u.is_active)
    AND (%(asks_everybody)s
      OR EXISTS (SELECT FROM consent_state t WHERE t.subject_id = s.id AND t.policy_id = %(policy)s))
  ORDER BY s.id LIMIT {SHARD_PEOPLE}),
put AS (
  INSERT INTO consent_delivery (campaign_id, channel, subject_id, state, attempts, token, words, ended_at)
  SELECT %(campaign)s, channel, id, CASE channel WHEN {PUBLIC} THEN {SENT} ELSE {QUEUED} END, 0, 0, '',
    CASE channel WHEN {PUBLIC} THEN now() END
  FROM page ORDER BY id
  ON CONFLICT DO NOTHING RETURNING channel),
ends AS (SELECT min(id) AS lo, max(id) AS hi FROM page),
counts AS (
  SELECT channel, (SELECT count(*) FROM put WHERE put.channel = each.channel) AS people
  FROM unnest(ARRAY[{EMAIL}, {SMS}, {PUBLIC}]) AS each(channel)),
shards AS (
  INSERT INTO consent_shard (campaign_id, channel, lo, hi, due_at, token, total, sent, refused, unknown, gone, seal)
  SELECT %(campaign)s, channel, lo, hi, CASE WHEN people > 0 AND channel <> {PUBLIC} THEN now() END, 0, people,
    CASE channel WHEN {PUBLIC} THEN people ELSE 0 END, 0, 0, 0, ''
  FROM ends, counts WHERE lo IS NOT NULL
  ON CONFLICT DO NOTHING)
SELECT hi, (SELECT count(*) FROM page) FROM ends"""  # noqa: S608 - only numbers and column names of this package


class Expanded(NamedTuple):
    """people: how many were found. more: whether there may be others."""

    people: int
    more: bool


@transaction.atomic
def expand_some(campaign_id: int) -> Expanded:
    """Create the next shards and their deliveries.

    No person passes through this process. Of two at once the second returns at once; after the end, or again from
    the beginning, nothing is written twice: the primary key of a delivery is campaign, channel and subject.
    """
    taken = fetch(_TAKE, [campaign_id])
    if not taken:
        return Expanded(0, more=False)
    frozen_at, cursor, controller, policy, asks_everybody = taken[0]
    whom = {"controller": controller, "policy": policy, "asks_everybody": asks_everybody}
    found, more = 0, True
    for _ in range(SHARDS_A_TRANSACTION):
        page = {"campaign": campaign_id, "cursor": cursor, "frozen_at": frozen_at, **whom}
        [(hi, people)] = fetch(_EXPAND, page)
        cursor, found, more = hi or cursor, found + people, people == SHARD_PEOPLE
        if not more:
            break
    execute(
        "UPDATE consent_campaign SET cursor = %s, expanded_at = CASE WHEN %s THEN NULL ELSE now() END"
        " WHERE version_id = %s",
        [cursor, more, campaign_id],
    )
    return Expanded(found, more)
