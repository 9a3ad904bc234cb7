"""manage.py forget_devices: for somebody who lost the phone, the passkey and the paper, and was recognised by staff."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.audit.rules import SYSTEM
from accounts.otp.enrolment import forget_devices, make_enrolment_code
from accounts.users.rules import parse_contact
from accounts.users.selectors import holders_of


class Command(BaseCommand):
    """The person is told at every contact, and then has only these to prove with."""

    help = "Remove every authenticator app, passkey and recovery code of a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contact", help="their e-mail address or mobile number")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = holders_of(parse_contact(options["contact"])).first()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if user is None:
            raise CommandError("Nobody has this address or number.")
        at = timezone.now()
        count = forget_devices(user, actor=SYSTEM, at=at)
        self.stdout.write(self.style.SUCCESS(f"User {user.pk}: {count} devices removed, and told so."))
        if user.is_staff:
            code = make_enrolment_code(user, actor=SYSTEM, at=at)
            self.stdout.write(f"Hand this over yourself; it adds their next authenticator app or passkey: {code}")
