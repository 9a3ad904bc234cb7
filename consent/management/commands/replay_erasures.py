"""manage.py replay_erasures: after a backup was restored, erase again whoever had left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consent.rights.leaving.errors import LeavingError
from consent.rights.leaving.replay import replay


class Command(BaseCommand):
    """Run it before the portal is opened again. It needs DATABASE_VAULT_URL and VAULT_KEY, as the worker does."""

    help = "Erase again everybody who had left before the backup was restored. It can be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--journal",
            action="append",
            type=Path,
            metavar="FILE",
            help="a file of erasures; of several machines one each (default: that of ERASURE_JOURNAL_DIR)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            known, done_again = replay(options["journal"] or [], at=timezone.now())
        except OSError as error:
            raise CommandError(f"The journal cannot be read: {error}") from None
        except LeavingError as error:
            raise CommandError(f"Nothing more is erased: {error.message}") from error
        self.stdout.write(self.style.SUCCESS(f"{known} erasures in the journal, {done_again} done again."))
