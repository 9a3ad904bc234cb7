"""Reads of retention: the rules of a day, holds, and the reports of the daily run."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from accounts.models import User
from consent.rights.retention.models import LegalHold, RetentionRule, RetentionRun


def rules_on(day: date) -> list[RetentionRule]:
    """The rules that hold for an account closed on that day. One query."""
    valid = RetentionRule.objects.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)
    return list(valid.order_by("code", "valid_from"))


def all_rules() -> list[RetentionRule]:
    """Also those of former and later days, by code. One query."""
    return list(RetentionRule.objects.order_by("code", "valid_from"))


def terms_of(item: str) -> list[tuple[int, date, date | None]]:
    """Of every rule about item: months, and the days from and until which it holds. One query."""
    rules = RetentionRule.objects.filter(items__contains=[item])
    return list(rules.values_list("months", "valid_from", "valid_until"))


def holds_in_force() -> list[LegalHold]:
    """The newest first, with the person. One query."""
    return list(LegalHold.objects.filter(lifted_at=None).select_related("user").order_by("-placed_at", "-pk"))


def hold_in_force(hold_id: int) -> LegalHold | None:
    """The hold of that id, as long as it stands. One query."""
    return LegalHold.objects.filter(pk=hold_id, lifted_at=None).select_related("user").first()


def is_held(user: User) -> bool:
    """Whether nothing of the person may be destroyed. One query."""
    return LegalHold.objects.filter(user=user, lifted_at=None).exists()


def latest_runs(limit: int = 60) -> list[RetentionRun]:
    """The reports of the last days, newest first. One query."""
    return list(RetentionRun.objects.order_by("-at", "-pk")[:limit])
