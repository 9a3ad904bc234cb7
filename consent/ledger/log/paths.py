"""How tiles are numbered in addresses: 1234067 is x001/x234/067. Source: C2SP tlog-tiles."""

from __future__ import annotations


def tile_number(path: str) -> int | None:
    """The number that an address means; None where it is not written as it must be, in groups of three digits."""
    groups = [group.removeprefix("x") for group in path.split("/")]
    n = int("".join(groups))
    return n if tile_path(n) == path else None


def tile_path(n: int) -> str:
    """The address of a number."""
    groups = [f"{n % 1000:03}"]
    while n := n // 1000:
        groups.append(f"x{n % 1000:03}")
    return "/".join(reversed(groups))
