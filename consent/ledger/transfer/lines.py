"""Reading the lines of an import, NDJSON or CSV, one at a time. What a line means is decided by `rules`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated, Protocol

import msgspec

from consent.ledger.answers import TEXT_LENGTH
from consent.ledger.models import ConsentKind, ConsentStatus
from consent.ledger.transfer.refusals import Reason, Refusal, Refused

LONGEST_LINE = 16 * 1024  # bytes
_BOM = b"\xef\xbb\xbf"
_NAMED = re.compile(r"(missing required|unknown) field `([^`]*)`")
_PLACE = re.compile(r"`\$\.(\w+)`")
_CELL = r'(?:"[^"]*(?:""[^"]*)*"|[^",\r]*)'
_ROW = re.compile(f"{_CELL}(?:,{_CELL})*")  # csv takes a quotation mark inside an open cell, RFC 4180 does not
_UNKEEPABLE = re.compile("[\x00-\x1f\x7f]")  # control characters delimit lists on the way to PostgreSQL

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
        yield number, _understood(number, _from_json, octets)


def _read_csv(stream: ByteLines) -> Records:
    lines = _physical_lines(stream)
    number, header = next(lines, (0, None))
    if not number:
        return
    try:
        names = _checked_header(_cells(header))
    except Refused as refused:
        yield number, Refusal(number, refused.reason, refused.field)
        return
    for number, octets in lines:
        yield number, _understood(number, partial(_from_cells, names), octets)


def _from_json(octets: bytes | None) -> Line:
    return _decode_json(_whole(octets))


def _from_cells(names: Sequence[str], octets: bytes | None) -> Line:
    row = _cells(octets)
    if len(row) != len(names):
        raise Refused(Reason.NOT_CSV)
    # an empty cell is a field that was not given, except the purpose: the policy as a whole
    fields = {name: cell for name, cell in zip(names, row, strict=True) if cell or name == "purpose"}
    return msgspec.convert(fields, Line, strict=False)


def _cells(octets: bytes | None) -> list[str]:
    """A row is one line: no text that can be kept has a line break, so a stray quotation mark costs its own line alone
    and swallows no other. Raises Refused."""
    try:
        text = _whole(octets).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Refused(Reason.NOT_UTF8) from None
    if not _ROW.fullmatch(text):
        raise Refused(Reason.NOT_CSV)
    return next(csv.reader([text], strict=True))


def _whole(octets: bytes | None) -> bytes:
    if octets is None:
        raise Refused(Reason.TOO_LONG)
    return octets


def _understood(number: int, read: Callable[[bytes | None], Line], octets: bytes | None) -> Line | Refusal:
    try:
        line = read(octets)
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


def _checked_header(row: Sequence[str]) -> list[str]:
    """Raises Refused."""
    names = [name.strip() for name in row]
    if len(set(names)) < len(names):
        raise Refused(Reason.NOT_CSV)
    for name in names:
        if name not in _NAMES:
            raise Refused(Reason.UNKNOWN_FIELD, name[:40])
    for name in REQUIRED:
        if name not in names:
            raise Refused(Reason.MISSING_FIELD, name)
    return names


def _physical_lines(stream: ByteLines) -> Iterator[tuple[int, bytes | None]]:
    """Lines that are not blank, with their numbers; None instead of one that is too long, skipped in pieces."""
    number = 0
    while octets := stream.readline(LONGEST_LINE):
        number += 1
        whole = len(octets) < LONGEST_LINE or octets.endswith(b"\n")
        while len(octets) == LONGEST_LINE and not octets.endswith(b"\n"):
            octets = stream.readline(LONGEST_LINE)
        octets = octets.removeprefix(_BOM) if number == 1 else octets
        if not whole or octets.strip():
            yield number, octets if whole else None
