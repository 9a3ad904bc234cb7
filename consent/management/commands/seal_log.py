"""manage.py seal_log: seal now everything that waits."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from consent.ledger.log.actions import seal_backlog
from consent.ledger.log.errors import LogBroken
from consent.ledger.log.progress import Bar
from consent.ledger.log.selectors import latest_checkpoint, waiting_events


class Command(BaseCommand):
    """Does at once what otherwise happens every few seconds."""

    help = "Seal every event that waits, and sign a checkpoint."

    def handle(self, *args: Any, **options: Any) -> None:
        waiting, done, bar = waiting_events(), 0, Bar(self.stderr)

        def show(sealed: int) -> None:
            nonlocal done
            done += sealed
            bar.show(done, max(waiting, done))

        try:
            sealed = seal_backlog(on_batch=show)
        except LogBroken as error:
            raise CommandError(_("Nothing was sealed: %(reason)s. Run verify_log.") % {"reason": error}) from error
        bar.close()
        latest = latest_checkpoint()
        values = {"sealed": sealed, "size": latest.tree_size if latest else 0}
        self.stdout.write(self.style.SUCCESS(_("%(sealed)s events sealed; the log has %(size)s leaves.") % values))
