"""What somebody who works here must have before the desk opens to them."""

from collections.abc import Mapping

from django.urls import reverse
from django.utils.functional import Promise
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


def desk_act(code: str, label: str | Promise, parameters: Mapping[str, str]) -> Act:
    """Something at the desk that needs a proof each time: by a device of one's own, since whoever sits down at an open
    desk may find an open mailbox beside it. Source: K31, K60; OWASP ASVS 7.5; NIST SP 800-63B 3.1.3."""
    return Act(code, label, parameters, ways=OWN_DEVICES)


def begin_work() -> Act:
    """What staff prove once in each session, with a device of their own."""
    return Act("desk.enter", gettext("work at the desk"), ways=OWN_DEVICES)
