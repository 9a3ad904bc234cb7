"""Stopping every use of somebody's information, and the person's own word that it may go on (PIPL 44)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.audit.rules import Actor
from accounts.models import User
from consent.ledger.models import DataSubject
from consent.rights.requests.actions import audit, locked
from consent.rights.requests.errors import RequestError
from consent.rights.requests.letters import tell_progress
from consent.rights.requests.models import Decision, Kind, RightsRequest, Status


def restricted_since(user: User) -> datetime | None:
    """Since when nothing but keeping it may be done with what is known about user; None where nothing is restricted.
    One query."""
    rows = DataSubject.objects.filter(user=user, restricted_at__isnull=False).order_by("restricted_at")
    return rows.values_list("restricted_at", flat=True).first()


def restrict(user: User, *, at: datetime) -> None:
    """Deny every controller every use of their own will, from now on."""
    DataSubject.objects.filter(user=user, restricted_at=None).update(restricted_at=at)


@transaction.atomic
def lift_restriction(request: RightsRequest, *, actor: Actor, at: datetime) -> None:
    """Let what was agreed to count again, as it stands today. A second time changes nothing. No one but the person
    who asked for the restriction does this.

    request: the one by which it was asked for. Raises RequestError (409) where that is not one.
    """
    request = locked(request)
    was_carried_out = (request.status, request.decision) == (Status.CLOSED, Decision.GRANTED)
    if request.user is None or request.kind != Kind.RESTRICTION or not was_carried_out:
        raise RequestError
    if DataSubject.objects.filter(user=request.user, restricted_at__isnull=False).update(restricted_at=None):
        audit(request, "request.restriction_lifted", actor=actor, at=at)
        tell_progress(
            request, gettext_noop("You allowed again what you had agreed to. Nothing is restricted any more."), at=at
        )
