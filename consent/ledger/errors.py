"""What the ledger refuses to record, each with a sentence for the person and the status for the API."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class LedgerError(Exception):
    """message: for people, in their language. http_status: for the API."""

    message: ClassVar[str | Promise] = _("This could not be recorded.")
    http_status: ClassVar[int] = 400

    def __init__(self, detail: str = "") -> None:
        """detail: for the caller's developer, in English, without personal data."""
        super().__init__(detail or str(self.__class__.__name__))


class InvalidAnswers(LedgerError):
    """No answer, too many, one question twice, or a text that cannot be kept (400)."""

    message = _("These answers could not be read. Open the page again and answer once more.")


class UnknownPurpose(LedgerError):
    """The register of the version has no such purpose (422)."""

    message = _("This version does not ask that question.")
    http_status = 422


class NotAskable(LedgerError):
    """The purpose rests on law or contract, so nobody is asked (422)."""

    message = _("This purpose does not rest on your consent.")
    http_status = 422


class SeparateNeeded(LedgerError):
    """A yes to what must be asked apart counts only where the caller says that it was (422)."""

    message = _("This has to be asked by itself, apart from everything else.")
    http_status = 422


class UnknownRecipient(LedgerError):
    """The purpose names no such recipient in this version (422)."""

    message = _("This purpose names no such recipient.")
    http_status = 422


class ImpliedNotAllowed(LedgerError):
    """Continued use stands for a yes to the policy as a whole alone, and never where M2 or M3 changed (422)."""

    message = _("Continued use does not count as consent here.")
    http_status = 422


class VersionNotPublished(LedgerError):
    """There is no such version, or it is still a draft (409)."""

    message = _("This version has not been published.")
    http_status = 409


class NotTheirs(LedgerError):
    """The person, the version and the actor do not belong together; told as if nothing were there (404)."""

    message = _("There is nothing here.")
    http_status = 404


class SubjectClosed(LedgerError):
    """The person has left, and nothing more is recorded about them (409)."""

    message = _("This account has been closed.")
    http_status = 409


class IdempotencyConflict(LedgerError):
    """The key was used before for something else; nothing was written (409)."""

    message = _("This form has already been used for other answers. Open the page again.")
    http_status = 409


class NotWithdrawable(LedgerError):
    """Nothing is in force that could be withdrawn, or law decides and not consent (409)."""

    message = _("There is no consent here that could be withdrawn.")
    http_status = 409
