"""An export as bytes: NDJSON, or CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

import msgspec

from consent.ledger.transfer.lines import Format
from consent.ledger.transfer.selectors import ExportedEvent

# A cell that begins so is computed by spreadsheets, by Chinese and Japanese ones also with the wide characters (OWASP,
# CSV injection). Control characters are never kept.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def written(portions: Iterable[list[ExportedEvent]], form: Format) -> Iterator[bytes]:
    """The events, portion by portion, in UTF-8."""
    return _csv(portions) if form is Format.CSV else map(msgspec.json.Encoder().encode_lines, portions)


def _csv(portions: Iterable[list[ExportedEvent]]) -> Iterator[bytes]:
    yield _rows([ExportedEvent.__struct_fields__])
    for events in portions:
        yield _rows(map(_cells, events))


def _cells(event: ExportedEvent) -> list[str]:
    texts = (_text(value) for value in msgspec.to_builtins(event).values())
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _rows(rows: Iterable[Iterable[str]]) -> bytes:
    written = StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
