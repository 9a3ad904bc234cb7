"""The tree against published vectors, and proofs of every size against the definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.ledger.log.rules.merkle import (
    EMPTY_ROOT,
    Frontier,
    InnerHashes,
    ProofError,
    check_consistency,
    consistency_ranges,
    grow,
    included_root,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    range_hash,
    root_of,
    root_of_edge,
)

# The leaves and roots that Certificate Transparency published with RFC 6962.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
VECTORS = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
PATHS = {  # (leaf, size): of the same publication
    (0, 8): ("96a296d2", "5f083f0a", "6b47aaf2"),
    (5, 8): ("bc1a0643", "ca854ea1", "d37ee418"),
}
MANY = [leaf_hash(b"%d" % number) for number in range(70_000)]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def tree_of(leaves: list[bytes], step: int = 1000) -> "Tree":
    tree = Tree()
    for start in range(0, len(leaves), step):
        tree.add(leaves[start : start + step])
    return tree


class Tree:
    """Full tiles and an edge, as the log stores them."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.edge: list[list[bytes]] = []

    def add(self, leaves: list[bytes]) -> None:
        tiles, self.edge = grow(self.size, self.edge, leaves)
        for tile in tiles:
            assert (tile.level, tile.n) not in self.tiles
            self.tiles[tile.level, tile.n] = tile.hashes
        self.size += len(leaves)

    def tile(self, level: int, n: int) -> InnerHashes:
        return InnerHashes(self.tiles.get((level, n)) or b"".join(self.edge[level]))


def test_the_published_roots_come_out() -> None:
    roots = [root_of(VECTORS[:size]).hex() for size in range(1, 9)]

    assert tuple(roots) == ROOTS


@pytest.mark.parametrize(("place", "begins"), PATHS.items())
def test_the_published_inclusion_paths_come_out(place: tuple[int, int], begins: tuple[str, ...]) -> None:
    index, size = place

    path = [range_hash(low, high, tree_of(VECTORS).tile) for low, high in inclusion_ranges(index, size)]

    assert tuple(each.hex()[:8] for each in path) == begins


def test_the_root_of_an_empty_tree_is_the_hash_of_nothing() -> None:
    assert root_of([]) == root_of_edge([]) == Frontier().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex().startswith("e3b0c442")


@pytest.mark.parametrize("size", [*range(1, 20), 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_000])
@pytest.mark.parametrize("step", [100, 7000])
def test_tiles_grown_in_batches_have_the_root_of_the_definition(size: int, step: int) -> None:
    tree = tree_of(MANY[:size], step)

    assert root_of_edge(tree.edge) == by_definition(MANY[:size])
    assert sorted(tree.tiles) == [(level, n) for level in range(3) for n in range(size >> 8 * (level + 1))]


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 1500), st.data())
def test_proofs_hold_at_every_size_and_break_with_any_hash(size: int, data: st.DataObject) -> None:
    tree, root = tree_of(MANY[:size]), by_definition(MANY[:size])
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))

    path = [range_hash(low, high, tree.tile) for low, high in inclusion_ranges(index, size)]
    consistency = [range_hash(low, high, tree.tile) for low, high in consistency_ranges(first, size)]

    assert included_root(MANY[index], index, size, path) == root
    check_consistency(first, by_definition(MANY[:first]), size, root, consistency)
    for proof in (path, consistency):
        if proof:
            proof[data.draw(st.integers(0, len(proof) - 1))] = bytes(32)
    assert not path or included_root(MANY[index], index, size, path) != root
    if consistency:
        with pytest.raises(ProofError):
            check_consistency(first, by_definition(MANY[:first]), size, root, consistency)


@pytest.mark.parametrize("index", [0, 255, 256, 65_535, 65_536, 69_999])
def test_a_proof_through_three_levels_of_tiles_holds(index: int) -> None:
    tree = tree_of(MANY, 9999)

    path = [range_hash(low, high, tree.tile) for low, high in inclusion_ranges(index, len(MANY))]

    assert included_root(MANY[index], index, len(MANY), path) == root_of_edge(tree.edge)


def test_a_frontier_has_the_root_of_every_size_on_the_way() -> None:
    frontier = Frontier()

    for size, each in enumerate(MANY[:600], 1):
        frontier.append(each)
        assert frontier.root() == root_of(MANY[:size])


@pytest.mark.parametrize(
    ("index", "size", "path", "words"),
    [
        (8, 8, [], "outside"),
        (0, 8, [bytes(32)] * 2, "short"),
        (0, 8, [bytes(32)] * 4, "long"),
    ],
)
def test_a_path_that_cannot_be_one_is_refused(index: int, size: int, path: list[bytes], words: str) -> None:
    with pytest.raises(ProofError, match=words):
        included_root(VECTORS[0], index, size, path)


def test_consistency_tells_a_fork_from_a_log_that_shrank() -> None:
    one, two = by_definition(VECTORS[:4]), by_definition(VECTORS)

    with pytest.raises(ProofError, match="shrunk"):
        check_consistency(8, two, 4, one, [])
    with pytest.raises(ProofError, match="two roots"):
        check_consistency(8, two, 8, one, [])
    with pytest.raises(ProofError, match="changed"):
        check_consistency(4, two, 8, two, [root_of(VECTORS[4:])])
    with pytest.raises(ProofError, match="empty"):
        check_consistency(4, one, 8, two, [])
