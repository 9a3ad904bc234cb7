"""The Merkle tree of RFC 9162 over tiles of 256 hashes. Pure.

A tree of n leaves is cut into complete subtrees of 256 ** k leaves. Level k of the tiles holds their roots, 256 a tile;
level 0 holds the leaf hashes themselves. A range of leaves is written [low, high).
Source: RFC 9162, 2.1; C2SP tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
TILE_WIDTH = 256
EMPTY_ROOT = sha256(b"").digest()

Range = tuple[int, int]
TileReader = Callable[[int, int], "InnerHashes"]


class ProofError(ValueError):
    """A proof or a root that does not hold; the message says why."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf's content."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\1" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over the roots of complete subtrees of one size; their number may be any."""
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > 1:
        pairs = zip(hashes[0::2], hashes[1::2], strict=False)
        odd = [hashes[-1]] if len(hashes) & 1 else []
        hashes = [sha256(b"\1" + left + right).digest() for left, right in pairs] + odd
    return hashes[0]


class Frontier:
    """The roots of the complete subtrees that a growing list consists of, the largest first."""

    def __init__(self) -> None:
        self._subtrees: list[tuple[int, bytes]] = []

    def append(self, item: bytes, width: int = 1) -> None:
        """Add the next hash of the list, or the root over its next `width` ones, a power of two that is no larger than
        what came before."""
        while self._subtrees and self._subtrees[-1][0] == width:
            item = node_hash(self._subtrees.pop()[1], item)
            width *= 2
        self._subtrees.append((width, item))

    def root(self, tail: bytes | None = None) -> bytes:
        """The root over the list and, at its right, over a smaller subtree."""
        return fold([subtree for _width, subtree in self._subtrees], tail)


def fold(subtrees: Sequence[bytes], tail: bytes | None = None) -> bytes:
    """The root over subtrees of falling size, the largest first, and an even smaller one at their right."""
    for subtree in reversed(subtrees):
        tail = subtree if tail is None else node_hash(subtree, tail)
    return EMPTY_ROOT if tail is None else tail


def root_of_edge(edge: Sequence[Sequence[bytes]]) -> bytes:
    """The root of a tree whose last tiles these are: those that are not full, from level 0 upwards."""
    tail = None
    for hashes in edge:
        frontier = Frontier()
        for each in hashes:
            frontier.append(each)
        tail = frontier.root(tail) if hashes or tail is not None else None
    return EMPTY_ROOT if tail is None else tail


class FullTile(NamedTuple):
    """A tile that will never change. hashes: 256 of them; root: the one of the level above that stands for it."""

    level: int
    n: int
    hashes: bytes
    root: bytes


def grow(
    size: int, edge: Sequence[Sequence[bytes]], leaves: Sequence[bytes]
) -> tuple[list[FullTile], list[list[bytes]]]:
    """The tiles that become full, and the edge that is left, when leaf hashes are added to a tree of `size` leaves.

    edge: the hashes of the last, not full tile of each level, from 0 upwards.
    """
    tiles: list[FullTile] = []
    rest: list[list[bytes]] = []
    added = list(leaves)
    while added or len(rest) < len(edge):
        level = len(rest)
        hashes = [*edge[level], *added] if level < len(edge) else added
        first = size >> 8 * (level + 1)
        full = len(hashes) // TILE_WIDTH
        parts = [hashes[TILE_WIDTH * i : TILE_WIDTH * (i + 1)] for i in range(full)]
        added = [root_of(part) for part in parts]
        tiles += [
            FullTile(level, first + i, b"".join(part), root)
            for i, (part, root) in enumerate(zip(parts, added, strict=True))
        ]
        rest.append(hashes[TILE_WIDTH * full :])
    return tiles, rest


class InnerHashes:
    """A tile, full or not, with the roots of the complete subtrees inside it, so that none is computed twice."""

    __slots__ = ("_levels",)

    def __init__(self, octets: bytes) -> None:
        self._levels = [octets]
        while len(self._levels[-1]) >= 2 * HASH_BYTES:
            below = self._levels[-1]
            starts = range(0, len(below) - 2 * HASH_BYTES + 1, 2 * HASH_BYTES)
            above = [sha256(b"\1" + below[start : start + 2 * HASH_BYTES]).digest() for start in starts]
            self._levels.append(b"".join(above))

    def root(self, start: int, width: int) -> bytes:
        """The root over `width` hashes from `start`; width is a power of two that divides start."""
        level = width.bit_length() - 1
        octets = self._levels[level] if level < len(self._levels) else b""
        found = octets[(start >> level) * HASH_BYTES : ((start >> level) + 1) * HASH_BYTES]
        if len(found) < HASH_BYTES:
            raise ProofError("a tile is shorter than the tree asks")
        return found


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove leaf `index` in a tree of `size` leaves, upwards. Source: RFC 9162, 2.1.3.1."""
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The ranges whose hashes prove that a tree of `second` leaves begins with the one of `first` leaves; none where
    first is 0 or both are the same. Source: RFC 9162, 2.1.4.1."""
    if not 0 < first < second:
        return []
    low, high, path, whole = 0, second, [], True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low, whole = middle, False
    return ([] if whole else [(low, high)]) + path[::-1]


def tiles_of(ranges: Iterable[Range]) -> set[tuple[int, int]]:
    """(level, number) of every tile from which these ranges are hashed."""
    parts = (part for low, high in ranges for part in _complete_subtrees(low, high))
    return {(level, start >> 8 * (level + 1)) for start, _width, level in parts}


def range_hash(low: int, high: int, tile: TileReader) -> bytes:
    """The hash of a range as `inclusion_ranges` and `consistency_ranges` give it. tile: by level and number."""
    subtrees = []
    for start, width, level in _complete_subtrees(low, high):
        first = start >> 8 * level
        subtrees.append(tile(level, first // TILE_WIDTH).root(first % TILE_WIDTH, width >> 8 * level))
    return fold(subtrees)


def included_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which an inclusion path leads. Raises ProofError if the path cannot be one.

    Source: RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofError("the leaf is outside the tree")
    node, last, root = index, size - 1, leaf
    for sibling in path:
        if not last:
            raise ProofError("the inclusion path is too long")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the inclusion path is too short")
    return root


def check_consistency(first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]) -> None:
    """Raises ProofError unless the tree of `second` leaves begins with the one of `first` leaves.

    Source: RFC 9162, 2.1.4.2.
    """
    if first > second:
        raise ProofError("the log has shrunk")
    if first in (0, second):
        if path or first_root != (second_root if first else EMPTY_ROOT):
            raise ProofError("two roots for one size")
        return
    if _grown(first, first_root, second, path) != (first_root, second_root):
        raise ProofError("what the log held at the smaller size was changed since")


def _grown(first: int, first_root: bytes, second: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots at both sizes to which a consistency path leads."""
    if not path:
        raise ProofError("the consistency proof is empty")
    hashes = [first_root, *path] if not first & (first - 1) else list(path)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for each in hashes[1:]:
        if not last:
            raise ProofError("the consistency proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, each)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the consistency proof is too short")
    return old, new


def _split(width: int) -> int:
    """The largest power of two below width."""
    return 1 << (width - 1).bit_length() - 1


def _complete_subtrees(low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """(start, width, level of the tile that holds it) of the complete subtrees a range consists of."""
    while low < high:
        width = 1 << (high - low).bit_length() - 1
        yield low, width, (width.bit_length() - 1) // 8
        low += width
