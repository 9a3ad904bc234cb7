"""What somebody who works here must have before the desk opens to them."""

from django.urls import reverse
from django.utils.translation import gettext

from accounts.otp.pending import Act
from accounts.otp.rules import OWN_DEVICES
from accounts.otp.selectors import has_own_device
from accounts.users.models import User


def needs_authenticator(user: User) -> str | None:
    """Where to add an authenticator app or a passkey, for staff that have neither. Source: K60; OWASP ASVS 6.3."""
    if getattr(user, "otp_device", None) or has_own_device(user):
        return None
    return reverse("ways:ways")


def begin_work() -> Act:
    """What staff prove once in each session, with a device of their own."""
    return Act("desk.enter", gettext("work at the desk"), ways=OWN_DEVICES)
