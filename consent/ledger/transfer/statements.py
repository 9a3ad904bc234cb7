"""The statements of an import: a batch of lines at once, as lists in delimited strings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from consent.ledger.statements import SEPARATOR, fetch_all
from consent.ledger.transfer.rules import Content, Entry

# Everything is added in one order, so that two imports wait for each other and never in a circle. Which of the new
# secrets goes to whom does not matter. LIMIT 1 has each person looked up by the index: without statistics, which a
# young table lacks, PostgreSQL would rather read all of them.
_ENROL = """
WITH new AS (
    INSERT INTO data_subject (controller_id, ref, created_at)
    SELECT %(controller)s, decode(line.ref, 'hex'), %(at)s
      FROM unnest(string_to_array(%(refs)s, ',')) AS line (ref)
     WHERE (SELECT id FROM data_subject
             WHERE controller_id = %(controller)s AND ref = decode(line.ref, 'hex') LIMIT 1) IS NULL
     ORDER BY line.ref
    ON CONFLICT DO NOTHING
    RETURNING id
), keys AS (
    INSERT INTO subject_key (subject_id, secret)
    SELECT id, substr(%(secrets)s, 32 * (row_number() OVER () - 1)::int + 1, 32) FROM new
)
SELECT count(*) FROM new
"""

# As `statements.RECORD`, but the instant is the line's: an answer changes a state only where it is later than what
# stands there, and than every answer that a deferral stands for. Nothing is added about somebody who has left. Gives
# the ids that are new.
_RECORD = """
WITH line AS MATERIALIZED (
    SELECT s.id AS subject_id, i.*
      FROM unnest(string_to_array(%(refs)s, ','), string_to_array(%(ids)s, ',')::uuid[],
                  string_to_array(%(ats)s, ',')::timestamptz[], string_to_array(%(claimed)s, ',')::timestamptz[],
                  string_to_array(%(policies)s, ',')::bigint[], string_to_array(%(versions)s, ',')::bigint[],
                  string_to_array(%(shown)s, ','), string_to_array(%(purposes)s, E'\\x1f'),
                  string_to_array(%(recipients)s, E'\\x1f'), string_to_array(%(statuses)s, ',')::consent_status[],
                  string_to_array(%(kinds)s, ',')::consent_kind[], string_to_array(%(languages)s, E'\\x1f'),
                  string_to_array(%(keys)s, E'\\x1f'))
           AS i (ref, id, at, claimed_at, policy_id, version_id, shown, purpose, recipient, status, kind,
                 language, key),
           LATERAL (SELECT id FROM data_subject
                     WHERE controller_id = %(controller)s AND ref = decode(i.ref, 'hex') AND closed_at IS NULL
                     LIMIT 1) AS s
), event AS (
    INSERT INTO consent_event (subject_id, id, at, claimed_at, controller_id, policy_id, version_id, shown_sha256,
                               purpose, recipient, status, kind, surface, language, actor, network, agent,
                               idempotency_key)
    SELECT subject_id, id, at, claimed_at, %(controller)s, policy_id, version_id, decode(shown, 'hex'),
           coalesce(purpose, ''), coalesce(recipient, ''), status, kind, 'import', language, %(actor)s, '', '', key
      FROM line ORDER BY subject_id, id
    ON CONFLICT DO NOTHING
    RETURNING subject_id, at, id, policy_id, version_id, purpose, recipient, status, kind
), state AS (
    INSERT INTO consent_state AS t (subject_id, at, event_id, policy_id, version_id, purpose, recipient, status, kind)
    SELECT DISTINCT ON (subject_id, policy_id, purpose, recipient, version_id)
           subject_id, at, id, policy_id, version_id, purpose, recipient, status, kind
      FROM event
     ORDER BY subject_id, policy_id, purpose, recipient, version_id, least(status, 'given') DESC, at DESC, id DESC
    ON CONFLICT (subject_id, policy_id, purpose, recipient, version_id) DO UPDATE
       SET at = excluded.at, event_id = excluded.event_id, status = excluded.status, kind = excluded.kind
     WHERE (least(excluded.status, 'given'), excluded.at, excluded.event_id)
         > (least(CASE t.status WHEN 'expired' THEN excluded.status ELSE t.status END, 'given'), t.at, t.event_id)
       AND NOT EXISTS (SELECT FROM consent_event e
                        WHERE (e.subject_id, e.policy_id, e.purpose, e.recipient, e.version_id)
                            = (t.subject_id, t.policy_id, t.purpose, t.recipient, t.version_id)
                          AND e.status >= 'given' AND (e.at, e.id) > (excluded.at, excluded.event_id))
)
SELECT (SELECT array_agg(id) FROM event)
"""

_STORED = """
SELECT e.id, e.version_id, e.purpose, e.recipient, e.status::text, e.kind::text, e.language, e.shown_sha256,
       e.claimed_at
  FROM unnest(string_to_array(%(refs)s, ','), string_to_array(%(ids)s, ',')::uuid[]) AS i (ref, id),
       LATERAL (SELECT id FROM data_subject WHERE controller_id = %(controller)s AND ref = decode(i.ref, 'hex')
                 LIMIT 1) AS s,
       LATERAL (SELECT * FROM consent_event WHERE subject_id = s.id AND id = i.id LIMIT 1) AS e
"""


def enrol_all(controller_id: int, refs: Iterable[bytes], *, at: datetime) -> None:
    """Make known to the controller whoever is not yet, each with a key of their own. refs: 32 bytes each."""
    wanted = {ref.hex() for ref in refs}
    if wanted:
        secrets = os.urandom(32 * len(wanted))
        fetch_all(_ENROL, {"controller": controller_id, "at": at, "refs": ",".join(wanted), "secrets": secrets})


def record_all(controller_id: int, lines: Sequence[Entry], actor: str) -> set[UUID]:
    """Add the lines as events and bring the states up to date; gives the ids that were new. No id may be twice among
    the lines. Nothing is recorded about people who have left."""
    if not lines:
        return set()
    _numbers, ids, refs, ats, policies, keys, contents = zip(*lines, strict=True)
    versions, purposes, recipients, statuses, kinds, languages, shown, claimed = zip(*contents, strict=True)
    values = {
        "controller": controller_id,
        "actor": actor,
        "refs": ",".join([ref.hex() for ref in refs]),
        "ids": ",".join(map(str, ids)),
        "ats": ",".join([at.isoformat() for at in ats]),
        "claimed": ",".join([at.isoformat() for at in claimed]),
        "policies": ",".join(map(str, policies)),
        "versions": ",".join(map(str, versions)),
        "shown": ",".join([digest.hex() for digest in shown]),
        "purposes": SEPARATOR.join(purposes),
        "recipients": SEPARATOR.join(recipients),
        "statuses": ",".join(statuses),
        "kinds": ",".join(kinds),
        "languages": SEPARATOR.join(languages),
        "keys": SEPARATOR.join(keys),
    }
    return set(fetch_all(_RECORD, values)[0][0] or ())


def stored_contents(controller_id: int, lines: Sequence[Entry]) -> dict[UUID, Content]:
    """What those of the lines that are events already say there, by id."""
    if not lines:
        return {}
    refs, ids = ",".join([line.ref.hex() for line in lines]), ",".join([str(line.id) for line in lines])
    rows = fetch_all(_STORED, {"controller": controller_id, "refs": refs, "ids": ids})
    # what a call wrote under the same key may have no claimed instant, so it says something else than any line
    return {row[0]: Content._make((*row[1:7], bytes(row[7]), row[8] and row[8].astimezone(UTC))) for row in rows}
