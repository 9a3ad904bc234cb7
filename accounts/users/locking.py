"""Holding a person's row while something about them is written."""

from django.core.exceptions import PermissionDenied

from accounts.users.models import User


class Gone(PermissionDenied):
    """The account was closed meanwhile (HTTP 403)."""


def hold(user: User) -> User:
    """The row of user as it is now, which nobody changes before this transaction ends.

    What is written of somebody under it is there before the last step of an erasure, which takes it away, or is not
    written at all. Raises Gone.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if row.closed_at:
        raise Gone
    return row
