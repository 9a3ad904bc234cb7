"""Reads of the register of disclosures."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from accounts.models import User
from consent.rights.disclosures.models import Disclosure


def disclosures_told(user: User, today: date) -> QuerySet[Disclosure]:
    """What was given to authorities about user and may be told them, newest first. Source: K70; PIPL 18, 35."""
    is_over = Q(secret_until=None) | Q(secret_until__lt=today)
    return Disclosure.objects.filter(is_over, person_id=user.pk).order_by("-disclosed_on", "-pk")


def register() -> QuerySet[Disclosure]:
    """All of it, newest entry first."""
    return Disclosure.objects.order_by("-at", "-pk")
