"""Closing a person's ledger: the events stay and prove what they proved, and lead to nobody."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from consent.ledger.models import ConsentState, ConsentStatus, DataSubject, SubjectKey
from consent.outbox.actions import enqueue
from consent.policies.models import Purpose

CLOSED = "account.closed"
IN_FORCE = (ConsentStatus.GIVEN, ConsentStatus.RENEWED)


def close_subjects(user: User, *, at: datetime) -> None:
    """From now on every decision about the person is a no, the key of their pseudonym is gone, and their recipients are
    to be told. In the caller's transaction; a second call finds nothing to do. Source: K98, K99."""
    subjects = list(DataSubject.objects.select_for_update().filter(user=user).order_by("pk"))
    for subject in subjects:
        payload = {"controller": subject.controller_id, "subject": subject.pk, "recipients": recipients_of(subject)}
        enqueue(CLOSED, payload, at=at)
    ids = [subject.pk for subject in subjects]
    SubjectKey.objects.filter(subject__in=ids).delete()
    DataSubject.objects.filter(pk__in=ids).update(closed_at=at, user=None, adult_on=None, guardian_confirmed_at=None)


def recipients_of(subject: DataSubject) -> list[str]:
    """Codes of whom the person's information may have been given to: under their own yes, or under a law."""
    states = list(ConsentState.objects.filter(subject_id=subject.pk))
    given = {(state.version_id, state.purpose) for state in states if state.status in IN_FORCE}
    codes = {state.recipient for state in states if state.recipient and state.status in IN_FORCE}
    for purpose in Purpose.objects.filter(version__in={state.version_id for state in states}):
        if not purpose.rests_on_consent or (purpose.version_id, purpose.code) in given:
            codes.update(purpose.recipient_codes)
    return sorted(codes)
