"""The end of a campaign: nobody is left to be told, and what became of each message is sealed by a digest."""

from collections.abc import Sequence

from django.db import transaction

from consent.campaigns.sql import execute, fetch

_TAKE = """
SELECT 1 FROM consent_campaign c
WHERE c.version_id = %(campaign)s AND c.expanded_at IS NOT NULL AND c.finished_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM consent_shard s WHERE s.campaign_id = c.version_id
      AND (s.due_at IS NOT NULL OR s.lease_until IS NOT NULL
        OR s.unknown > 0 AND s.channel = ANY(%(askable)s::smallint[])))
FOR UPDATE SKIP LOCKED"""

# One line for each delivery, in the order of subjects: subject|state|attempts|seconds since 1970|words
_SEAL = """
UPDATE consent_shard s SET seal = encode(sha256(convert_to(coalesce((
  SELECT string_agg(concat_ws('|', subject_id, state, attempts, extract(epoch FROM ended_at), words), E'\\n'
    ORDER BY subject_id)
  FROM consent_delivery d
  WHERE d.campaign_id = s.campaign_id AND d.channel = s.channel AND d.subject_id BETWEEN s.lo AND s.hi), ''),
  'UTF8')), 'hex')
WHERE s.campaign_id = %s AND s.seal = ''"""

_FINISH = """
UPDATE consent_campaign SET finished_at = now(), seal = (
  SELECT encode(sha256(convert_to(coalesce(string_agg(seal, E'\\n' ORDER BY channel, lo), ''), 'UTF8')), 'hex')
  FROM consent_shard WHERE campaign_id = version_id)
WHERE version_id = %s"""


@transaction.atomic
def finish(campaign_id: int, *, askable: Sequence[int]) -> bool:
    """Close a campaign with nothing left to do, and seal it; False while there is.

    askable: channels whose unknown messages are still being asked about. Those of other channels stay unknown: they
    are neither sent again nor called sent. A late report opens the campaign again.
    """
    if not fetch(_TAKE, {"campaign": campaign_id, "askable": list(askable)}):
        return False
    execute(_SEAL, [campaign_id])
    execute(_FINISH, [campaign_id])
    return True
