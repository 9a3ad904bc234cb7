"""What a decision needs of a person, in one statement: who they are, and their last words on a purpose.

The present is read from the states, the past from the events: what was said up to that instant, and nothing else. There
an answer outranks a deferral, a deferral a mere request, and among equals the later wins, as in the states.
"""

from __future__ import annotations

_COLUMNS = """s.closed_at, s.adult_on, s.guardian_confirmed_at, s.restricted_at, t.policy_id, t.recipient, t.version_id,
       t.status::text, t.kind::text, t.at, t.event_id"""
_STATES = "LEFT JOIN consent_state t ON t.subject_id = s.id AND t.purpose = {purpose}"
_EVENTS = """LEFT JOIN LATERAL (
       SELECT DISTINCT ON (policy_id, recipient, version_id)
              policy_id, recipient, version_id, status, kind, at, id AS event_id
         FROM consent_event
        WHERE subject_id = s.id AND purpose = {purpose} AND at <= {at}
        ORDER BY policy_id, recipient, version_id, least(status, 'given') DESC, at DESC, id DESC) t ON true"""
# Somebody whose older answers were imported was known as soon as the first of them was given.
_KNOWN = """AND (s.created_at <= {at} OR EXISTS (SELECT FROM consent_event WHERE subject_id = s.id AND at <= {at}))"""
_WHO = """
  FROM data_subject s {said}
 WHERE s.controller_id = %(controller)s AND {who}"""
_EACH = """
  FROM unnest(%(refs)s::bytea[], %(purposes)s::text[], %(instants)s::timestamptz[])
       WITH ORDINALITY AS q (ref, purpose, at, place)
  JOIN data_subject s ON s.controller_id = %(controller)s AND s.ref = q.ref {known} {said}"""


def _one(who: str, *, past: bool) -> str:
    said = (_EVENTS if past else _STATES).format(purpose="%(purpose)s", at="%(at)s")
    known = _KNOWN.format(at="%(at)s") if past else ""
    return f"SELECT 0, {_COLUMNS}" + _WHO.format(said=said, who=f"{who} {known}")


def _many(*, past: bool) -> str:
    said = (_EVENTS if past else _STATES).format(purpose="q.purpose", at="q.at")
    known = _KNOWN.format(at="q.at") if past else ""
    return f"SELECT q.place - 1, {_COLUMNS}" + _EACH.format(said=said, known=known)


# Each by whether it is about the past.
BY_ID = {past: _one("s.id = %(subject)s", past=past) for past in (False, True)}
BY_REF = {past: _one("s.ref = %(ref)s", past=past) for past in (False, True)}
BY_REFS = {past: _many(past=past) for past in (False, True)}
