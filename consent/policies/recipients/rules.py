"""Who may be given information, since when and until when, and for which purposes never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from consent.policies.models import LawfulBasis
from consent.policies.recipients.models import RecipientRole
from consent.policies.rules.problems import Problem, ProblemCode

# On somebody else's instructions or the law's; everybody else decides for themselves (PIPL 20, 21, 23).
INSTRUCTED = frozenset({str(RecipientRole.PROCESSOR), str(RecipientRole.AUTHORITY)})


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """A recipient as described at an instant. at: since when so."""

    code: str
    at: datetime
    name: Mapping[str, str]
    role: str
    assessed_on: date | None
    uses_for_own_marketing: bool

    @property
    def decides_itself(self) -> bool:
        """True if it decides what to do with what it is given: that is sharing, which is asked about apart (K81)."""
        return self.role not in INSTRUCTED


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """begins_at, ends_at: aware instants, from the one up to, but not at, the other; None: no end is known."""

    reference: str
    confidentiality: bool
    begins_at: datetime
    ends_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """True if it binds the recipient at the instant."""
        return self.confidentiality and self.begins_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class RecipientHistory:
    """Everything on file about a recipient. descriptions: oldest first."""

    descriptions: tuple[RecipientFacts, ...]
    agreements: tuple[AgreementFacts, ...]

    def at(self, at: datetime) -> RecipientFacts | None:
        """What was on file at the instant; None before the first description."""
        return next((facts for facts in reversed(self.descriptions) if facts.at <= at), None)

    def may_receive(self, at: datetime) -> bool:
        """True if it was assessed and is bound by an agreement that keeps the information confidential, or if it is an
        authority, which the law binds. Source: K77, K78, Y26, Y34; PIPL 21, 23."""
        facts = self.at(at)
        if facts is None or facts.role == RecipientRole.AUTHORITY:
            return facts is not None
        return facts.assessed_on is not None and any(agreement.holds(at) for agreement in self.agreements)

    def changes_after(self, at: datetime) -> datetime | None:
        """The next instant at which an agreement begins or ends, None if none does."""
        instants = [facts.at for facts in self.descriptions]
        for agreement in self.agreements:
            instants += [agreement.begins_at] + ([agreement.ends_at] if agreement.ends_at else [])
        return min((instant for instant in instants if instant > at), default=None)


def serves_others_marketing(*, is_marketing: bool, recipient: RecipientFacts) -> bool:
    """True if giving it to them would serve somebody else's marketing, or sell it. Source: Y24, Y25."""
    third_party = recipient.role == RecipientRole.THIRD_PARTY
    return recipient.uses_for_own_marketing or (is_marketing and third_party)


def sharing_problems(purpose: Mapping[str, Any], recipients: Mapping[str, RecipientFacts]) -> Sequence[Problem]:
    """Why a line of the register may not be: it names somebody nobody knows, serves the marketing of others, or takes a
    law as a pretext for marketing.

    purpose: as `Purpose.facts()`. recipients: by code. Source: K77, Y20, Y24.
    """
    problems = []
    is_marketing = bool(purpose.get("is_marketing"))
    if is_marketing and purpose["lawful_basis"] != LawfulBasis.CONSENT:
        message = _("Purpose “%(code)s” is marketing, so it needs consent.")
        problems.append(Problem(ProblemCode.MARKETING_NEEDS_CONSENT, message % {"code": purpose["code"]}))
    for code in purpose.get("recipient_codes", ()):
        words = {"code": purpose["code"], "recipient": code}
        if (recipient := recipients.get(code)) is None:
            message = _("Purpose “%(code)s” names the recipient “%(recipient)s”, which is not on the list.")
            problems.append(Problem(ProblemCode.UNKNOWN_RECIPIENT, message % words))
        elif serves_others_marketing(is_marketing=is_marketing, recipient=recipient):
            message = _(
                "Purpose “%(code)s” may not name “%(recipient)s”: information is never given for other people's "
                "marketing."
            )
            problems.append(Problem(ProblemCode.THIRD_PARTY_MARKETING, message % words))
    return problems
