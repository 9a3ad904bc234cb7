"""`manage.py grant_role EMAIL_OR_PHONE ROLE [--name NAME] [--withdraw]`: who may do which work."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.audit.rules import SYSTEM
from accounts.otp.enrolment import make_enrolment_code
from accounts.staff.actions import grant_role, open_staff_account, withdraw_role
from accounts.staff.models import Role
from accounts.users.rules import parse_contact


class Command(BaseCommand):
    """Opens the staff account if it is new; the person signs in by a code to that contact, and adds their first device
    by a code that is printed here, for whoever runs this to hand over."""

    help = "Gives a role to a member of staff, or takes it away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("contact", metavar="EMAIL_OR_PHONE")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--name", default="")
        parser.add_argument("--withdraw", action="store_true", help="take the role away")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            contact = parse_contact(options["contact"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        role, at = Role(options["role"]), timezone.now()
        with transaction.atomic():
            user = open_staff_account(contact, name=options["name"], actor=SYSTEM, at=at)
            change = withdraw_role if options["withdraw"] else grant_role
            change(user, role, actor=SYSTEM, at=at)
            code = None if options["withdraw"] else make_enrolment_code(user, actor=SYSTEM, at=at)
        self.stdout.write(f"{role.label}: {'withdrawn from' if options['withdraw'] else 'granted to'} {user}")
        if code:
            self.stdout.write(f"Hand this over yourself; it adds their first authenticator app or passkey: {code}")
        elif not options["withdraw"]:
            self.stdout.write("They have a device or codes of their own; forget_devices takes these away.")
