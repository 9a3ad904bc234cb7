"""The ledger's hot statements, and the ids by which a write knows a call again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import psycopg
from django.db import OperationalError, connection

SEPARATOR = "\x1f"

# One instant for the whole call, never earlier than what the person said before: a clock that was set back loses no
# withdrawal. The first answer decides whether the call is new: a repeat finds it and adds nothing, and one that runs at
# the same moment waits for it, holding no other lock. States are locked in one order, so no two calls wait for each
# other. An answer outranks a deferral, a deferral a mere request, and among equals the later wins; one that has expired
# is open again and gives way to whatever comes later, to nothing earlier.
RECORD = """
WITH call AS MATERIALIZED (
    SELECT s.id AS subject_id,
           greatest(clock_timestamp(), (SELECT max(t.at) + interval '1 microsecond' FROM consent_state t
                                         WHERE t.subject_id = s.id AND t.policy_id = %(policy)s)) AS at
      FROM data_subject s WHERE s.controller_id = %(controller)s AND s.ref = %(ref)s AND s.closed_at IS NULL
), a AS MATERIALIZED (
    SELECT call.subject_id, call.at, i.id, coalesce(i.purpose, '') AS purpose, coalesce(i.recipient, '') AS recipient,
           i.status::consent_status AS status, i.kind::consent_kind AS kind, i.position
      FROM call, unnest(string_to_array(%(ids)s, ',')::uuid[], string_to_array(%(purposes)s, E'\\x1f'),
                        string_to_array(%(recipients)s, E'\\x1f'), string_to_array(%(statuses)s, ','),
                        string_to_array(%(kinds)s, ','))
                 WITH ORDINALITY AS i (id, purpose, recipient, status, kind, position)
), first AS (
    INSERT INTO consent_event (subject_id, id, at, claimed_at, controller_id, policy_id, version_id, shown_sha256,
                               purpose, recipient, status, kind, surface, language, actor, network, agent,
                               idempotency_key)
    SELECT subject_id, id, at, %(claimed_at)s::timestamptz, %(controller)s, %(policy)s, %(version)s, %(shown)s,
           purpose, recipient, status, kind, %(surface)s::consent_surface, %(language)s, %(actor)s, %(network)s,
           %(agent)s, %(key)s
      FROM a WHERE position = 1
    ON CONFLICT DO NOTHING
    RETURNING at
), rest AS (
    INSERT INTO consent_event (subject_id, id, at, claimed_at, controller_id, policy_id, version_id, shown_sha256,
                               purpose, recipient, status, kind, surface, language, actor, network, agent,
                               idempotency_key)
    SELECT subject_id, id, a.at, %(claimed_at)s::timestamptz, %(controller)s, %(policy)s, %(version)s, %(shown)s,
           purpose, recipient, status, kind, %(surface)s::consent_surface, %(language)s, %(actor)s, %(network)s,
           %(agent)s, %(key)s
      FROM a, first WHERE position > 1
), state AS (
    INSERT INTO consent_state AS t (subject_id, at, event_id, policy_id, version_id, purpose, recipient, status, kind)
    SELECT subject_id, a.at, id, %(policy)s, %(version)s, purpose, recipient, status, kind
      FROM a, first ORDER BY purpose, recipient
    ON CONFLICT (subject_id, policy_id, purpose, recipient, version_id) DO UPDATE
       SET at = excluded.at, event_id = excluded.event_id, status = excluded.status, kind = excluded.kind
     WHERE (least(excluded.status, 'given'), excluded.at, excluded.event_id)
         > (least(CASE t.status WHEN 'expired' THEN excluded.status ELSE t.status END, 'given'), t.at, t.event_id)
)
SELECT (SELECT count(*) FROM call), (SELECT at FROM first)
"""


STATES = """
SELECT s.id, s.closed_at, t.policy_id, t.purpose, t.recipient, t.version_id, t.status::text, t.kind::text, t.at,
       t.event_id
  FROM data_subject s LEFT JOIN consent_state t ON t.subject_id = s.id
 WHERE s.controller_id = %s AND s.ref = %s
"""


def record(values: Mapping[str, Any]) -> tuple[bool, datetime | None]:
    """Run RECORD. Gives whether the person is there and has not left, and the call's instant, None for a repeat."""
    known, at = fetch_all(RECORD, values)[0]
    return bool(known), at


def fetch_all(sql: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a hot statement, by psycopg's own cursor on Django's connection.

    PostgreSQL may prepare it (a third of the time) where DATABASES sets the option `prepare_threshold`; what goes
    through Django's cursor never is, and Django's wrapper alone costs as much as a small statement. Errors are
    Django's all the same, and a connection that counts its queries counts this one. Whether the connection still
    stands is not asked beforehand, which would be a second statement: if it does not, a new one is made and the
    statement repeated. So it must be one that may be: a read, or a write that knows itself again.
    """
    connection.ensure_connection()
    try:
        return _fetch_all(sql, values)
    except OperationalError:
        if connection.in_atomic_block or not connection.connection.closed:
            raise
        connection.close()
        connection.ensure_connection()
        return _fetch_all(sql, values)


def _fetch_all(sql: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    raw = psycopg.Cursor(connection.connection)
    raw.format = psycopg.pq.Format.BINARY  # instants are read in C, where text would go through Django's own reader
    if connection.queries_logged:
        with connection.make_debug_cursor(cast(Any, raw)) as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        return raw.execute(sql, values).fetchall()


def event_ids(controller_id: int, ref: bytes, key: str, answers: int) -> list[UUID]:
    """One UUID for each answer of a call; the same call gives the same ids. ref: the person's, 32 bytes; without the
    field key nobody can tell from an id whose it is."""
    base = blake2b(b"%d\x1f%b\x1f%b\x1f" % (controller_id, ref, key.encode()), digest_size=16)
    return [_event_id(base.copy(), position) for position in range(answers)]


def _event_id(base: blake2b, position: int) -> UUID:
    """RFC 9562: version 8 in the upper half of byte 6, variant 10 in the top bits of byte 8."""
    base.update(b"%d" % position)
    octets = bytearray(base.digest())
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    return UUID(bytes=bytes(octets))
