"""How texts in several languages and states of consent appear. Built in: templates need not load it."""

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

from consent.ledger.models import ConsentKind, ConsentStatus
from consent.policies.fields import localized

register = Library()
register.filter("localized", localized)

# Filled while in force, outlined while not, dashed while open, dotted once over. Colour never takes sides.
_LOOK = {
    ConsentStatus.REQUESTED: "due",
    ConsentStatus.DEFERRED: "due",
    ConsentStatus.GIVEN: "on",
    ConsentStatus.RENEWED: "on",
    ConsentStatus.REFUSED: "",
    ConsentStatus.WITHDRAWN: "",
    ConsentStatus.REVOKED: "past",
    ConsentStatus.EXPIRED: "past",
    ConsentStatus.INVALIDATED: "past",
}


@register.simple_tag
def seal(status: str, kind: str = "") -> SafeString:
    """The small seal of a state, with its word beside it. kind: says so where the consent was implied."""
    state = ConsentStatus(status)
    word = str(state.label)
    if kind == ConsentKind.IMPLIED:
        word = pgettext("state", "Accepted by continued use")
    return format_html('<span class="seal {}" data-c="{}">{}</span>', _LOOK[state], _character(state), word)


def _character(status: ConsentStatus) -> str:
    return {
        ConsentStatus.REQUESTED: pgettext("seal", "?"),
        ConsentStatus.DEFERRED: pgettext("seal of deferred", "?"),
        ConsentStatus.GIVEN: pgettext("seal", "✓"),
        ConsentStatus.RENEWED: pgettext("seal of renewed", "✓"),
        ConsentStatus.REFUSED: pgettext("seal", "–"),
        ConsentStatus.WITHDRAWN: pgettext("seal", "←"),
        ConsentStatus.REVOKED: pgettext("seal", "×"),
        ConsentStatus.EXPIRED: pgettext("seal", "…"),
        ConsentStatus.INVALIDATED: pgettext("seal of invalidated", "×"),
    }[status]
