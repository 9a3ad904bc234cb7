"""Reading the lines of an import, NDJSON or CSV, one at a time. What a line means is decided by `rules`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, Protocol

import msgspec

from consent.ledger.answers import TEXT_LENGTH
from consent.ledger.models import ConsentKind, ConsentStatus
from consent.ledger.transfer.refusals import Reason, Refusal, Refused

LONGEST_LINE = 16 * 1024  # bytes
_BOM = b"\xef\xbb\xbf"
_NAMED = re.compile(r"(missing required|unknown) field `([^`]*)`")
_PLACE = re.compile(r"`\$\.(\w+)`")
_UNKEEPABLE = re.compile("[\x00-\x1f\x7f]")  # control characters delimit lists on the way to PostgreSQL
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # what a byte that is no UTF-8 was read as

Text = Annotated[str, msgspec.Meta(max_length=TEXT_LENGTH)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_LENGTH)]


class Format(StrEnum):
    """csv: names of the columns in the first line, RFC 4180. ndjson: one JSON object a line."""

    NDJSON = "ndjson"
    CSV = "csv"


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """What one line says; docs/import.md describes the fields. An unknown field refuses the line: a misspelt
    recipient must not turn into consent to all recipients. For the same reason purpose has no default."""

    subject: Words
    policy: Words
    version: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
    purpose: Text
    status: ConsentStatus
    at: Words
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_LENGTH - 10)] | None = None
    kind: ConsentKind = ConsentKind.EXPLICIT
    language: Words | None = None
    recipient: Text = ""
    shown_sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Fa-f]{64}\Z")] | None = None

    def check_text(self) -> None:
        """Raises Refused if a text has characters that cannot be kept."""
        texts = (self.subject, self.policy, self.purpose, self.id or "", self.language or "", self.recipient)
        if _UNKEEPABLE.search("".join(texts)):
            names = ("subject", "policy", "purpose", "id", "language", "recipient")
            faulty = (name for name, text in zip(names, texts, strict=True) if _UNKEEPABLE.search(text))
            raise Refused(Reason.INVALID_VALUE, next(faulty))


class ByteLines(Protocol):
    """A file opened for bytes, standard input, or the body of a request."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or as much of it as fits into `size` bytes; empty at the end."""


Records = Iterator[tuple[int, Line | Refusal]]
REQUIRED = tuple(field.name for field in msgspec.structs.fields(Line) if field.required)
_NAMES = frozenset(Line.__struct_fields__)
_decode_json = msgspec.json.Decoder(Line).decode


def read_lines(stream: ByteLines, form: Format) -> Records:
    """Every line that is not blank, with its number from 1, or why it cannot be understood. UTF-8, with or without BOM.

    Holds one line at a time. Where the first line of a CSV file is refused, for it does not name the columns, nothing
    behind it is read.
    """
    return _read_csv(stream) if form is Format.CSV else _read_ndjson(stream)


def _read_ndjson(stream: ByteLines) -> Records:
    for number, octets in _physical_lines(stream):
        if octets is None:
            yield number, Refusal(number, Reason.TOO_LONG)
        elif octets.strip():
            yield number, _understood(number, _decode_json, octets)


def _read_csv(stream: ByteLines) -> Records:
    rows = csv.reader(_text_lines(stream), strict=True)
    header = next(_rows(rows), None)
    if header is None:
        return
    try:
        names = _checked_header(header[1])
    except Refused as refused:
        yield header[0], Refusal(header[0], refused.reason, refused.field)
        return
    for number, row in _rows(rows):
        if row is None or len(row) != len(names):
            yield number, Refusal(number, Reason.NOT_CSV)
        elif _HALF_CHARACTER.search("".join(row)):
            yield number, Refusal(number, Reason.NOT_UTF8)
        else:
            # an empty cell is a field that was not given, except the purpose: the policy as a whole
            fields = {name: cell for name, cell in zip(names, row, strict=True) if cell or name == "purpose"}
            yield number, _understood(number, _from_cells, fields)


def _from_cells(fields: dict[str, str]) -> Line:
    return msgspec.convert(fields, Line, strict=False)


def _understood(number: int, read: Callable[[Any], Line], source: object) -> Line | Refusal:
    try:
        line = read(source)
        line.check_text()
    except UnicodeDecodeError:
        return Refusal(number, Reason.NOT_UTF8)
    except Refused as refused:
        return Refusal(number, refused.reason, refused.field)
    except msgspec.DecodeError as error:
        return _refusal(number, str(error))
    return line


def _refusal(number: int, said: str) -> Refusal:
    """msgspec tells what is wrong with a value only in words."""
    if named := _NAMED.search(said):
        reason = Reason.UNKNOWN_FIELD if named[1] == "unknown" else Reason.MISSING_FIELD
        return Refusal(number, reason, named[2][:40])
    if place := _PLACE.search(said):
        return Refusal(number, Reason.INVALID_VALUE, place[1])
    return Refusal(number, Reason.NOT_JSON)


def _checked_header(row: Sequence[str] | None) -> list[str]:
    """Raises Refused."""
    names = [name.strip() for name in row or ()]
    if not names or len(set(names)) < len(names) or _HALF_CHARACTER.search("".join(names)):
        raise Refused(Reason.NOT_CSV)
    for name in names:
        if name not in _NAMES:
            raise Refused(Reason.UNKNOWN_FIELD, name[:40])
    for name in REQUIRED:
        if name not in names:
            raise Refused(Reason.MISSING_FIELD, name)
    return names


def _rows(rows: Any) -> Iterator[tuple[int, list[str] | None]]:
    """Each row that is not blank, with the number of its first line; None where quotation marks do not match."""
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:  # the reader goes on with the next line
            yield number, None
        else:
            if row:
                yield number, row


def _text_lines(stream: ByteLines) -> Iterator[str]:
    for _number, octets in _physical_lines(stream):
        yield "\x00\n" if octets is None else octets.decode(errors="surrogateescape")


def _physical_lines(stream: ByteLines) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their numbers; None instead of one that is too long, which is skipped in pieces."""
    number = 0
    while octets := stream.readline(LONGEST_LINE):
        number += 1
        whole = len(octets) < LONGEST_LINE or octets.endswith(b"\n")
        while len(octets) == LONGEST_LINE and not octets.endswith(b"\n"):
            octets = stream.readline(LONGEST_LINE)
        yield number, (octets.removeprefix(_BOM) if number == 1 else octets) if whole else None
