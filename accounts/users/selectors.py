"""Whose contact it is."""

from django.db.models import Q, QuerySet

from accounts.devices.models import Browser
from accounts.devices.traces import Trace
from accounts.users.models import User
from accounts.users.rules import Contact


def holders_of(contact: Contact) -> QuerySet[User]:
    """The account that may be entered by contact, none or one.

    A contact counts where it is proven, or where the account has proven none yet (staff accounts start so). An
    unproven one beside a proven one opens nothing: it may be a slip of the pen, and somebody else's (K14).
    """
    is_proven = Q(**{f"{contact.kind}_verified_at__isnull": False})
    has_proven_none = Q(email_verified_at=None, phone_verified_at=None)
    return User.objects.naming(contact).filter(is_proven | has_proven_none)


def known_browser(contact: Contact, trace: Trace) -> bytes | None:
    """What stands for the browser of trace, if it signed in before as whoever has contact; one query in any case."""
    rows = Browser.objects.filter(user__in=holders_of(contact)).values_list("user_id", "token_digest")
    digests = ((trace.digest(User(pk=user_id)), bytes(digest)) for user_id, digest in rows)
    return next((own for own, kept in digests if own == kept), None)
