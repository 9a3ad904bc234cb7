"""From an event to its leaf: what is public of it, and a commitment to what is not. Pure.

A leaf holds no personal data and nothing by which two events of one person could be joined. The commitment is an HMAC
under a key of this event alone, which comes from the person's key; once that is destroyed, nobody can tell any more to
whom the leaf belonged, and every proof still holds.
Source: RFC 8785 (canonical JSON); RFC 9162, 2.1.1; docs/adr/0007-pseudonymous-leaf.md.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from json.encoder import encode_basestring as quote  # RFC 8785, 3.2.2.2: the same escapes; a test holds them together
from typing import Any, NamedTuple

# Of an event row named e; the fields of EventRow in their order. Instants are microseconds since 1970.
COLUMNS = """e.subject_id, e.id::text, (extract(epoch FROM e.at) * 1000000)::bigint,
    (extract(epoch FROM e.claimed_at) * 1000000)::bigint, e.controller_id, e.policy_id, e.version_id,
    encode(e.shown_sha256, 'hex'), e.purpose, e.recipient, e.status::text, e.kind::text, e.surface::text, e.language,
    e.actor, e.network, e.agent, e.idempotency_key"""


class EventRow(NamedTuple):
    """An event as COLUMNS reads it: all of it but the number of its transaction."""

    subject_id: int
    id: str
    at: int
    claimed_at: int | None
    controller_id: int
    policy_id: int
    version_id: int
    shown_sha256: str
    purpose: str
    recipient: str
    status: str
    kind: str
    surface: str
    language: str
    actor: str
    network: str
    agent: str
    idempotency_key: str


def opening_key(secret: bytes, event_id: str) -> bytes:
    """The key of one event's commitment. Given to the person, it opens this leaf and no other. secret: the person's."""
    return hmac.digest(secret, b"opening:" + event_id.encode(), "sha256")


def private_part(row: Sequence[Any]) -> list[Any]:
    """What the commitment stands for. row: an EventRow, or its values."""
    event = EventRow(*row)
    claimed = event.claimed_at
    return [event.actor, event.agent, claimed, event.idempotency_key, event.network, event.subject_id]


def commitment(key: bytes, row: Sequence[Any]) -> bytes:
    """Hides the person and everything about them, and binds it all the same."""
    subject_id, _id, _at, claimed, *_public, actor, network, agent, idempotency_key = row
    claimed = "null" if claimed is None else claimed
    private = f"[{quote(actor)},{quote(agent)},{claimed},{quote(idempotency_key)},{quote(network)},{subject_id}]"
    return hmac.digest(key, private.encode(), "sha256")


def leaf_bytes(row: Sequence[Any], commitment: bytes) -> bytes:
    """The leaf as hashed: RFC 8785 JSON with ASCII keys, strings, and integers below 2 ** 53."""
    (_subject, event, at, _claimed, controller, policy, version, shown, purpose, recipient, *rest) = row
    status, kind, surface, language, *_private = rest
    return (
        f'{{"at":{at},"commitment":"{commitment.hex()}","controller":{controller},"event":"{event}","kind":"{kind}",'
        f'"language":{quote(language)},"policy":{policy},"purpose":{quote(purpose)},"recipient":{quote(recipient)},'
        f'"shown_sha256":"{shown}","status":"{status}","surface":"{surface}","v":1,"version":{version}}}'
    ).encode()


def leaf_object(row: Sequence[Any], commitment: bytes) -> dict[str, Any]:
    """The leaf as JSON object, of which `leaf_bytes` is the canonical form."""
    leaf: dict[str, Any] = json.loads(leaf_bytes(row, commitment))
    return leaf
