"""The checking program against the vectors that Certificate Transparency publishes for RFC 6962 and RFC 9162, whose
trees are the same."""

from hashlib import sha256

import pytest

from tools.verify_receipt import NotProven, canonical, check_consistency, included_root

DATA = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAVES = [sha256(b"\0" + data).digest() for data in DATA]
ROOTS = {
    size: bytes.fromhex(root)
    for size, root in {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }.items()
}
A = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
B = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
C = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
D = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
E = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
F = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
G = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
H = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
J = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = {(0, 8): [B, C, D], (5, 8): [E, F, G], (2, 3): [H], (1, 5): [A, C, E], (0, 1): []}
CONSISTENCY = {(1, 8): [B, C, D], (6, 8): [J, F, G], (2, 5): [C, E], (1, 1): []}


def _hashes(path: list[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in path]


@pytest.mark.parametrize(("place", "path"), list(INCLUSION.items()))
def test_a_published_inclusion_proof_leads_to_the_published_root(place: tuple[int, int], path: list[str]) -> None:
    index, size = place

    assert included_root(LEAVES[index], index, size, _hashes(path)) == ROOTS[size]


@pytest.mark.parametrize(("place", "path"), list(INCLUSION.items()))
def test_an_inclusion_proof_for_another_place_does_not(place: tuple[int, int], path: list[str]) -> None:
    index, size = place

    for wrong in range(8):
        if wrong == index:
            continue
        try:
            root = included_root(LEAVES[index], wrong, size, _hashes(path))
        except NotProven:
            continue
        assert root != ROOTS[size]


@pytest.mark.parametrize(("sizes", "path"), list(CONSISTENCY.items()))
def test_a_published_consistency_proof_holds(sizes: tuple[int, int], path: list[str]) -> None:
    first, second = sizes

    check_consistency(first, ROOTS[first], second, ROOTS[second], _hashes(path))


@pytest.mark.parametrize(("sizes", "path"), list(CONSISTENCY.items()))
def test_a_consistency_proof_with_one_bit_changed_does_not(sizes: tuple[int, int], path: list[str]) -> None:
    first, second = sizes
    wrong = bytes([ROOTS[first][0] ^ 1]) + ROOTS[first][1:]

    with pytest.raises(NotProven):
        check_consistency(first, wrong, second, ROOTS[second], _hashes(path))


@pytest.mark.parametrize("path", [[], [C], [C, E, E], [E, C]])
def test_a_consistency_proof_of_another_shape_does_not(path: list[str]) -> None:
    with pytest.raises(NotProven):
        check_consistency(2, ROOTS[2], 5, ROOTS[5], _hashes(path))


def test_names_are_sorted_as_rfc_8785_shows() -> None:
    shown = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}

    assert [int(digit) for digit in canonical(shown).decode() if digit in "234567"] == [2, 4, 6, 7, 5, 3]


def test_strings_are_escaped_as_rfc_8785_shows() -> None:
    shown = '\u20ac$\x0f\nA\'B"\\\\"/'

    assert canonical(shown) == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@pytest.mark.parametrize("value", [1.5, 2**53, -(2**60)])
def test_a_number_that_no_receipt_has_is_refused(value: float) -> None:
    with pytest.raises(NotProven):
        canonical([value])
