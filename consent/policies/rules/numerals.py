"""Reads and writes the numerals that clause labels are printed in: 十二, １２, xii, l, ⑫."""

from __future__ import annotations

from typing import Literal

Kind = Literal["chinese", "digit", "wide", "roman", "ROMAN", "alpha", "ALPHA", "sign"]

CHINESE = "〇零一二三四五六七八九十百廿壹贰叁肆伍陆柒捌玖拾"
_UNITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {c: i for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")}
_POWERS = {"十": 10, "拾": 10, "百": 100}
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")

# Signs that are a number in themselves: first sign, value of the first, how many follow one another.
SIGN_RUNS = (
    ("①", 1, 20), ("㉑", 21, 15), ("㊱", 36, 15), ("❶", 1, 10), ("⓫", 11, 10), ("➀", 1, 10), ("➊", 1, 10),
    ("⓵", 1, 10), ("⑴", 1, 20), ("⒈", 1, 20), ("㈠", 1, 10), ("㊀", 1, 10), ("⒜", 1, 26), ("ⓐ", 1, 26),
    ("Ⅰ", 1, 12), ("ⅰ", 1, 12),
)  # fmt: skip
SIGNS = {chr(ord(first) + i): value + i for first, value, count in SIGN_RUNS for i in range(count)}


def from_chinese(text: str) -> int | None:
    """The value of 一 to 九百九十九, in plain or banker's characters; None where it is no such numeral."""
    text = text.replace("廿", "二十")
    if text.startswith(("百", "零", "〇")):
        return None
    total, digit = 0, None
    last_power = 1000
    for character in text:
        if character in _POWERS:
            power = _POWERS[character]
            if power >= last_power or digit == 0:
                return None
            total += (1 if digit is None else digit) * power
            digit, last_power = None, power
        elif character in _UNITS:
            if digit:
                return None
            digit = _UNITS[character]
        else:
            return None
    return (total + (digit or 0)) or None


def to_chinese(value: int) -> str:
    """Plain characters for 1 to 999; digits beyond."""
    if not 0 < value < 1000:
        return str(value)
    names = "零一二三四五六七八九"
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    text = f"{names[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else names[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (names[ones] if ones else "")


def from_roman(text: str) -> int | None:
    """The value of a canonical Roman numeral below 400 in one case; None for anything else."""
    if text not in (text.lower(), text.upper()):
        return None
    rest, value = text.lower(), 0
    for worth, sign in _ROMAN:
        while rest.startswith(sign):
            rest, value = rest[len(sign) :], value + worth
    return value if value and not rest and to_roman(value) == text.lower() else None


def to_roman(value: int) -> str:
    """Lower-case Roman numeral of a positive number."""
    text = ""
    for worth, sign in _ROMAN:
        while value >= worth:
            text, value = text + sign, value - worth
    return text


def written(value: int, kind: Kind) -> str:
    """A positive number as the given kind of numeral; digits where the kind has none for it."""
    match kind:
        case "chinese":
            return to_chinese(value)
        case "wide":
            return str(value).translate(_WIDE)
        case "roman":
            return to_roman(value)
        case "ROMAN":
            return to_roman(value).upper()
        case "alpha" | "ALPHA" if value <= 26:
            return chr(ord("a" if kind == "alpha" else "A") + value - 1)
        case _:
            return str(value)
