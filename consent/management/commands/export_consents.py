"""`manage.py export_consents --controller SLUG [--since DAY] [--until DAY] [--format csv] > FILE`: for auditors."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.rules import SYSTEM
from consent.ledger.transfer.actions import note_export
from consent.ledger.transfer.formats import written
from consent.ledger.transfer.lines import Format
from consent.ledger.transfer.selectors import exported_events
from consent.management.instants import instant
from consent.policies.models import Controller


class Command(BaseCommand):
    """Writes a company's events in the order of time, without anything that names a person."""

    help = "Export a company's events with their numbers in the log; docs/import.md describes the output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--controller", required=True, help="short name of the company")
        parser.add_argument("--since", type=instant, help="the first instant, ISO 8601; a day begins at midnight")
        parser.add_argument("--until", type=instant, help="the instant before which it ends")
        parser.add_argument("--format", choices=list(Format), default=Format.NDJSON)

    def handle(self, *args: Any, **options: Any) -> None:
        controller = Controller.objects.filter(slug=options["controller"]).first()
        if controller is None:
            raise CommandError(_("There is no company %(slug)s.") % {"slug": options["controller"]})
        note_export(controller.pk, actor=SYSTEM, at=timezone.now())
        events = exported_events(controller.pk, since=options["since"], until=options["until"])
        for portion in written(events, Format(options["format"])):
            self.stdout.write(portion.decode(), ending="")
