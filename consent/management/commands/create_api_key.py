"""manage.py create_api_key --controller SLUG --name NAME --scope SCOPE …: prints the key, this once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.rules import SYSTEM
from consent.clients.actions import create_key
from consent.clients.forms import KeyForm
from consent.clients.models import Scope
from consent.policies.models import Controller


class Command(BaseCommand):
    """Gives a company's system a key."""

    help = "Create an API key and print it; nothing keeps it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--controller", required=True, help="short name of the company")
        parser.add_argument("--name", required=True, help="which system uses it")
        parser.add_argument("--scope", action="append", choices=Scope.values, help="repeat it; without it: everything")
        parser.add_argument("--requests-a-minute", type=int, default=6000)
        parser.add_argument("--last-day", help="YYYY-MM-DD; without it the key has no end")

    def handle(self, *args: Any, **options: Any) -> None:
        controller = Controller.objects.filter(slug=options["controller"]).first()
        if controller is None:
            raise CommandError(_("There is no company %(slug)s.") % {"slug": options["controller"]})
        form = KeyForm(options | {"scopes": options["scope"] or Scope.values})
        if not form.is_valid():
            raise CommandError(form.errors.as_text())
        _key, secret = create_key(
            controller,
            form.cleaned_data["name"],
            [Scope(code) for code in form.cleaned_data["scopes"]],
            requests_a_minute=form.cleaned_data["requests_a_minute"],
            expires_at=form.expires_at,
            actor=SYSTEM,
            at=timezone.now(),
        )
        self.stdout.write(secret)
