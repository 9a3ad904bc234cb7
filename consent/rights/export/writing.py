"""Writing an export: one ZIP file that is never whole in memory nor in clear on a disk.

The file goes piece by piece, each sealed, into the table of parts. Whoever holds the newest token writes; a worker that
was killed loses its lease, and the next one begins again.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from accounts.sealing.rules import opened_bytes, seal_bytes
from consent.ledger.log.errors import LogBroken
from consent.ledger.models import ConsentEvent
from consent.ledger.receipts.errors import PersonErased
from consent.ledger.receipts.selectors import receipt_for
from consent.rights.export.models import Export, ExportPart
from consent.rights.export.rules import csv_lines, json_lines
from consent.rights.export.sections import SECTIONS, Section, events_of

PART_BYTES = 1024 * 1024
LEASE = timedelta(minutes=4)  # longer than a task may run
PIECES_BETWEEN = 40  # two notes of progress, of 500 rows each
MOST_RECEIPTS = 1_000  # the newest; each costs a signature and a proof. The others are on the portal's page
FILES = 2 * len(SECTIONS) + 2  # JSON and CSV, the receipts, the page


class PenLost(Exception):
    """Another worker writes this export now."""


class Written(NamedTuple):
    """What the page in the file says of a section."""

    section: Section
    rows: int

    @property
    def json(self) -> str:
        """Where the list is in the ZIP file."""
        return f"json/{self.section.name}.json"

    @property
    def csv(self) -> str:
        """The same for a spreadsheet."""
        return f"csv/{self.section.name}.csv"


class SealedParts:
    """A file that can only be written: sealed parts of one export."""

    def __init__(self, export: Export) -> None:
        self.export, self.number, self.size = export, 0, 0
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:
        self._waiting += content
        while len(self._waiting) >= PART_BYTES:
            self._store(PART_BYTES)
        return len(content)

    def flush(self) -> None:
        """Nothing: only whole parts are stored before the end."""

    def end(self) -> None:
        """Store the rest."""
        if self._waiting:
            self._store(len(self._waiting))

    def _store(self, count: int) -> None:
        content = seal_bytes(bytes(self._waiting[:count]), label_of(self.export, self.number))
        token = self.export.token
        ExportPart.objects.create(export=self.export, token=token, number=self.number, content=content)
        del self._waiting[:count]
        self.number += 1
        self.size += count


def label_of(export: Export, number: int) -> str:
    """What is authenticated with a part: it opens in no other place, and in no other export."""
    return f"consent_exportpart.content:{export.pk}:{number}"


def write_export(export: Export) -> int:
    """Write everything; the number of octets. Raises PenLost if another worker has taken the export over."""
    with translation.override(export.language):
        parts = SealedParts(export)
        with zipfile.ZipFile(parts, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
            _write_files(archive, export)
        parts.end()
    return parts.size


def read_parts(export: Export) -> Iterator[bytes]:
    """The ZIP file, part by part."""
    parts = ExportPart.objects.filter(export=export, token=export.token).order_by("number")
    for part in parts.iterator(chunk_size=1):
        yield opened_bytes(part.content, label_of(export, part.number))


def _write_files(archive: zipfile.ZipFile, export: Export) -> None:
    user, written, done = export.user, [], 0
    for section in SECTIONS:
        counted = _Counted(section, user)
        _write(archive, export, f"json/{section.name}.json", json_lines(section.columns, counted))
        _write(archive, export, f"csv/{section.name}.csv", csv_lines(section.columns, section.rows(user)))
        written.append(Written(section, counted.count))
        done += 2
        _note_progress(export, done)
    receipts = _write_receipts(archive, export, user)
    _note_progress(export, done + 1)
    context = {"export": export, "written": written, "receipts": receipts, "person": user, "at": timezone.now()}
    _write(archive, export, "index.html", [render_to_string("export/index.html", context).encode()])
    _note_progress(export, FILES)


def _write_receipts(archive: zipfile.ZipFile, export: Export, user: User) -> int:
    newest: Iterable[ConsentEvent] = events_of(user).order_by("-at", "-id")[:MOST_RECEIPTS]
    count = 0
    for number, event in enumerate(newest, 1):
        with suppress(PersonErased, LogBroken):  # what cannot be vouched for is left out, and the events still say it
            receipt = receipt_for(event)
            _write(archive, export, f"receipts/{receipt.file_name}.json", [receipt.as_json().encode()])
            count += 1
        if number % 100 == 0:
            _note_progress(export, 2 * len(SECTIONS))
    return count


class _Counted:
    """The rows of a section, counted as they go by."""

    def __init__(self, section: Section, user: User) -> None:
        self.section, self.user, self.count = section, user, 0

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        for row in self.section.rows(self.user):
            self.count += 1
            yield tuple(row)


def _write(archive: zipfile.ZipFile, export: Export, name: str, content: Iterable[bytes]) -> None:
    entry = zipfile.ZipInfo(name, date_time=_zip_time(export.asked_at))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        for number, piece in enumerate(content, 1):
            file.write(piece)
            if number % PIECES_BETWEEN == 0:
                _note_progress(export, export.done)


def _zip_time(at: datetime) -> tuple[int, int, int, int, int, int]:
    local = timezone.localtime(at)
    return (local.year, local.month, local.day, local.hour, local.minute, local.second)


def _note_progress(export: Export, done: int) -> None:
    """Say how far it is, and go on holding the pen. Raises PenLost."""
    now = timezone.now()
    mine = Export.objects.filter(pk=export.pk, token=export.token)
    if not mine.update(done=done, lease_until=now + LEASE):
        raise PenLost
    export.done = done
