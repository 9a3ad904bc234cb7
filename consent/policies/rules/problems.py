"""What may stand in the way of saving or publishing, each with its name and its sentence."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise


class ProblemCode(StrEnum):
    """Stable names of what may stand in the way."""

    NO_TEXT = "no-text"
    NO_CHAPTERS = "no-chapters"
    CONTROLLER_INCOMPLETE = "controller-incomplete"
    EFFECTIVE_IN_PAST = "effective-in-past"
    EFFECTIVE_OUT_OF_ORDER = "effective-out-of-order"
    NOT_IN_THE_PAST = "not-in-the-past"
    PUBLISHED_HERE = "published-here"
    NO_SUMMARY = "no-summary"
    NO_REFUSAL_CONSEQUENCE = "no-refusal-consequence"
    PURPOSE_INCOMPLETE = "purpose-incomplete"
    KIND_MISSING = "kind-missing"
    UNKNOWN_RECIPIENT = "unknown-recipient"
    THIRD_PARTY_MARKETING = "third-party-marketing"
    MARKETING_NEEDS_CONSENT = "marketing-needs-consent"


@dataclass(frozen=True)
class Problem:
    """message: in the reader's language, with what to do."""

    code: ProblemCode
    message: str | Promise
