"""Every read of contacts and of their changes."""

from datetime import datetime

from django.conf import settings

from accounts.contacts.models import ContactChange
from accounts.contacts.rules import digest_token, is_time_to_ask
from accounts.users.models import User


def undoable_change(token: str, *, at: datetime) -> ContactChange | None:
    """The change that the link of token takes back, while that is possible. One query."""
    open_ones = ContactChange.objects.filter(undone_at=None, undo_until__gt=at, user__closed_at=None)
    return open_ones.select_related("user").filter(undo_digest=digest_token(token)).first()


def asks_about_contacts(user: User, *, at: datetime) -> bool:
    """Whether user has not said for long that their contacts are still theirs. No query. Source: K119."""
    proven_at = (user.email_verified_at, user.phone_verified_at)
    months = settings.CONTACTS_CONFIRMED_MONTHS
    return is_time_to_ask(proven_at, user.contacts_confirmed_at, user.contacts_ask_after, months=months, at=at)


def contact_changes_of(user: User, *, limit: int = 50) -> list[ContactChange]:
    """How the contacts of user changed, newest first. One query."""
    return list(ContactChange.objects.filter(user=user).order_by("-at", "-pk")[:limit])
