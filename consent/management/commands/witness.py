"""manage.py witness: hand the latest checkpoint to the second parties of the setting WITNESSES."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.ledger.log.selectors import latest_checkpoint
from consent.ledger.log.witnesses import parties, witness_checkpoint


class Command(BaseCommand):
    """Does at once what otherwise happens every hour. Ends with 1 if a party did not take it."""

    help = "Send the log's latest checkpoint to the parties that keep it."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            known = parties()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if not known:
            raise CommandError(_("No witness is configured: set WITNESSES."))
        if (checkpoint := latest_checkpoint()) is None:
            raise CommandError(_("The log is empty: there is no checkpoint yet."))
        rows = witness_checkpoint(at=timezone.now())
        for row in rows:
            words = _("taken") if row.taken else _("not taken: %(answer)s") % {"answer": row.answer}
            self.stdout.write(f"{row.witness}: {words}")
        if not rows:
            words = _("Every witness has the checkpoint of %(size)s leaves.")
            self.stdout.write(words % {"size": checkpoint.tree_size})
        if not all(row.taken for row in rows):
            raise CommandError(_("Not every witness took the checkpoint. It is tried again within the hour."))
