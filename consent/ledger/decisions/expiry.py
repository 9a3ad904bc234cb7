"""Saying of a yes whose time is over that it has expired.

Nothing waits for it: decisions and pages go by the clock. The event is for the person's history and for the log.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from accounts.audit.rules import SYSTEM
from consent.ledger.statements import fetch_all
from consent.policies.models import LawfulBasis, Purpose

PEOPLE_AT_ONCE = 20_000

# States are only looked at, and never waited for: whom another call is writing about comes next time. So two of these
# at once, or one that was stopped half-way, say nothing twice. A yes that another answer followed, to any version, is
# not the person's last word any more: its end would be taken for the end of that answer. The event bears the instant
# at which the time was over, so it precedes a yes that is given at the moment when the job comes. The id hides whose it
# is, like every other: it is made from the person's keyed reference.
_EXPIRE = """
WITH due AS MATERIALIZED (
    SELECT s.*, p.ref, least(s.at + make_interval(days => term.days), clock_timestamp()) AS over_at
      FROM consent_state s
      JOIN unnest(%(policies)s::bigint[], %(versions)s::bigint[], %(purposes)s::text[], %(days)s::integer[])
           AS term (policy_id, version_id, purpose, days) USING (policy_id, version_id, purpose)
      JOIN data_subject p ON p.id = s.subject_id AND p.closed_at IS NULL
     WHERE s.subject_id > %(after)s AND s.subject_id <= %(last)s AND s.status IN ('given', 'renewed')
       AND s.at + make_interval(days => term.days) <= %(at)s
       AND NOT EXISTS (SELECT FROM consent_state later
                        WHERE (later.subject_id, later.policy_id, later.purpose, later.recipient)
                            = (s.subject_id, s.policy_id, s.purpose, s.recipient)
                          AND later.status >= 'given' AND later.at > s.at)
       FOR UPDATE OF s SKIP LOCKED
), named AS MATERIALIZED (
    SELECT due.*, substring(sha256(ref || uuid_send(event_id)) FOR 16) AS octets FROM due
), event AS (
    INSERT INTO consent_event (subject_id, id, at, controller_id, policy_id, version_id, shown_sha256, purpose,
                               recipient, status, kind, surface, language, actor, network, agent, idempotency_key)
    SELECT d.subject_id,
           encode(set_byte(set_byte(octets, 6, get_byte(octets, 6) & 15 | 128), 8, get_byte(octets, 8) & 63 | 128),
                  'hex')::uuid,
           greatest(d.over_at, d.at + interval '1 microsecond'), yes.controller_id, d.policy_id, d.version_id,
           yes.shown_sha256, d.purpose, d.recipient, 'expired', d.kind, yes.surface, yes.language, %(actor)s, '', '',
           'expired:' || d.event_id
      FROM named d JOIN consent_event yes ON yes.subject_id = d.subject_id AND yes.id = d.event_id
        ON CONFLICT DO NOTHING
    RETURNING subject_id, policy_id, purpose, recipient, version_id, at, id
), state AS (
    UPDATE consent_state t SET status = 'expired', at = event.at, event_id = event.id FROM event
     WHERE (t.subject_id, t.policy_id, t.purpose, t.recipient, t.version_id)
         = (event.subject_id, event.policy_id, event.purpose, event.recipient, event.version_id)
)
SELECT count(*) FROM event
"""
_LAST = "SELECT max(id) FROM (SELECT id FROM data_subject WHERE id > %s ORDER BY id LIMIT %s) AS few"


class Batch(NamedTuple):
    """last: id of the last person that was looked at, None where there is nobody any more. expired: events added."""

    last: int | None
    expired: int


def expire_some(*, after: int, at: datetime) -> Batch:
    """Add `expired` events for the next people's answers that held for a time, now over; all of them or none.

    after: id of the last person looked at, 0 to begin. at: aware UTC instant by which the time must be over. Each event
    repeats the notice, language and surface of the yes that it ends. Source: DPV ConsentExpired; PIPL 14, 19.
    """
    lines = Purpose.objects.filter(
        validity_days__isnull=False, lawful_basis=LawfulBasis.CONSENT, version__published_at__isnull=False
    )
    terms = list(lines.values_list("version__policy_id", "version_id", "code", "validity_days"))
    last = fetch_all(_LAST, [after, PEOPLE_AT_ONCE])[0][0] if terms else None
    if last is None:
        return Batch(None, 0)
    policies, versions, purposes, days = (list(column) for column in zip(*terms, strict=True))
    values = {"after": after, "last": last, "at": at, "actor": str(SYSTEM)}
    values |= {"policies": policies, "versions": versions, "purposes": purposes, "days": days}
    return Batch(last, fetch_all(_EXPIRE, values)[0][0])
