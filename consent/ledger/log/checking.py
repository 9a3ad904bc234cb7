"""Checks a stretch of the log against the rows, in a process of its own if need be: no Django, one connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg

from consent.ledger.log.misfits import Kind, Misfit
from consent.ledger.log.rules.leaves import COLUMNS, commitment, leaf_bytes, opening_key
from consent.ledger.log.rules.merkle import HASH_BYTES, TILE_WIDTH, Frontier, leaf_hash, root_of
from consent.ledger.log.rules.notes import NoteError, Verifier, open_note

STRETCH = 64 * TILE_WIDTH  # leaves

# By index, whatever the statistics say: a stretch is a small part of the tables.
PLAN = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
LEAVES = f"""
SELECT l.leaf_index, l.leaf_hash, l.commitment, l.event_id::text, k.secret, {COLUMNS}
  FROM consent_leaf l
  LEFT JOIN consent_event e ON e.subject_id = l.subject_id AND e.id = l.event_id
  LEFT JOIN subject_key k ON k.subject_id = l.subject_id
 WHERE l.leaf_index >= %s AND l.leaf_index < %s ORDER BY l.leaf_index
"""  # noqa: S608 - of constants only
TILES = "SELECT n, hashes, root FROM consent_tile WHERE level = %s AND n >= %s AND n < %s"
CHECKPOINTS = """
SELECT tree_size, root, note FROM consent_checkpoint WHERE tree_size > %s AND tree_size <= %s ORDER BY tree_size
"""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint whose note is right. tail: the root over the leaves behind the last full tile, None for none."""

    size: int
    root: bytes
    tail: bytes | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Leaves [low, high) that fit their rows. roots: of its full tiles. erased: leaves whose person's key is gone, so
    that what is private of them can no longer be checked."""

    low: int
    high: int
    roots: list[bytes]
    checkpoints: list[Signed]
    erased: int


class Checker:
    """One connection, and the keys that may have signed."""

    def __init__(self, parameters: Mapping[str, Any], verifiers: Sequence[Verifier]) -> None:
        self.connection = psycopg.connect(**parameters, autocommit=True)
        self.connection.execute(PLAN)
        self.verifiers = verifiers

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    def check(self, low: int, high: int) -> Stretch:
        """Compare leaves [low, high) and their tiles with the events, and the notes with the keys. low: a multiple of
        256. Raises Misfit for the first place that does not fit."""
        tiles = {n: (hashes, root) for n, hashes, root in self._rows(TILES, 0, low // 256, high // 256)}
        stored = b"".join(tiles.get(n, (bytes(8192), b""))[0] for n in range(low // 256, high // 256))
        hashes, events, erased = self._leaves(low, high, stored)
        roots = []
        for n in range(low // TILE_WIDTH, high // TILE_WIDTH):
            start = n * TILE_WIDTH - low
            roots.append(_tile_root(n, hashes[start : start + TILE_WIDTH], events[start:], tiles.get(n)))
        checkpoints = [self._signed(low, hashes, *row) for row in self._rows(CHECKPOINTS, low, high)]
        return Stretch(low, high, roots, checkpoints, erased)

    def _leaves(self, low: int, high: int, tiles: bytes) -> tuple[list[bytes], list[str], int]:
        hashes: list[bytes] = []
        events: list[str] = []
        erased = 0
        rows = self._rows(LEAVES, low, high)
        for expected, (index, stored, committed, event_id, secret, *row) in zip(count(low), rows, strict=False):
            if index != expected:
                raise Misfit(Kind.LEAF_MISSING, {"leaf": expected})
            if row[1] is None:
                raise Misfit(Kind.EVENT_MISSING, {"leaf": index, "event": event_id})
            made = leaf_hash(leaf_bytes(row, committed))
            opened = commitment(opening_key(secret, event_id), row) if secret else committed
            if made != stored or opened != committed:
                place = (index - low) * HASH_BYTES
                kind = _difference(row, opened, committed, made, stored, tiles[place : place + HASH_BYTES])
                raise Misfit(kind, {"leaf": index, "event": event_id})
            erased += not secret
            hashes.append(stored)
            events.append(event_id)
        if low + len(hashes) < high:
            raise Misfit(Kind.LEAF_MISSING, {"leaf": low + len(hashes)})
        return hashes, events, erased

    def _signed(self, low: int, hashes: list[bytes], size: int, root: bytes, text: str) -> Signed:
        try:
            note = open_note(text, self.verifiers)
        except NoteError as error:
            raise Misfit(Kind.NOTE_REFUSED, {"size": size, "reason": str(error)}) from error
        if (note.size, note.root) != (size, root):
            raise Misfit(Kind.NOTE_DIFFERS, {"size": size})
        tail = hashes[size // TILE_WIDTH * TILE_WIDTH - low : size - low]
        frontier = Frontier()
        for each in tail:
            frontier.append(each)
        return Signed(size, root, frontier.root() if tail else None)

    def _rows(self, statement: str, *values: int) -> list[Any]:
        return self.connection.execute(statement, values, binary=True).fetchall()


def _difference(row: Sequence[Any], opened: bytes, committed: bytes, made: bytes, stored: bytes, tile: bytes) -> Kind:
    if opened == committed:
        return Kind.HASH_CHANGED if made == tile else Kind.PUBLIC_CHANGED
    signed = leaf_hash(leaf_bytes(row, opened)) in (stored, tile)
    return Kind.COMMITMENT_CHANGED if signed else Kind.PRIVATE_CHANGED


def _tile_root(n: int, hashes: list[bytes], events: list[str], tile: tuple[bytes, bytes] | None) -> bytes:
    if tile is None:
        raise Misfit(Kind.TILE_MISSING, {"tile": f"0/{n}"})
    octets, root = tile
    made = root_of(hashes)
    for place, each in enumerate(hashes):
        if octets[place * HASH_BYTES : (place + 1) * HASH_BYTES] != each:
            values = {"leaf": n * TILE_WIDTH + place, "event": events[place], "tile": f"0/{n}"}
            raise Misfit(Kind.LEAF_MOVED, values)
    if root != made or len(octets) != TILE_WIDTH * HASH_BYTES:
        raise Misfit(Kind.TILE_CHANGED, {"tile": f"0/{n}"})
    return made


checker: Checker | None = None


def begin(parameters: Mapping[str, Any], verifiers: Sequence[Verifier]) -> None:
    """Makes the checker of this process."""
    global checker
    checker = Checker(parameters, verifiers)


def check(low: int, high: int) -> Stretch:
    """`Checker.check` in the process that `begin` prepared."""
    if checker is None:
        raise RuntimeError("begin was not called")
    return checker.check(low, high)
