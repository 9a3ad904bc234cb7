"""`manage.py import_consents FILE --controller SLUG [--format csv] [--report FILE]`: consents collected elsewhere."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.audit.rules import SYSTEM
from consent.ledger.transfer.actions import Batch, Counts, import_consents
from consent.ledger.transfer.lines import Format
from consent.ledger.transfer.refusals import Refusal
from consent.policies.models import Controller

SHOWN_REFUSALS = 20
CLEAR_LINE = "\r\x1b[K"  # a terminal's own


class Command(BaseCommand):
    """Imports what can be imported and names every line that cannot. To run it again adds nothing twice."""

    help = "Import consents that were collected elsewhere; docs/import.md describes the file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="NDJSON or CSV in UTF-8; - for standard input")
        parser.add_argument("--controller", required=True, help="short name of the company")
        parser.add_argument("--format", choices=list(Format), help="where the file's ending does not tell")
        parser.add_argument("--report", type=Path, help="where to write the refused lines, as NDJSON")

    def handle(self, *args: Any, **options: Any) -> None:
        controller = Controller.objects.filter(slug=options["controller"]).first()
        if controller is None:
            raise CommandError(_("There is no company %(slug)s.") % {"slug": options["controller"]})
        form = Format(options["format"] or ("csv" if options["file"].endswith(".csv") else "ndjson"))
        try:
            with _source(options["file"]) as stream, _report(options["report"]) as report:
                batches = import_consents(stream, form, controller.pk, actor=SYSTEM, at=timezone.now())
                counts = self._follow(batches, stream, report)
        except OSError as error:
            raise CommandError(f"{error.filename or options['report']}: {error.strerror}") from error
        message = _("%(new)s new, %(repeated)s repeated, %(refused)s refused.")
        self.stdout.write(message % {"new": counts.new, "repeated": counts.repeated, "refused": counts.refused})

    def _follow(self, batches: Iterator[Batch], stream: IO[bytes], report: IO[bytes] | None) -> Counts:
        size = os.fstat(stream.fileno()).st_size  # 0 for a pipe
        counts = Counts()
        for batch in batches:
            for place, refusal in enumerate(batch.refusals, counts.refused):
                if report:
                    report.write(json.dumps(refusal.as_json(), ensure_ascii=False).encode() + b"\n")
                elif place < SHOWN_REFUSALS:
                    self._tell(refusal)
            counts = batch.so_far
            self._show_progress(counts, stream.tell() / size if size else None)
        if self.stderr.isatty():
            self.stderr.write("")
        if counts.refused > SHOWN_REFUSALS and not report:
            self.stderr.write(_("… and more. --report FILE writes them all to a file."))
        return counts

    def _tell(self, refusal: Refusal) -> None:
        messages = refusal.as_json()["message"]
        sentence = messages.get(get_language(), messages["en"])
        begin = CLEAR_LINE if self.stderr.isatty() else ""
        self.stderr.write(begin + _("Line %(line)s: %(sentence)s") % {"line": refusal.line, "sentence": sentence})

    def _show_progress(self, counts: Counts, share: float | None) -> None:
        """share: of the file, 0 to 1; None where its size is not known."""
        if self.stderr.isatty():
            bar = "" if share is None else f"{'█' * int(share * 30):░<30} {share:4.0%} "
            done = counts.new + counts.repeated + counts.refused
            self.stderr.write(f"{CLEAR_LINE}{bar}{done:,}", style_func=str, ending="")


def _source(name: str) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb")


def _report(path: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    return path.open("wb") if path else nullcontext()
