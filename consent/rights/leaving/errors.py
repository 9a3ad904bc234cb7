"""Why an account cannot be cancelled, or no longer kept, each with a sentence for people and a status for the API."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class LeavingError(Exception):
    """message: for people, in their language."""

    message: ClassVar[str | Promise]
    http_status: ClassVar[int] = 409


class ConditionsNotMet(LeavingError):
    """Something stands in the way (409)."""

    message = _("Something still stands in the way of cancelling. See “Whether you can cancel”.")


class AlreadyLeaving(LeavingError):
    """The account is being cancelled, or closed (409)."""

    message = _("This account is being cancelled already.")


class StaffStays(LeavingError):
    """What staff did is evidence; an administrator takes the roles away first (409)."""

    message = _(
        "An account with staff roles cannot be cancelled here. Ask an administrator to take the roles away first."
    )


class TooFewProofs(LeavingError):
    """Two independent proofs, or one and the desk's (409). Source: K97; NIST SP 800-63B 4."""

    message = _("Two different proofs that it is you are needed.")


class NotUndoable(LeavingError):
    """The cooling-off period is over, or nothing is being cancelled (409)."""

    message = _("It is too late to undo this, or there is nothing to undo.")


class NoVault(LeavingError):
    """A law wants something kept, and this process does not reach the vault (500)."""

    message = _("The vault cannot be reached.")
    http_status = 500


class NoJournal(LeavingError):
    """The erasure journal cannot be written, and without it nothing is erased (500)."""

    message = _("The erasure journal cannot be written.")
    http_status = 500
