"""How an export is written so that no spreadsheet computes it and no archive lies about a name."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

# A cell that begins so is computed by spreadsheets (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it some spreadsheets take Chinese for something else
Row = Sequence[Any]
ROWS_A_PIECE = 500
_encode = DjangoJSONEncoder(ensure_ascii=False).encode


def json_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """A JSON array of objects, one a line, piece by piece."""
    before = "["
    for piece in _pieces(rows):
        yield (before + "\n" + ",\n".join(_encode(dict(zip(columns, row, strict=True))) for row in piece)).encode()
        before = ","
    yield b"[]\n" if before == "[" else b"\n]\n"


def csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """The same as CSV (RFC 4180), piece by piece."""
    yield (BYTE_ORDER_MARK + _written([columns])).encode()
    for piece in _pieces(rows):
        yield _written(piece).encode()


def cell(value: Any) -> str:
    """A value as text that no spreadsheet computes."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else _encode(value).strip('"')
    return f"'{text}" if text.startswith(FORMULA) else text


def _written(rows: Iterable[Row]) -> str:
    written = StringIO()
    # Every cell in quotes: a spreadsheet that separates by semicolons would find another one in a value.
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while piece := list(islice(remaining, ROWS_A_PIECE)):
        yield piece
