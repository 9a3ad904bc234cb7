"""The erasure journal: who was erased, in a table and in a file outside the database, without naming anybody.

A restored backup brings people back who had left. The file outlives the database, so that they can be found and erased
again. A line is `{"at": "2026-03-09T01:00:00+00:00", "mark": "64 hex digits"}`. The mark is an HMAC under INDEX_KEY of
the account's number and the instant at which it was opened: a number that a restored database gives out anew is
another account. Source: K69.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from accounts.models import User
from accounts.sealing.rules import index_key
from consent.rights.leaving.errors import NoJournal
from consent.rights.leaving.models import Erasure

FILE = "erasures.jsonl"
MARK_BYTES = 32


def mark_of(user: User) -> bytes:
    """32 bytes that stand for the account, and for no other that may get its number later."""
    opened_at = user.date_joined.astimezone(UTC).isoformat(timespec="microseconds")
    return hmac.digest(index_key(), f"assent/erasure/1:{user.pk}:{opened_at}".encode(), "sha256")


def note_erasure(mark: bytes, *, at: datetime) -> None:
    """Append it to the file, on the disk before this returns, and to the table. Twice is harmless.

    Raises NoJournal (500) where ERASURE_JOURNAL_DIR is not given or cannot be written: nothing is erased then.
    """
    _append(json.dumps({"at": at.astimezone(UTC).isoformat(), "mark": mark.hex()}))
    Erasure.objects.bulk_create([Erasure(mark=mark, at=at)], ignore_conflicts=True)


def erasures_in(path: Path) -> Iterator[tuple[bytes, datetime]]:
    """(mark, instant) of each whole line; one that a crash tore is passed over."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                said = json.loads(line)
                mark, at = bytes.fromhex(said["mark"]), datetime.fromisoformat(said["at"])
            except (ValueError, KeyError, TypeError):
                continue
            if len(mark) == MARK_BYTES and at.utcoffset() is not None:
                yield mark, at


def journal_path() -> Path:
    """Where the file is. Raises NoJournal (500) without a folder for it."""
    if not settings.ERASURE_JOURNAL_DIR:
        raise NoJournal
    return Path(settings.ERASURE_JOURNAL_DIR) / FILE


def _append(line: str) -> None:
    path = journal_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file).st_size
            # A line that a crash tore is ended first, or it would swallow this one.
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            os.write(file, (("\n" if torn else "") + line + "\n").encode())
            os.fsync(file)
            _sync_folder(path.parent)
        finally:
            os.close(file)
    except OSError as error:
        raise NoJournal(str(error)) from error


def _sync_folder(folder: Path) -> None:
    """So that a file that was just made is there after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
