"""manage.py verify_log: does the log still say what it said when it was signed?"""

import os
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from consent.ledger.log.misfits import Misfit
from consent.ledger.log.progress import Bar
from consent.ledger.log.verifying import Report, verify_log


class Command(BaseCommand):
    """Recomputes the log from the events. Ends with 0 where all fits, and with 1 at the first row that does not."""

    help = "Recompute the log from the events, and name the first row that does not fit."

    def add_arguments(self, parser: CommandParser) -> None:
        cores = os.cpu_count() or 1
        parser.add_argument("--processes", type=_positive, default=cores, help="how many do the work (one a core)")
        parser.add_argument("--from", type=_not_negative, default=0, dest="start", help="leaf to begin with")
        parser.add_argument(
            "--checkpoint", type=Path, help="an older checkpoint kept elsewhere, to find a rewritten log"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        bar, begun = Bar(self.stderr), time.monotonic()
        try:
            older = _read(options["checkpoint"])
            report = verify_log(
                processes=options["processes"], start=options["start"], older=older, on_progress=bar.show
            )
        except Misfit as misfit:
            bar.close()
            raise CommandError(str(misfit), returncode=1) from misfit
        bar.close()
        self._tell(report, time.monotonic() - begun, bool(older))

    def _tell(self, report: Report, seconds: float, continued: bool) -> None:
        values = {
            "checked": report.checked,
            "size": report.size,
            "checkpoints": report.checkpoints,
            "seconds": f"{seconds:.1f}",
        }
        words = _("%(checked)s of %(size)s leaves and %(checkpoints)s checkpoints fit (%(seconds)s s).")
        self.stdout.write(self.style.SUCCESS(words % values))
        if continued:
            self.stdout.write(_("The log continues the older checkpoint: nothing before it was changed."))
        if report.erased:
            words = _(
                "%(erased)s leaves are of people whose key was erased: what is private of them cannot be checked."
            )
            self.stdout.write(words % {"erased": report.erased})
        if report.renumbered:
            self.stdout.write(
                self.style.WARNING(_("Restored from a dump: seal first, then events without a leaf can be found too."))
            )


def _read(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number
