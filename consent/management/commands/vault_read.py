"""manage.py vault_read: what is kept of somebody who left, for an authority's query, by two of the staff together."""

from __future__ import annotations

import getpass
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.users.rules import parse_contact
from consent.rights.leaving.authority import Asked, NotTogether, read_for_authority
from consent.rights.leaving.errors import NoVault


class Command(BaseCommand):
    """Each of the two types in a code of their own authenticator app. Nothing is shown before the access is on file."""

    help = (
        "Show what the vault keeps of a person, for an authority. It takes two: a reviewer, and a reviewer or auditor."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--first", required=True, metavar="EMAIL", help="one of the staff")
        parser.add_argument("--second", required=True, metavar="EMAIL", help="another one")
        parser.add_argument(
            "--reason", required=True, help="such as the authority, the number and the date of its letter"
        )
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--contact", help="the person's e-mail address or mobile number")
        who.add_argument("--id-number", help="the number of their identity document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            kind, value = _person(options)
            asked = Asked(kind, value, options["reason"])
            staff = [(parse_contact(options[who]), self._token(options[who])) for who in ("first", "second")]
            records = read_for_authority(asked, staff[0], staff[1], at=timezone.now())
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        except (NotTogether, NoVault) as error:
            raise CommandError(str(error.message)) from error
        shown = [
            {
                "item": record.item,
                "rule": record.rule,
                "closed": record.closed_on,
                "due": record.due_on,
                "content": content,
            }
            for record, content in records
        ]
        self.stdout.write(json.dumps(shown, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))

    def _token(self, email: str) -> str:
        return getpass.getpass(f"Code of the authenticator app of {email}: ")


def _person(options: dict[str, Any]) -> tuple[str, str]:
    if options["id_number"]:
        return "id-number", options["id_number"].strip().upper()
    contact = parse_contact(options["contact"])
    return str(contact.kind), contact.value
