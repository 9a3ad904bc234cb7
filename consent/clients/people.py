"""What a company's systems tell about the people they know."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from consent.ledger.actions import enrol_reference
from consent.ledger.errors import SubjectClosed
from consent.ledger.models import DataSubject


@transaction.atomic
def describe_person(
    controller_id: int,
    reference: str,
    *,
    adult_on: date | None,
    guardian_confirmed_at: datetime | None,
    actor: Actor,
    at: datetime,
) -> DataSubject:
    """Keep what decides about a minor; somebody named for the first time is enrolled.

    adult_on: the 18th birthday, None where it is not known. guardian_confirmed_at: aware UTC instant, None without.
    at: aware UTC instant. Raises SubjectClosed (409). Source: K105, K106.
    """
    subject = enrol_reference(controller_id, reference, at=at)
    subject = DataSubject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    if subject.closed_at is not None:
        raise SubjectClosed
    told = {"adult_on": adult_on, "guardian_confirmed_at": guardian_confirmed_at}
    changed = sorted(name for name, value in told.items() if getattr(subject, name) != value)
    for name, value in told.items():
        setattr(subject, name, value)
    if changed:
        subject.save(update_fields=changed)
        details = {"changed": changed}  # which, not what: an audit row can never be erased
        record_audit("subject.described", actor=actor, target=f"subject:{subject.pk}", at=at, details=details)
    return subject
