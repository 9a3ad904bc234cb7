"""Every mask of the portal beside those of contacts in accounts.users.rules: enough to recognise one's own, too little
to learn another's (K72)."""

import re

_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_STARS = "****"
LONG_NUMBER = 15  # from here on four characters at each end still leave most of it hidden


def mask_all(value: str) -> str:
    """Nothing of it, not even its length."""
    return _STARS if value else ""


def mask_name(name: str) -> str:
    """`陈小明` as `陈**`, `Alice Smith` as `A*** S***`; a single character is hidden altogether."""
    return " ".join(_mask_word(word) for word in name.split())


def mask_number(number: str) -> str:
    """`11010519491231002X` as `1101**********002X`, `E12345678` as `E******78`."""
    head, tail = (4, 4) if len(number) >= LONG_NUMBER else (1, 2)
    if len(number) <= head + tail + 2:
        return mask_all(number)
    return number[:head] + "*" * (len(number) - head - tail) + number[-tail:]


def mask_address(address: str) -> str:
    """The first third, at the most six characters: `南方市示例区示例路 8 号 3 单元 201` as `南方市示例区****`."""
    return address[: min(6, len(address) // 3)] + _STARS if address else ""


def _mask_word(word: str) -> str:
    if len(word) < 2:
        return "*"
    return word[0] + ("*" * (len(word) - 1) if _HAN.match(word) else "***")
