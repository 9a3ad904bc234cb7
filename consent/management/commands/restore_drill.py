"""manage.py restore_drill: try a restored backup; then keep the outcome in the portal itself."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.audit.rules import SYSTEM
from consent.rights.leaving.drill import DrillReport, drill, note_drill


class Command(BaseCommand):
    """Ends with 1 where the copy could not take the portal's place. docs/backups.md says how a drill goes."""

    help = "Try a restored copy and write a report, or keep such a report in the portal's own trail."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--report", type=Path, metavar="FILE", help="at the restored copy: where to write the report")
        what.add_argument("--note", type=Path, metavar="FILE", help="at the portal: the report to keep")
        parser.add_argument("--journal", action="append", type=Path, metavar="FILE", help="as for replay_erasures")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["note"]:
            return self._note(options["note"])
        report = drill(options["journal"] or [], processes=os.cpu_count() or 1, at=timezone.now())
        text = json.dumps(asdict(report), indent=1)
        options["report"].write_text(text + "\n", encoding="utf-8")
        if report.problem:
            raise CommandError(f"This copy could not take the portal's place: {report.problem}.")
        self.stdout.write(self.style.SUCCESS(text))
        return None

    def _note(self, path: Path) -> None:
        try:
            report = DrillReport.read(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
        note_drill(report, actor=SYSTEM, at=timezone.now())
        self.stdout.write(self.style.SUCCESS(f"Kept: {report.problem or 'no problem'}."))
