"""The difference of two texts, to the character, cut so that a person can read it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

from diff_match_patch import diff_match_patch

Span = tuple[Literal["equal", "insert", "delete"], str]

_OPS: Final[dict[int, Literal["equal", "insert", "delete"]]] = {-1: "delete", 0: "equal", 1: "insert"}
# A word or a number of another script stays whole (5 → 10, not 1 before a 0), as do a letter with its accents and an
# emoji with its joiners. A Chinese character stands alone.
_TOKEN = re.compile(r"[0-9０-９]+|[A-Za-z\u00c0-\u024f]+|.", re.DOTALL)
_JOINER: Final = "\u200d"
_SPARE = range(0xF0000, 0x10FFFE)


def compare_texts(old: str, new: str) -> tuple[Span, ...]:
    """What was deleted and inserted. Equal and inserted parts together are `new`, equal and deleted ones `old`."""
    if old == new:
        return (("equal", old),) if old else ()
    if not old or not new:
        return (("insert", new),) if new else (("delete", old),)
    book = _Codebook()
    differ = diff_match_patch()
    differ.Diff_Timeout = 1.0  # then it settles for a longer difference, which is as exact
    diffs = differ.diff_main(book.encoded(old), book.encoded(new), False)
    differ.diff_cleanupSemantic(diffs)
    return _merged([(_OPS[op], book.decoded(text)) for op, text in diffs])


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """Neighbours of the same kind as one, and a deletion before the insertion that replaces it."""
    result: list[Span] = []
    for op, text in spans:
        if not text:
            continue
        if result and result[-1][0] == op:
            result[-1] = (op, result[-1][1] + text)
        elif len(result) > 1 and op == "delete" and result[-1][0] == "insert" and result[-2][0] == "delete":
            result[-2] = ("delete", result[-2][1] + text)
        elif op == "delete" and result and result[-1][0] == "insert":
            result.insert(-1, (op, text))
        else:
            result.append((op, text))
    return tuple(result)


class _Codebook:
    """Writes each token as one character, so that no difference can cut through it.

    A single character stands for itself, unless it is one of those that stand for longer tokens.
    """

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    def encoded(self, text: str) -> str:
        return "".join(self._code(token) for token in _tokens(text))

    def decoded(self, codes: str) -> str:
        return "".join(self._tokens.get(code, code) for code in codes)

    def _code(self, token: str) -> str:
        if len(token) == 1 and ord(token) < _SPARE.start:
            return token
        if token not in self._codes:
            code = chr(_SPARE[len(self._codes)])
            self._codes[token], self._tokens[code] = code, token
        return self._codes[token]


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if tokens and (_clings(piece) or tokens[-1].endswith(_JOINER)):
            tokens[-1] += piece
        else:
            tokens.append(piece)
    return tokens


def _clings(piece: str) -> bool:
    """Whether a character belongs to the one before it: an accent, a variation or skin tone, a joiner."""
    first = piece[0]
    return first == _JOINER or unicodedata.category(first) in ("Mn", "Me") or "\U0001f3fb" <= first <= "\U0001f3ff"
