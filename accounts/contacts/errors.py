"""Why a contact was not changed."""

from django.utils.translation import gettext

from accounts.otp.errors import NoSuchChallenge


class ContactTaken(NoSuchChallenge):
    """Somebody else proved it meanwhile, or the account was closed. Said in the words of a code that no longer works,
    because whose contact it is is nobody else's business (HTTP 403)."""


class LastContact(Exception):
    """Without it nothing could be sent to the person, who could not come in again (HTTP 409)."""

    @property
    def message(self) -> str:
        return gettext("This is the only way to reach you. Add another contact first.")


class NotUndoable(Exception):
    """The link is unknown, used or too old, or the former contact belongs to somebody else by now (HTTP 410)."""
