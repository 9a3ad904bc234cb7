"""Recomputes the whole log from the rows: leaves, tiles, every checkpoint's root and signature."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from consent.ledger.log.checking import STRETCH, Checker, Stretch, begin, check
from consent.ledger.log.finding import HORIZON
from consent.ledger.log.misfits import Kind, Misfit
from consent.ledger.log.models import Checkpoint
from consent.ledger.log.rules.merkle import TILE_WIDTH, Frontier, root_of
from consent.ledger.log.rules.notes import NoteError, Verifier, open_note
from consent.ledger.log.selectors import latest_checkpoint, verifiers
from consent.ledger.log.tiles import Tree, range_hashes
from consent.ledger.statements import fetch_all

TILE = "SELECT hashes, root FROM consent_tile WHERE level = %s AND n = %s"
ROOTS_BELOW = "SELECT root FROM consent_tile WHERE level = %s AND n >= %s AND n < %s ORDER BY n"
LEAF_BEYOND = (
    "SELECT leaf_index, event_id FROM consent_leaf WHERE leaf_index >= %s OR leaf_index < 0 ORDER BY leaf_index LIMIT 1"
)
TILE_BEYOND = """
SELECT t.level, t.n FROM consent_tile t
 WHERE t.level < 0 OR t.level > 7 OR t.n < 0 OR t.n >= %s::bigint >> 8 * (t.level + 1) ORDER BY t.level, t.n LIMIT 1
"""
UNSEALED = """
SELECT e.id FROM consent_event e
 WHERE (e.xact, e.subject_id, e.id) <= (%s, %s, %s)
   AND NOT EXISTS (SELECT FROM consent_leaf l WHERE l.event_id = e.id AND l.subject_id = e.subject_id)
 ORDER BY e.xact, e.subject_id, e.id LIMIT 1
"""
WITNESSED_AND_GONE = """
SELECT w.tree_size FROM consent_witnessing w
 WHERE NOT EXISTS (SELECT FROM consent_checkpoint c WHERE c.tree_size = w.tree_size) ORDER BY 1 LIMIT 1
"""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in order. erased: leaves whose person's key is gone. checkpoints: how many. renumbered: the
    database was restored from a dump and not sealed since, so events that miss their leaf cannot be told yet."""

    size: int
    checked: int
    checkpoints: int
    erased: int
    renumbered: bool


def verify_log(
    *, processes: int, start: int = 0, older: str = "", on_progress: Progress = lambda done, total: None
) -> Report:
    """Compare everything that the latest checkpoint covers with the rows.

    processes: how many do the hashing. start: leaves before it are taken as they are, rounded down to a full tile.
    older: a signed note kept elsewhere, of which the log must be a continuation. on_progress: told leaves done and in
    all. Raises Misfit for the first place that does not fit.
    """
    latest = latest_checkpoint()
    size = latest.tree_size if latest else 0
    start = min(start, size) // TILE_WIDTH * TILE_WIDTH
    known = verifiers()
    note = _older_note(older, size, known)
    _check_ends(size)
    above = _Above(start)
    checkpoints = erased = 0
    with _stretches(start, size, processes, known) as stretches:
        for stretch in stretches:
            above.take(stretch)
            checkpoints, erased = checkpoints + len(stretch.checkpoints), erased + stretch.erased
            on_progress(stretch.high - start, size - start)
    if note and note[0] and range_hashes([(0, note[0])], Tree(note[0])) != [note[1]]:
        raise Misfit(Kind.FORKED, {"older": note[0]})
    return Report(size, size - start, checkpoints, erased, _check_unsealed(latest))


@contextmanager
def _stretches(start: int, size: int, processes: int, keys: list[Verifier]) -> Iterator[Iterator[Stretch]]:
    """The stretches in their order, each checked."""
    lows = range(start, size, STRETCH)
    highs = [min(low + STRETCH, size) for low in lows]
    settings = connection.get_connection_params().items()
    parameters: dict[str, Any] = {name: value for name, value in settings if isinstance(value, str | int)}
    if processes == 1 or len(lows) < 2:
        with closing(Checker(parameters, keys)) as one:
            yield map(one.check, lows, highs)
        return
    context = multiprocessing.get_context("spawn")  # a fork would share this process's connection
    pool = ProcessPoolExecutor(processes, context, begin, (parameters, keys))
    try:
        yield pool.map(check, lows, highs)
    finally:
        pool.shutdown(cancel_futures=True)


class _Above:
    """The tree above the tiles of level 0, built anew from their roots and compared with what is stored and signed."""

    def __init__(self, start: int) -> None:
        self.tiles = start // TILE_WIDTH
        self.rows: list[list[bytes]] = []
        self.frontier = Frontier()
        for level in range(1, 8):
            first, last = self.tiles >> 8 * level << 8, self.tiles >> 8 * (level - 1)
            self.rows.append([bytes(root) for (root,) in fetch_all(ROOTS_BELOW, (level - 1, first, last))])
        for level in range(7, 0, -1):
            for root in self.rows[level - 1]:
                self.frontier.append(root, TILE_WIDTH ** (level - 1))

    def take(self, stretch: Stretch) -> None:
        """Add a stretch. Raises Misfit for a tile above it, or a checkpoint whose root is another."""
        roots = iter(stretch.roots)
        for signed in stretch.checkpoints:
            while self.tiles < signed.size // TILE_WIDTH:
                self._add(next(roots))
            if self.frontier.root(signed.tail) != signed.root:
                raise Misfit(Kind.ROOT_DIFFERS, {"size": signed.size})
        for root in roots:
            self._add(root)

    def _add(self, root: bytes) -> None:
        self.tiles += 1
        self.frontier.append(root)
        for level, row in enumerate(self.rows, 1):
            row.append(root)
            if len(row) < TILE_WIDTH:
                return
            root = root_of(row)
            n = (self.tiles >> 8 * level) - 1
            stored = fetch_all(TILE, (level, n))
            if not stored:
                raise Misfit(Kind.TILE_MISSING, {"tile": f"{level}/{n}"})
            if (bytes(stored[0][0]), bytes(stored[0][1])) != (b"".join(row), root):
                raise Misfit(Kind.TILE_CHANGED, {"tile": f"{level}/{n}"})
            row.clear()


def _older_note(older: str, size: int, keys: list[Verifier]) -> tuple[int, bytes] | None:
    if not older:
        return None
    try:
        note = open_note(older, keys)
    except NoteError as error:
        raise Misfit(Kind.OTHER_LOG, {"reason": str(error)}) from error
    if note.size > size:
        raise Misfit(Kind.SHRUNK, {"older": note.size, "size": size})
    return note.size, note.root


def _check_ends(size: int) -> None:
    """Nothing stands beyond what was signed, and nothing that was shown to others is missing."""
    for leaf, event in fetch_all(LEAF_BEYOND, (size,)):
        if not 0 <= leaf < _size_now():  # it was not sealed just now
            raise Misfit(Kind.LEAF_UNSIGNED, {"leaf": leaf, "event": event, "size": size})
    for level, n in fetch_all(TILE_BEYOND, (size,)):
        if not (0 <= level <= 7 and 0 <= n < _size_now() >> 8 * (level + 1)):
            raise Misfit(Kind.TILE_UNSIGNED, {"tile": f"{level}/{n}", "size": size})
    for (gone,) in fetch_all(WITNESSED_AND_GONE, ()):
        raise Misfit(Kind.CHECKPOINT_MISSING, {"size": gone})


def _size_now() -> int:
    latest = latest_checkpoint()
    return latest.tree_size if latest else 0


def _check_unsealed(latest: Checkpoint | None) -> bool:
    """Every event up to the checkpoint's mark is a leaf. Gives True where that cannot be told."""
    if latest is None:
        return False
    ((cluster, _xmin, _xmax),) = fetch_all(HORIZON, ())
    if cluster != latest.cluster:
        return True
    for (event,) in fetch_all(UNSEALED, (latest.xact, latest.subject_id, latest.event_id)):
        raise Misfit(Kind.EVENT_UNSEALED, {"event": event})
    return False
