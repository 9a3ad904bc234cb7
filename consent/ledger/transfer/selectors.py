"""What an import needs to know, and the events of a controller as auditors take them away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from consent.ledger.receipts.record import pseudonym
from consent.ledger.transfer.rules import Versions
from consent.policies.models import PolicyVersion
from consent.policies.published import published_versions

_EVENTS = """
SELECT l.leaf_index, e.id, e.at, e.claimed_at, k.secret, p.slug, v.number, e.purpose, e.recipient, e.status::text,
       e.kind::text, e.surface::text, e.language, encode(e.shown_sha256, 'hex'), split_part(e.actor, ':', 1)
  FROM consent_event e
  JOIN consent_policyversion v ON v.id = e.version_id
  JOIN consent_policy p ON p.id = e.policy_id
  LEFT JOIN subject_key k ON k.subject_id = e.subject_id
  LEFT JOIN consent_leaf l ON l.event_id = e.id
 WHERE e.controller_id = %(controller)s
   AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
 ORDER BY e.at, e.id
"""
_ROWS_AT_ONCE = 2_000


class ExportedEvent(msgspec.Struct):
    """An event without anything that names a person. leaf: its number in the log, None until sealed. subject: what
    stands for the person on their receipts, None once their key was destroyed. actor: its kind. shown_sha256: hex."""

    leaf: int | None
    event: UUID
    at: datetime
    claimed_at: datetime | None
    subject: str | None
    policy: str
    version: int
    purpose: str
    recipient: str
    status: str
    kind: str
    surface: str
    language: str
    shown_sha256: str
    actor: str


def versions_by_name(controller_id: int) -> Versions:
    """Every published version of the controller, by its policy's short name and its number."""
    rows = PolicyVersion.objects.filter(policy__controller=controller_id, published_at__isnull=False)
    names = {pk: (slug, number) for pk, slug, number in rows.values_list("pk", "policy__slug", "number")}
    return {names[pk]: version for pk, version in published_versions(names).items()}


def exported_events(
    controller_id: int, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[list[ExportedEvent]]:
    """The controller's events from `since` until before `until`, aware instants, in the order of time; in portions, as
    they stood when the first was asked for. Takes the same memory for any number of events."""
    values = {"controller": controller_id, "since": since, "until": until}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_EVENTS, values)
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield [_exported(list(row)) for row in rows]


def _exported(fields: list[Any]) -> ExportedEvent:
    secret = fields[4]
    fields[4] = pseudonym(bytes(secret)) if secret else None
    return ExportedEvent(*fields)
