"""Why there is no receipt."""

from django.utils.translation import gettext_lazy as _

from consent.ledger.errors import LedgerError


class PersonErased(LedgerError):
    """The person's key was destroyed: nothing can be issued about them any more (410)."""

    message = _("This person's information was erased, so no receipt can be issued any more.")
    http_status = 410


class NoConsentToState(LedgerError):
    """Kantara's receipt has no words for a refusal or a withdrawal, and must not pass one off as a consent (404)."""

    message = _("This form of receipt exists for consents that were given.")
    http_status = 404
