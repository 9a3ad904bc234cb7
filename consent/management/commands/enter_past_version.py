"""`manage.py enter_past_version --policy SLUG --in-force-from DAY [--published-at DAY]`: words of earlier days."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.rules import SYSTEM
from consent.management.instants import instant
from consent.policies.models import Policy, PolicyVersion
from consent.policies.publication import NotPublishable, enter_past_version
from consent.policies.selectors import draft_of


class Command(BaseCommand):
    """Freezes a policy's draft as a version that was in force already; nobody is told."""

    help = "Enter a policy's draft as a version that was in force before; docs/import.md says when."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--policy", required=True, help="short name of the policy")
        parser.add_argument("--in-force-from", type=instant, required=True, help="when it took effect, ISO 8601")
        parser.add_argument("--published-at", type=instant, help="when it was published; if not given, the same")

    def handle(self, *args: Any, **options: Any) -> None:
        effective_at = options["in_force_from"]
        try:
            version = enter_past_version(
                _draft(options["policy"]),
                published_at=options["published_at"] or effective_at,
                effective_at=effective_at,
                actor=SYSTEM,
                at=timezone.now(),
            )
        except NotPublishable as error:
            raise CommandError("\n".join(str(problem.message) for problem in error.problems)) from error
        message = _("%(policy)s, version %(number)s: in force from %(at)s. Nobody was told.")
        values = {
            "policy": options["policy"],
            "number": version.number,
            "at": timezone.localtime(effective_at).isoformat(),
        }
        self.stdout.write(self.style.SUCCESS(message % values))


def _draft(slug: str) -> PolicyVersion:
    """Raises CommandError where there is no such policy, or it has no draft."""
    policy = Policy.objects.filter(slug=slug).first()
    if policy is None:
        raise CommandError(_("There is no policy %(slug)s.") % {"slug": slug})
    draft = draft_of(policy)
    if draft is None:
        raise CommandError(_("%(slug)s has no draft. Bring its text in with import_policy first.") % {"slug": slug})
    return draft
