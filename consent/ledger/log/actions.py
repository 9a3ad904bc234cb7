"""Sealing: events become leaves, the tree grows by them, and a checkpoint is signed.

A batch is one transaction: whoever kills the sealer anywhere, either nothing has happened or the whole batch. One at a
time, by an advisory lock that falls with the connection.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction

from consent.ledger.keyring import log_ring
from consent.ledger.log.errors import LogBroken
from consent.ledger.log.finding import START, Mark, Search, horizon
from consent.ledger.log.rules.leaves import commitment, leaf_bytes, opening_key
from consent.ledger.log.rules.merkle import EMPTY_ROOT, FullTile, grow, leaf_hash, root_of_edge
from consent.ledger.log.rules.notes import sign_note

BATCH = 10_000
SUMMARIZE_EVERY = 50  # batches
LOCK = 0x6173_7365_6E74  # one sealer in a database; nothing else takes this number

# A plan by index, whatever the statistics say: events come in faster than they are analysed.
BEGIN = """
SELECT pg_try_advisory_xact_lock(%s), set_config('enable_seqscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
       set_config('work_mem', '64MB', true)
"""
LAST = """
SELECT tree_size, root, xact, subject_id, event_id, cluster FROM consent_checkpoint ORDER BY tree_size DESC LIMIT 1
"""
EDGE = """
SELECT 0, leaf_index, leaf_hash::bytea FROM consent_leaf WHERE leaf_index >= %(size)s >> 8 << 8
UNION ALL
SELECT g.level + 1, t.n, t.root::bytea FROM generate_series(0, 6) AS g (level)
  JOIN consent_tile t ON t.level = g.level AND t.n >= %(size)s >> 8 * (g.level + 2) << 8
 ORDER BY 1, 2
"""
LEAVES = "COPY consent_leaf (leaf_index, subject_id, event_id, leaf_hash, commitment) FROM STDIN (FORMAT binary)"
TILES = "INSERT INTO consent_tile (level, n, hashes, root) VALUES (%s, %s, %s, %s)"
CHECKPOINT = """
INSERT INTO consent_checkpoint (tree_size, root, note, xact, subject_id, event_id, cluster)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
# PostgreSQL's binary COPY: a header, then for each row the number of fields and each with its length.
COPY_BEGIN, COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
pack_leaf = struct.Struct(">hiqiqi16si32si32s").pack


@dataclass(frozen=True, slots=True)
class _Last:
    """The last checkpoint, or what stands for it before there is one. cluster: whose numbers `mark` has."""

    size: int
    root: bytes
    mark: Mark
    cluster: str


def seal(batch: int = BATCH) -> int:
    """Seal the events that wait longest, at most `batch`, and sign a checkpoint. Gives their number; 0 if none waits or
    another sealer is at work. Must not be called inside a transaction, whose own events it could not see as finished.

    Raises LogBroken if the stored tree does not fit its last checkpoint: nothing is signed then.
    """
    return _Sealer(batch).seal()


def seal_backlog(
    *, batch: int = BATCH, seconds: float | None = None, on_batch: Callable[[int], None] = lambda sealed: None
) -> int:
    """`seal` until nothing waits, or for so many seconds. Gives the number of events. on_batch: told each batch's."""
    sealer, done, end = _Sealer(batch), 0, time.monotonic() + seconds if seconds is not None else None
    for count in range(2**62):
        if count % SUMMARIZE_EVERY == 0:
            _summarize()
        sealed = sealer.seal()
        done += sealed
        if not sealed or (end is not None and time.monotonic() > end):
            return done
        on_batch(sealed)
    return done


def _summarize() -> None:
    """Bring the index by transaction up to date. Not worth waiting for: a longer wait would stop an autovacuum."""
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        cursor.execute("SELECT summarize_consent_events()")


class _Sealer:
    """Keeps from batch to batch how far the search has come; what is sealed is known from the tables alone."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.search: Search | None = None

    def seal(self) -> int:
        with transaction.atomic(durable=True):
            connection.ensure_connection()
            with psycopg.Cursor(connection.connection) as cursor, connection.wrap_database_errors:
                return self._seal(cursor)

    def _seal(self, cursor: psycopg.Cursor[Any]) -> int:
        begun = cursor.execute(BEGIN, (LOCK,)).fetchone()
        if not (begun and begun[0]):
            return 0
        last = _last(cursor)
        cluster, _xmin, _xmax = horizon(cursor)
        if self.search is None:
            known = last.cluster == cluster
            self.search = Search(last.mark if known else START, foreign=not known)
        rows = self.search.next_rows(cursor, self.batch)
        if not rows:
            return 0
        tiles, edge = _append(cursor, last, rows)
        cursor.executemany(TILES, tiles)
        size, root = last.size + len(rows), root_of_edge(edge)
        mark, of = (last.mark, last.cluster) if self.search.foreign else (self.search.position, cluster)
        cursor.execute(CHECKPOINT, (size, root, _sign(size, root), *mark, of))
        return len(rows)


def _last(cursor: psycopg.Cursor[Any]) -> _Last:
    row = cursor.execute(LAST, binary=True).fetchone()
    if row is None:
        return _Last(0, EMPTY_ROOT, START, "")
    size, root, xact, subject_id, event_id, cluster = row
    return _Last(size, root, Mark(xact, subject_id, event_id), cluster)


def _append(cursor: psycopg.Cursor[Any], last: _Last, rows: Sequence[Any]) -> tuple[list[FullTile], list[list[bytes]]]:
    edge = _edge(cursor, last)
    hashes, lines = [], [COPY_BEGIN]
    for index, (_xact, secret, *row) in enumerate(rows, last.size):
        # Without a key the person was erased between act and seal: the commitment is under a key that nobody keeps.
        key = opening_key(secret, row[1]) if secret else os.urandom(32)
        committed = commitment(key, row)
        hashed = leaf_hash(leaf_bytes(row, committed))
        hashes.append(hashed)
        event_id = UUID(row[1]).bytes
        lines.append(pack_leaf(5, 8, index, 8, row[0], 16, event_id, 32, hashed, 32, committed))
    lines.append(COPY_END)
    with cursor.copy(LEAVES) as copy:
        copy.write(b"".join(lines))
    return grow(last.size, edge, hashes)


def _edge(cursor: psycopg.Cursor[Any], last: _Last) -> list[list[bytes]]:
    """The tiles that are not full yet. Nothing is built on a tree that is not the one last signed."""
    edge: list[list[bytes]] = []
    for level, _n, hashed in cursor.execute(EDGE, {"size": last.size}, binary=True):
        edge.extend([] for _ in range(level + 1 - len(edge)))
        edge[level].append(hashed)
    if root_of_edge(edge) != last.root:
        raise LogBroken(f"the tree of {last.size} leaves is not the one that was signed")
    return edge


def _sign(size: int, root: bytes) -> str:
    keys = [key.private for key in log_ring().keys if key.private]
    if not keys:
        raise ImproperlyConfigured("LOG_KEYS has no key that can sign")
    return sign_note(settings.LOG_NAME, size, root, keys)
