"""Reading tiles. Those that stand high in the tree and are full never change and are few: they stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from consent.ledger.log.rules.merkle import HASH_BYTES, TILE_WIDTH, InnerHashes, Range, range_hash, tiles_of
from consent.ledger.statements import fetch_all

MOST_TILES = 256  # of 16 kB each; level 1 of a log of 16 million leaves
Place = tuple[int, int]  # level and number

# A tile that is not full is put together from the leaves, or from the roots of the tiles below.
READ = """
SELECT w.level, w.n, coalesce(
    (SELECT t.hashes FROM consent_tile t WHERE t.level = w.level AND t.n = w.n),
    CASE WHEN w.level = 0
    THEN (SELECT string_agg(l.leaf_hash, '' ORDER BY l.leaf_index) FROM consent_leaf l
           WHERE l.leaf_index >= w.n << 8 AND l.leaf_index < least(w.n + 1 << 8, %(size)s::bigint))
    ELSE (SELECT string_agg(b.root, '' ORDER BY b.n) FROM consent_tile b
           WHERE b.level = w.level - 1 AND b.n >= w.n << 8
             AND b.n < least(w.n + 1 << 8, %(size)s::bigint >> 8 * w.level)) END, '')
  FROM unnest(%(levels)s::integer[], %(numbers)s::bigint[]) AS w (level, n)
"""


class Tree(NamedTuple):
    """A tree that was signed; root is empty for a size between two checkpoints, whose edge is not worth keeping."""

    size: int
    root: bytes = b""


class TileCache:
    """Full tiles from level 1 up, and the edge of the tree last asked for. For all threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full: OrderedDict[Place, InnerHashes] = OrderedDict()
        self._edge: dict[Place, InnerHashes] = {}
        self._tree = Tree(0)

    def get(self, place: Place, tree: Tree) -> InnerHashes | None:
        """The tile, where it is known."""
        with self._lock:
            if place in self._full:
                self._full.move_to_end(place)
                return self._full[place]
            return self._edge.get(place) if tree.root and tree == self._tree else None

    def put(self, place: Place, tree: Tree, tile: InnerHashes, *, full: bool) -> None:
        """Keep a tile if it is worth it."""
        with self._lock:
            if not full and tree.root:
                if tree != self._tree:
                    self._tree, self._edge = tree, {}
                self._edge[place] = tile
            elif full and place[0] > 0:
                self._full[place] = tile
                if len(self._full) > MOST_TILES:
                    self._full.popitem(last=False)

    def clear(self) -> None:
        """Forget everything: the database was restored to an earlier state."""
        with self._lock:
            self._full.clear()
            self._edge.clear()


cache = TileCache()


def range_hashes(ranges: Iterable[Range], tree: Tree) -> list[bytes]:
    """The hashes of these ranges of the tree. One statement, or none where memory has it all."""
    ranges = list(ranges)
    wanted = tiles_of(ranges)
    known = {place: tile for place in wanted if (tile := cache.get(place, tree))}
    missing = sorted(wanted - known.keys())
    for place, octets in read_tiles(missing, tree.size).items():
        known[place] = InnerHashes(octets)
        cache.put(place, tree, known[place], full=len(octets) == TILE_WIDTH * HASH_BYTES)
    return [range_hash(low, high, lambda level, n: known[level, n]) for low, high in ranges]


def read_tiles(places: Iterable[Place], size: int) -> dict[Place, bytes]:
    """The hashes of the tiles one after the other, as many as a tree of `size` leaves has, or more where the tile is
    full by now. One statement, none for no place."""
    places = list(places)
    if not places:
        return {}
    values = {"size": size, "levels": [place[0] for place in places], "numbers": [place[1] for place in places]}
    return {(level, n): bytes(octets) for level, n, octets in fetch_all(READ, values)}
