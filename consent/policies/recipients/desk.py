"""Recipients as the desk sees them: what holds now, and what needs care soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from consent.policies.models import Controller, Purpose
from consent.policies.recipients.models import Recipient, RecipientAgreement, RecipientDescription, RecipientRole
from consent.policies.recipients.rules import RecipientFacts, RecipientHistory
from consent.policies.recipients.selectors import agreement_facts, recipients_on_file
from consent.policies.selectors import published_policies, register_of

WARNING = timedelta(days=60)  # before the last agreement ends (K78)


@dataclass(frozen=True, slots=True)
class DeskRecipient:
    """facts: as described last. may_receive: assessed and bound now. bound: by an agreement; bound_until: its last day,
    None without end. ends_soon: less than 60 days from now."""

    facts: RecipientFacts
    role: str
    may_receive: bool
    needs_agreement: bool
    bound: bool
    bound_until: date | None
    ends_soon: bool


@dataclass(frozen=True, slots=True)
class DeskAgreement:
    """holds: it binds the recipient now."""

    row: RecipientAgreement
    holds: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """What ending an agreement now would do. stops: the recipient is given information, and would be given none.
    purposes: those in effect that give it something."""

    facts: RecipientFacts | None
    stops: bool
    purposes: list[Purpose]


def desk_recipients(controller: Controller, at: datetime) -> list[DeskRecipient]:
    """All of a controller's recipients, by code. Two queries."""
    files = recipients_on_file(controller).get(controller.pk, {})
    return [_shown(history, facts, at) for _code, history in sorted(files.items()) if (facts := history.at(at))]


def desk_agreements(recipient: Recipient, at: datetime) -> list[DeskAgreement]:
    """Every agreement ever put on file, the last first. One query."""
    rows = recipient.agreements.order_by("-valid_from", "-id")
    return [DeskAgreement(row, agreement_facts(row).holds(at)) for row in rows]


def ending_of(recipient: Recipient, agreement: RecipientAgreement, at: datetime) -> Ending:
    """What stops with an agreement of recipient. Five queries, and one for each policy in effect. Source: K78, Y26."""
    controller = recipient.controller
    history = recipients_on_file(controller)[controller.pk][recipient.code]
    others = recipient.agreements.exclude(pk=agreement.pk)
    rest = RecipientHistory(history.descriptions, tuple(agreement_facts(row) for row in others))
    stops = history.may_receive(at) and not rest.may_receive(at)
    return Ending(history.at(at), stops, _purposes_with(recipient, at) if stops else [])


def earlier_descriptions(recipient: Recipient) -> list[RecipientDescription]:
    """What was said of it before the last description, the last first. One query."""
    return list(recipient.descriptions.order_by("-at", "-id"))[1:]


def _purposes_with(recipient: Recipient, at: datetime) -> list[Purpose]:
    own = [history for history in published_policies(at) if history.policy.controller_id == recipient.controller_id]
    effective = [history.current.version for history in own if history.current]
    lines = [purpose for version in effective for purpose in register_of(version)]
    return [purpose for purpose in lines if recipient.code in purpose.recipient_codes]


def _shown(history: RecipientHistory, facts: RecipientFacts, at: datetime) -> DeskRecipient:
    role = RecipientRole(facts.role)
    ends = [agreement.ends_at for agreement in history.agreements if agreement.holds(at)]
    last = max((end for end in ends if end), default=None) if None not in ends else None
    return DeskRecipient(
        facts=facts,
        role=str(role.label),
        may_receive=history.may_receive(at),
        needs_agreement=role != RecipientRole.AUTHORITY,
        bound=bool(ends),
        bound_until=timezone.localdate(last - timedelta(microseconds=1)) if last else None,
        ends_soon=last is not None and last - at < WARNING,
    )
