"""What is on file about those who are given information, of all times, as the rules take it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from consent.policies.models import Controller
from consent.policies.recipients.models import RecipientAgreement, RecipientDescription
from consent.policies.recipients.rules import AgreementFacts, RecipientFacts, RecipientHistory


def recipients_on_file(controller: Controller | None = None) -> dict[int, Mapping[str, RecipientHistory]]:
    """By controller and code; of one controller, or of all where None. Two queries."""
    agreements: dict[int, list[AgreementFacts]] = defaultdict(list)
    described: dict[tuple[int, int, str], list[RecipientFacts]] = defaultdict(list)
    terms = RecipientAgreement.objects.all()
    rows = RecipientDescription.objects.select_related("recipient")
    if controller:
        terms, rows = terms.filter(recipient__controller=controller), rows.filter(recipient__controller=controller)
    for term in terms:
        agreements[term.recipient_id].append(agreement_facts(term))
    for row in rows:
        recipient = row.recipient
        described[recipient.controller_id, recipient.pk, recipient.code].append(_description_facts(row))
    files: dict[int, dict[str, RecipientHistory]] = defaultdict(dict)
    for (controller_id, pk, code), facts in described.items():
        files[controller_id][code] = RecipientHistory(tuple(facts), tuple(agreements[pk]))
    return dict(files)


def recipients_now(controller: Controller, at: datetime) -> dict[str, RecipientFacts]:
    """The controller's recipients as described at an instant, by code, sorted. Two queries."""
    histories = recipients_on_file(controller).get(controller.pk, {})
    found = {code: history.at(at) for code, history in sorted(histories.items())}
    return {code: facts for code, facts in found.items() if facts}


def agreement_facts(agreement: RecipientAgreement) -> AgreementFacts:
    """From when to when it binds; nobody before it was put on file, so that a decision of that day stays explained."""
    until = agreement.valid_until
    ends = [start_of(until + timedelta(days=1))] if until else []
    ends += [agreement.ended_at] if agreement.ended_at else []
    return AgreementFacts(
        reference=agreement.reference,
        confidentiality=agreement.confidentiality,
        begins_at=max(start_of(agreement.valid_from), agreement.recorded_at),
        ends_at=min(ends, default=None),
    )


def start_of(day: date) -> datetime:
    """The instant at which a day begins in the portal's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def _description_facts(row: RecipientDescription) -> RecipientFacts:
    return RecipientFacts(
        code=row.recipient.code,
        at=row.at,
        name=row.name,
        role=row.role,
        assessed_on=row.assessed_on,
        uses_for_own_marketing=row.uses_for_own_marketing,
    )
