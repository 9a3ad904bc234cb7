"""Which groups a company puts people into, and what somebody outside compared for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.audit.rules import Actor
from accounts.models import ExternalCheck, ProfileLabel, User
from accounts.profile.actions import record_check
from accounts.profile.errors import NoProfiling
from accounts.profile.preferences import Label, put_labels
from accounts.profile.selectors import labels_of
from consent.ledger.models import DataSubject
from consent.policies.models import Controller


@dataclass(frozen=True, slots=True)
class Labelled:
    """allows_profiling: without it none of the labels may be used. labels: the company's own."""

    allows_profiling: bool
    labels: list[ProfileLabel]


def put_labels_of(
    controller_id: int, user: User, labels: Iterable[Label], *, actor: Actor, at: datetime
) -> list[ProfileLabel]:
    """Replace the labels that the company gave user. Raises NoProfiling (409). Source: K73; PIPL 24, 44."""
    if _is_restricted(controller_id, user):
        raise NoProfiling
    return put_labels(user, _short_name(controller_id), labels, actor=actor, at=at)


def labels_given(controller_id: int, user: User) -> Labelled:
    """The company's labels of user, those that the person switched off too. Three queries."""
    company = _short_name(controller_id)
    allows_profiling = user.allows_profiling and not _is_restricted(controller_id, user)
    return Labelled(allows_profiling, [label for label in labels_of(user) if label.given_by == company])


@transaction.atomic
def note_check(user: User, field: str, *, checked_by: str, result: str, actor: Actor, at: datetime) -> ExternalCheck:
    """Note once that somebody outside compared field of user at that instant; the same again writes nothing.

    at: aware UTC instant of the comparison. Source: K16, Y16.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    known = ExternalCheck.objects.filter(user=user, field=field, checked_by=checked_by, result=result, at=at).first()
    return known or record_check(user, field, checked_by=checked_by, result=result, actor=actor, at=at)


def _is_restricted(controller_id: int, user: User) -> bool:
    """Whether nothing but keeping it may be done with what the company knows about user."""
    return DataSubject.objects.filter(user=user, controller=controller_id, restricted_at__isnull=False).exists()


def _short_name(controller_id: int) -> str:
    return Controller.objects.values_list("slug", flat=True).get(pk=controller_id)
