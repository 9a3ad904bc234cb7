"""Whose contact it is."""

from django.db.models import Q, QuerySet

from accounts.users.models import User
from accounts.users.rules import Contact


def holders_of(contact: Contact) -> QuerySet[User]:
    """The account that may be entered by contact, none or one.

    A contact counts where it is proven, or where the account has proven none yet (staff accounts start so). An
    unproven one beside a proven one opens nothing: it may be a slip of the pen, and somebody else's (K14).
    """
    is_proven = Q(**{f"{contact.kind}_verified_at__isnull": False})
    has_proven_none = Q(email_verified_at=None, phone_verified_at=None)
    return User.objects.filter(is_proven | has_proven_none, **contact.as_fields())
