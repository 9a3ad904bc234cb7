"""`manage.py rotate_keys`: seals anew under the first key of FIELD_KEY whatever lies under an older one."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from accounts.sealing.rotation import Batch, SealedFiles, SealedTable, sealed_tables

SHOW_SECONDS = 1.0
MOST_PASSES = 3
MOST_NAMED = 20  # of the rows of a table that cannot be opened
MOST_TRIES = 5
DEADLOCK = "40P01"


class Command(BaseCommand):
    """Works while the site runs, and goes on where a killed run stopped. First put the new key in front in FIELD_KEY
    of every process and restart them; once this command ends well, the old key can go. Only sessions are not sealed
    anew: whoever is signed in under the old key stays so until it goes."""

    help = "Seal anew what lies under an older key of FIELD_KEY. Can be stopped and started again at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows that are locked together (default: 500)")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for _pass in range(MOST_PASSES):
            tables = [(table, count) for table in sealed_tables() if (count := table.count_waiting())]
            if not tables:
                break
            broken = sum(self._rotate(table, count, options["batch"]) for table, count in tables)
        left = sum(table.count_waiting() for table in sealed_tables())
        if broken:
            raise CommandError(f"{broken} rows are sealed under a key that FIELD_KEY does not name, or are damaged.")
        if left:
            raise CommandError(f"{left} rows are still under an older key: some process goes on sealing with it.")
        self.stdout.write(self.style.SUCCESS("Everything is sealed under the first key."))

    def _rotate(self, table: SealedTable | SealedFiles, count: int, size: int) -> int:
        """How many rows could not be opened."""
        done, broken, last = 0, 0, None
        shown = time.monotonic()
        while True:
            batch = _patiently(table, last, size)
            if batch.last is None:
                break
            for key in batch.broken[: max(0, MOST_NAMED - broken)]:
                self.stderr.write(f"{table}: {key} cannot be opened")
            last, done, broken = batch.last, done + batch.sealed, broken + len(batch.broken)
            if time.monotonic() - shown > SHOW_SECONDS:
                shown = time.monotonic()
                self._show(table, done, count)
        self._show(table, done, count)
        return broken

    def _show(self, table: SealedTable | SealedFiles, done: int, count: int) -> None:
        self.stdout.write(f"{table}: {done:,} of {max(done, count):,}")
        self.stdout.flush()


def _patiently(table: SealedTable | SealedFiles, last: Any, size: int) -> Batch:
    """A batch, once more where PostgreSQL ended it because two waited for each other."""
    tries = 0
    while True:
        try:
            return table.rotate(last, size)
        except OperationalError as error:
            tries += 1
            if tries == MOST_TRIES or getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
