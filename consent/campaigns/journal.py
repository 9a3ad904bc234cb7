"""A write-ahead file for one hold: it narrows what a crash leaves in doubt from a batch to the open connections.

A line `D subject` is written before the bytes that may make a receiver accept, `R subject outcome words` after its
answer. What was written survives kill -9 of the process. It does not survive a power cut, therefore the first line
names the boot: after another one, a missing D proves nothing, while an R still does. The lock on the file tells
whether its writer lives; no clock takes part.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from consent.campaigns.results import Outcome, Result, one_line


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""  # equal to nothing: without a boot id a missing line never proves anything


class Journal:
    """One hold's file in DELIVERY_JOURNAL_DIR. Without such a folder nothing is written: a crash then leaves a whole
    batch unknown instead of a message per connection."""

    def __init__(self, shard: int, token: int) -> None:
        self._file: int | None = None
        if not settings.DELIVERY_JOURNAL_DIR:
            return
        folder = Path(settings.DELIVERY_JOURNAL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{shard}-{token}.log"
        unnamed = self._path.with_suffix(".new")
        self._file = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._write(f"H {_boot()}\n")
        os.rename(unnamed, self._path)  # whoever sees the name sees the lock and the first line

    def offering(self, subjects: Iterable[int]) -> None:
        """Must return before the bytes that can lead to acceptance leave the process. Any thread."""
        self._write("".join(f"D {subject}\n" for subject in subjects))

    def answered(self, results: Iterable[Result]) -> None:
        """Notes what is known. Any thread."""
        self._write("".join(f"R {r.subject} {r.outcome} {one_line(r.words)}\n" for r in results))

    def close(self) -> None:
        """Removes the file. Call it only after PostgreSQL has committed everything that the file says."""
        if self._file is not None:
            self._path.unlink()
            self.abandon()

    def abandon(self) -> None:
        """Leaves the file to be replayed, as if this process had died. No thread may still be sending."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, lines: str) -> None:
        if self._file is not None and lines:
            os.write(self._file, lines.encode("utf-8", "replace"))


@dataclass(frozen=True)
class Orphan:
    """What a dead process's journal says. complete: a subject that it does not name was not offered."""

    shard: int
    token: int
    offered: frozenset[int]
    answered: dict[int, Result]
    complete: bool

    def result(self, subject: int) -> Result:
        """What is known of a delivery that was marked under the journal's token."""
        if subject in self.answered:
            return self.answered[subject]
        if subject in self.offered or not self.complete:
            return Result(subject, Outcome.UNKNOWN, "the worker died before the answer")
        return Result(subject, Outcome.RETURNED)


def orphans() -> Iterator[Orphan]:
    """The journals of dead processes of this machine. Each is removed when the loop comes back for the next one, so
    it stays where settling it failed. Of two at once, each journal goes to one."""
    if not settings.DELIVERY_JOURNAL_DIR:
        return
    for path in sorted(Path(settings.DELIVERY_JOURNAL_DIR).glob("*.log")):
        with suppress(FileNotFoundError, BlockingIOError):
            file = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file).st_nlink == 0:  # settled by another process between open and lock
                    continue
                yield _parse(path)
                path.unlink()
            finally:
                os.close(file)


def _parse(path: Path) -> Orphan:
    shard, token = path.stem.split("-")
    offered: set[int] = set()
    answered: dict[int, Result] = {}
    first, *lines = path.read_text("utf-8", "replace").split("\n")[:-1]  # a torn last line was not followed by a send
    complete = first == f"H {_boot()}" and bool(_boot())
    for line in lines:
        try:
            kind, subject, *rest = line.split(" ", 3)
            if kind == "R":
                answered[int(subject)] = Result(int(subject), Outcome(rest[0]), "".join(rest[1:]))
            offered.add(int(subject))
        except (ValueError, IndexError):  # a full disk cut a line
            complete = False
    return Orphan(int(shard), int(token), frozenset(offered), answered, complete)
