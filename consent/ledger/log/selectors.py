"""Every read of the log. Nothing here says who a record is about, but `opening_of`, which is for that person."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Func, OuterRef, QuerySet, Subquery, TextField, Value

from consent.ledger.keyring import log_ring
from consent.ledger.log.errors import LogBroken, NoSuchSize
from consent.ledger.log.models import Checkpoint, Leaf, Tile, Witnessing
from consent.ledger.log.rules.leaves import COLUMNS, commitment, leaf_bytes, leaf_object, opening_key, private_part
from consent.ledger.log.rules.merkle import (
    HASH_BYTES,
    TILE_WIDTH,
    ProofError,
    consistency_ranges,
    included_root,
    inclusion_ranges,
    leaf_hash,
)
from consent.ledger.log.rules.notes import Verifier
from consent.ledger.log.tiles import Tree, cache, range_hashes, read_tiles
from consent.ledger.models import ConsentEvent
from consent.ledger.statements import fetch_all

# Of mailto:name@host and https://host/path.
HOST = Func(
    F("witness"),
    Value(r"^(?:[a-z]+://|mailto:.*@)([^/]+).*$"),
    Value(r"\1"),
    function="regexp_replace",
    output_field=TextField(),
)
MOST_LEAVES = 2**63 - 1

LEAF = f"""
SELECT l.leaf_index, l.commitment, c.tree_size, c.root, c.note,
       (SELECT f.at FROM consent_checkpoint f WHERE f.tree_size > l.leaf_index ORDER BY f.tree_size LIMIT 1), {COLUMNS}
  FROM consent_leaf l LEFT JOIN consent_event e ON e.subject_id = l.subject_id AND e.id = l.event_id,
       (SELECT tree_size, root, note FROM consent_checkpoint ORDER BY tree_size DESC LIMIT 1) AS c
 WHERE l.event_id = %s
"""  # noqa: S608 - of constants only
OPENING = f"""
SELECT l.commitment, k.secret, {COLUMNS}
  FROM consent_leaf l JOIN consent_event e ON e.subject_id = l.subject_id AND e.id = l.event_id
  JOIN subject_key k ON k.subject_id = l.subject_id
 WHERE l.event_id = %s
"""  # noqa: S608 - of constants only


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an event is in the log. leaf: its JSON object, hashed after RFC 8785. root: 32 bytes, of the tree of `size`
    leaves. path: hashes of 32 bytes, upwards. checkpoint: the signed note. sealed_at: when the first checkpoint that
    covers the leaf was signed. Source: RFC 9162, 2.1.3."""

    leaf: dict[str, Any]
    index: int
    size: int
    root: bytes
    path: list[bytes]
    checkpoint: str
    sealed_at: datetime

    def as_json(self) -> dict[str, Any]:
        """As people get it."""
        return {
            "leaf": self.leaf,
            "index": self.index,
            "size": self.size,
            "path": as_base64(self.path),
            "checkpoint": self.checkpoint,
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """What shows that a leaf is about this person. key: 32 bytes, of this event's commitment alone. private: what it
    commits to: actor, agent, claimed instant (microseconds since 1970 or None), idempotency key, network, subject."""

    key: bytes
    private: list[Any]

    def as_json(self) -> dict[str, Any]:
        """As the person gets it."""
        return {"key": base64.b64encode(self.key).decode(), "private": self.private}


def proof_of(event_id: UUID) -> InclusionProof | None:
    """That the event is in the log of the latest checkpoint; None while it is not sealed. Two statements, one where
    memory has the tiles. Raises LogBroken if the rows do not fit what was signed."""
    rows = fetch_all(LEAF, (event_id,))
    if not rows:
        return None
    index, committed, size, root, note, sealed_at, *row = rows[0]
    if row[0] is None:
        raise LogBroken(f"leaf {index} stands for event {event_id}, which is not there, or is somebody else's now")
    hashed, tree = leaf_hash(leaf_bytes(row, committed)), Tree(size, root)
    ranges = inclusion_ranges(index, size)
    path = range_hashes(ranges, tree)
    if included_root(hashed, index, size, path) != root:
        cache.clear()  # the database may have been restored to an earlier state under this process
        path = range_hashes(ranges, tree)
        if included_root(hashed, index, size, path) != root:
            raise LogBroken(f"event {event_id} does not fit the checkpoint of {size} leaves")
    return InclusionProof(leaf_object(row, committed), index, size, root, path, note, sealed_at)


def opening_of(event_id: UUID) -> Opening | None:
    """The key and the values that open the event's commitment; None while it is not sealed, and for ever once the
    person's key was destroyed. One statement."""
    rows = fetch_all(OPENING, (event_id,))
    if not rows:
        return None
    committed, secret, *row = rows[0]
    key = opening_key(secret, row[1])
    return Opening(key, private_part(row)) if commitment(key, row) == committed else None


def consistency_between(first: int, second: int) -> list[bytes]:
    """The hashes that prove that the log of `second` leaves begins with the log of `first` leaves; none where first is
    0 or both are the same. Two statements. Raises NoSuchSize (404). Source: RFC 9162, 2.1.4."""
    latest = latest_checkpoint()
    if not 0 <= first <= second <= (latest.tree_size if latest else 0):
        raise NoSuchSize
    try:
        return range_hashes(consistency_ranges(first, second), Tree(second))
    except ProofError as error:
        raise LogBroken(str(error)) from error


def latest_checkpoint() -> Checkpoint | None:
    """The last one signed; None while the log is empty. One query."""
    return Checkpoint.objects.order_by("-tree_size").first()


def checkpoint_of(size: int) -> Checkpoint | None:
    """The one of this size. One query."""
    return Checkpoint.objects.filter(tree_size=size).first() if size <= MOST_LEAVES else None


def tile_octets(level: int, n: int, width: int | None) -> bytes | None:
    """The hashes of a tile one after the other; None where the log has not so many. width: 1 to 255 for a part of it,
    None for a full tile. At most two statements."""
    if width is None:
        tile = Tile.objects.filter(level=level, n=n).first() if n <= MOST_LEAVES else None
        return bytes(tile.hashes) if tile else None
    latest = latest_checkpoint()
    if latest is None or not 0 < width < TILE_WIDTH or latest.tree_size >> 8 * level < n * TILE_WIDTH + width:
        return None
    return read_tiles([(level, n)], latest.tree_size)[level, n][: width * HASH_BYTES]


def verifiers() -> list[Verifier]:
    """The keys that may have signed a checkpoint, the one that signs now first."""
    return [Verifier(settings.LOG_NAME, key.public) for key in log_ring().keys]


def witnessed_checkpoints() -> QuerySet[Witnessing, Any]:
    """Those that second parties keep, newest first: tree_size, at, keepers. Of a keeper the host alone, since a mailbox
    may be a person's."""
    rows = Witnessing.objects.filter(taken=True).values("tree_size").annotate(keepers=ArrayAgg(HOST, order_by=HOST))
    signed = Checkpoint.objects.filter(tree_size=OuterRef("tree_size")).values("at")
    return rows.annotate(at=Subquery(signed)).filter(at__isnull=False).order_by("-tree_size")


def waiting_events() -> int:
    """About how many events are not sealed yet. Counts both tables."""
    return max(ConsentEvent.objects.count() - Leaf.objects.count(), 0)


def as_base64(hashes: list[bytes]) -> list[str]:
    """Hashes as they stand in JSON."""
    return [base64.b64encode(each).decode() for each in hashes]
