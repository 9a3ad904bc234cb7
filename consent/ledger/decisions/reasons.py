"""Why something is allowed or not: a code for systems, a sentence for people, and the rule behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.ledger.models import ConsentStatus


class Reason(StrEnum):
    """Codes that never change. Everything but the first two is a denial."""

    ALLOWED_BY_CONSENT = "allowed_by_consent"
    ALLOWED_BY_LAW = "allowed_by_law"
    NO_VERSION_IN_EFFECT = "no_version_in_effect"
    UNKNOWN_PURPOSE = "unknown_purpose"
    UNKNOWN_ITEM = "unknown_item"
    ITEM_NOT_IN_PURPOSE = "item_not_in_purpose"
    UNKNOWN_RECIPIENT = "unknown_recipient"
    RECIPIENT_NOT_IN_PURPOSE = "recipient_not_in_purpose"
    THIRD_PARTY_MARKETING = "third_party_marketing"
    MARKETING_NEEDS_CONSENT = "marketing_needs_consent"
    NEVER_SHARED = "never_shared"
    NO_ACTIVE_AGREEMENT = "no_active_agreement"
    UNKNOWN_SUBJECT = "unknown_subject"
    SUBJECT_CLOSED = "subject_closed"
    RESTRICTED = "restricted"
    MINOR_WITHOUT_GUARDIAN = "minor_without_guardian"
    NOT_ANSWERED = "not_answered"
    DEFERRED = "deferred"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    IMPLIED_NOT_ENOUGH = "implied_not_enough"
    SEPARATE_NEEDED = "separate_needed"
    RECIPIENT_NOT_ANSWERED = "recipient_not_answered"


@dataclass(frozen=True, slots=True)
class Explanation:
    """sentence: in the reader's language, translated when it is read. rule: requirement ids, law."""

    sentence: Promise
    rule: str


ALLOWING = frozenset({Reason.ALLOWED_BY_CONSENT, Reason.ALLOWED_BY_LAW})
NO: Mapping[str, Reason] = {
    ConsentStatus.REFUSED: Reason.REFUSED,
    ConsentStatus.WITHDRAWN: Reason.WITHDRAWN,
    ConsentStatus.REVOKED: Reason.REVOKED,
    ConsentStatus.EXPIRED: Reason.EXPIRED,
    ConsentStatus.INVALIDATED: Reason.INVALIDATED,
}
EXPLANATIONS: Mapping[Reason, Explanation] = {
    Reason.ALLOWED_BY_CONSENT: Explanation(_("The person agreed to it, and that still holds."), "PIPL 13, 14"),
    Reason.ALLOWED_BY_LAW: Explanation(_("It rests on law or contract, not on consent."), "PIPL 13"),
    Reason.NO_VERSION_IN_EFFECT: Explanation(_("No policy of this company was in effect then."), "K75"),
    Reason.UNKNOWN_PURPOSE: Explanation(_("No policy in effect names this purpose."), "K43, K75, Y21"),
    Reason.UNKNOWN_ITEM: Explanation(_("No policy in effect names this item of information."), "K75, Y14"),
    Reason.ITEM_NOT_IN_PURPOSE: Explanation(_("This item may not be used for this purpose."), "K75, Y14"),
    Reason.UNKNOWN_RECIPIENT: Explanation(_("This recipient is not on the list."), "K77"),
    Reason.RECIPIENT_NOT_IN_PURPOSE: Explanation(_("For this purpose nothing may be given to them."), "K75, K81"),
    Reason.THIRD_PARTY_MARKETING: Explanation(_("Nothing is given or sold for other people's marketing."), "Y24, Y25"),
    Reason.MARKETING_NEEDS_CONSENT: Explanation(_("Marketing needs consent; nothing else allows it."), "Y20, Y21"),
    Reason.NEVER_SHARED: Explanation(_("It concerns information that is never given to others."), "Y8, Y19"),
    Reason.NO_ACTIVE_AGREEMENT: Explanation(
        _("The recipient has not been assessed, or no agreement binds it at this time."), "K77, K78, Y26"
    ),
    Reason.UNKNOWN_SUBJECT: Explanation(_("This person is not known here."), "K43"),
    Reason.SUBJECT_CLOSED: Explanation(_("The person has left."), "K98; PIPL 47"),
    Reason.RESTRICTED: Explanation(
        _("The person asked that their information is kept and not used, and we agreed."), "PIPL 44, 47"
    ),
    Reason.MINOR_WITHOUT_GUARDIAN: Explanation(
        _("The person is not 18 yet, and no guardian has agreed."), "K105, K106; PIPL 31"
    ),
    Reason.NOT_ANSWERED: Explanation(_("The person has not answered."), "K43; PIPL 13"),
    Reason.DEFERRED: Explanation(_("The person will answer later."), "K11; PIPL 14"),
    Reason.REFUSED: Explanation(_("The person refused."), "K11, K19"),
    Reason.WITHDRAWN: Explanation(_("The person withdrew their consent."), "K20; PIPL 15"),
    Reason.REVOKED: Explanation(_("The consent was revoked."), "PIPL 15"),
    Reason.INVALIDATED: Explanation(_("The consent is no longer valid."), "PIPL 14"),
    Reason.EXPIRED: Explanation(_("The consent held for a time that is over."), "PIPL 14"),
    Reason.SUPERSEDED: Explanation(
        _("A later version asks this anew, and the person has not answered it."), "K111, K112; PIPL 14"
    ),
    Reason.IMPLIED_NOT_ENOUGH: Explanation(_("Continued use does not count as consent to a purpose."), "K120, Y1"),
    Reason.SEPARATE_NEEDED: Explanation(
        _("It needs an answer of its own, and the person gave a general one."), "PIPL 23, 29"
    ),
    Reason.RECIPIENT_NOT_ANSWERED: Explanation(
        _("The purpose has several recipients, and the person has not agreed to this one."), "K81; PIPL 23"
    ),
}
