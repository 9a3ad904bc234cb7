"""The confidentiality undertaking of the staff: a policy like any other, accepted version by version (K62)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.audit.rules import Actor, ActorKind
from accounts.models import User
from consent.ledger.actions import Answer, Circumstances, Recorded, enrol, record_answers
from consent.ledger.models import ConsentKind, ConsentState, ConsentStatus, DataSubject
from consent.ledger.rules import YES
from consent.policies.models import PolicyVersion
from consent.policies.rules.register import WHOLE_POLICY


def needs_undertaking(user: User) -> str | None:
    """Where one of the staff must go before a desk page opens; None once they have accepted the version in effect, and
    where no undertaking is set or in effect. Source: K62."""
    version = undertaking_in_effect(timezone.now())
    if version is None or has_accepted(user, version):
        return None
    return reverse("desk:undertaking")


def undertaking_in_effect(at: datetime) -> PolicyVersion | None:
    """The words that hold at an instant. One query, or none where no undertaking is set."""
    if not settings.STAFF_UNDERTAKING:
        return None
    versions = PolicyVersion.objects.filter(policy__slug=settings.STAFF_UNDERTAKING, published_at__isnull=False)
    return versions.filter(effective_at__lte=at).select_related("policy").order_by("-effective_at").first()


def has_accepted(user: User, version: PolicyVersion) -> bool:
    """Whether user said yes to these words, and expressly. One query."""
    theirs = DataSubject.objects.filter(user=user, controller=version.policy.controller_id).values("pk")
    return ConsentState.objects.filter(
        subject_id__in=theirs,
        policy_id=version.policy_id,
        purpose=WHOLE_POLICY,
        version_id=version.pk,
        status__in=YES,
        kind=ConsentKind.EXPLICIT,
    ).exists()


def accept_undertaking(
    user: User, version: PolicyVersion, *, circumstances: Circumstances, key: str, at: datetime
) -> Recorded:
    """One of the staff binds themselves to the words they were shown. key: of the form.

    Raises LedgerError (409, 422) as `record_answers`.
    """
    subject = enrol(user, version.policy.controller_id, at=at)
    answers = [Answer(WHOLE_POLICY, ConsentStatus.GIVEN)]
    actor = Actor(ActorKind.SUBJECT, user.pk)
    return record_answers(subject, version, answers, circumstances=circumstances, actor=actor, key=key)
