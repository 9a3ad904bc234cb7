"""Every write about recipients. What was on file stays; only what holds from now on is added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from consent.policies import schedule
from consent.policies.models import Controller
from consent.policies.recipients.models import Recipient, RecipientAgreement, RecipientDescription

DESCRIPTION = ("name", "role", "assessed_on", "uses_for_own_marketing")


@transaction.atomic
def describe_recipient(
    controller: Controller, code: str, facts: Mapping[str, Any], *, actor: Actor, at: datetime
) -> Recipient:
    """Say what a recipient is from `at` on; a code that is new makes a new recipient. Saying the same again changes
    nothing.

    facts: name (language → text), role, assessed_on (None: not assessed, so it is given nothing) and
    uses_for_own_marketing. at: aware UTC instant. Source: K77, Y24, Y34.
    """
    recipient, _is_new = Recipient.objects.get_or_create(controller=controller, code=code)
    last = recipient.descriptions.last()
    if last and all(getattr(last, name) == facts[name] for name in DESCRIPTION):
        return recipient
    RecipientDescription.objects.create(recipient=recipient, at=at, **{name: facts[name] for name in DESCRIPTION})
    _record("recipient.described", recipient, actor, at, {"role": facts["role"]})
    return recipient


@transaction.atomic
def record_agreement(
    recipient: Recipient,
    *,
    reference: str,
    confidentiality: bool,
    valid_from: date,
    valid_until: date | None,
    actor: Actor,
    at: datetime,
) -> RecipientAgreement:
    """Put an agreement on file. valid_from, valid_until: first and last day, in the portal's time zone; it binds nobody
    before `at`, the instant at which it is recorded. Source: K78, Y26, Y34."""
    agreement = RecipientAgreement.objects.create(
        recipient=recipient,
        reference=reference,
        confidentiality=confidentiality,
        valid_from=valid_from,
        valid_until=valid_until,
        recorded_at=at,
    )
    _record("recipient.agreement_recorded", recipient, actor, at, {"agreement": agreement.pk})
    return agreement


@transaction.atomic
def end_agreement(agreement: RecipientAgreement, *, actor: Actor, at: datetime) -> bool:
    """Let an agreement hold no more from `at` on; False where it was ended before. Source: K78, Y26."""
    ended = RecipientAgreement.objects.filter(pk=agreement.pk, ended_at__isnull=True).update(ended_at=at)
    if ended:
        _record("recipient.agreement_ended", agreement.recipient, actor, at, {"agreement": agreement.pk})
    return bool(ended)


def _record(act: str, recipient: Recipient, actor: Actor, at: datetime, details: Mapping[str, Any]) -> None:
    record_audit(act, actor=actor, target=f"recipient:{recipient.pk}", at=at, details=details)
    transaction.on_commit(schedule.refresh)
