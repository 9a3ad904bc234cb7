"""What a person is told about their account without having asked."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override, pgettext

from accounts.devices.models import SignIn
from accounts.devices.rules import whom_to_tell
from accounts.notices.actions import tell
from accounts.users.models import User


def tell_of_sign_in(user: User, sign_in: SignIn, *, at: datetime) -> None:
    """When, from which browser and place, what was unusual, and where to say that it was not them."""
    with override(user.language):
        parameters = {
            "at": date_format(timezone.localtime(sign_in.at), "DATETIME_FORMAT"),
            "browser": sign_in.browser_words,
            "place": sign_in.place,
            "where": sign_in.where_words,
            "unusual": pgettext("between items", ", ").join(sign_in.risk_labels),
            "url": settings.BASE_URL + reverse("sign_ins:not_me", args=[sign_in.pk]),
            "lock_url": settings.BASE_URL + reverse("compromise:report"),
        }
    tell(user, "new_sign_in", parameters, contacts=whom_to_tell(user.contacts, sign_in.way), at=at)


def tell_locked(user: User, *, at: datetime) -> None:
    """That nobody gets in any more, and that we are in touch."""
    _tell_everywhere(user, "account_locked", at)


def tell_unlocked(user: User, *, at: datetime) -> None:
    """That one can sign in again."""
    _tell_everywhere(user, "account_unlocked", at)


def _tell_everywhere(user: User, event: str, at: datetime) -> None:
    with override(user.language):
        parameters = {
            "at": date_format(timezone.localtime(at), "DATETIME_FORMAT"),
            "url": settings.BASE_URL + reverse("account_login"),
        }
    proven = [contact for contact in user.contacts if contact.is_proven]
    tell(user, event, parameters, contacts=proven, at=at)
