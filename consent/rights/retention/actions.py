"""Every write of retention: rules, holds, and the daily destruction with its report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM, Actor, ActorKind
from accounts.models import User
from consent.rights.export.actions import destroy_old
from consent.rights.leaving import vault
from consent.rights.leaving.holdings import STRANGERS, may_be_kept
from consent.rights.leaving.models import Leaving
from consent.rights.requests.wiping import wipe_strangers
from consent.rights.retention.errors import AlreadyGone, AlreadyHeld, NotHeld
from consent.rights.retention.models import LegalHold, RetentionRule, RetentionRun
from consent.rights.retention.selectors import terms_of

log = logging.getLogger(__name__)


@transaction.atomic
def set_rule(facts: Mapping[str, Any], *, actor: Actor, at: datetime) -> RetentionRule:
    """Add the rule, or change the one of that code and first day. What is in the vault keeps its date.

    facts: the fields of `RetentionRule`. Raises ValidationError, also for items that cannot be kept. Source: K55, Y30.
    """
    rule = RetentionRule.objects.filter(code=facts["code"], valid_from=facts["valid_from"]).first() or RetentionRule()
    for name, value in facts.items():
        setattr(rule, name, value)
    rule.full_clean()
    if unknown := [item for item in rule.items if not may_be_kept(item)]:
        raise ValidationError({"items": f"cannot be kept: {', '.join(unknown)}"})
    rule.save()
    details = {"items": rule.items, "months": rule.months, "from": rule.valid_from, "until": rule.valid_until}
    record_audit("retention.rule_set", actor=actor, target=f"retention-rule:{rule.code}", at=at, details=details)
    return rule


@transaction.atomic
def place_hold(user: User, reason: str, *, staff_id: int, at: datetime) -> LegalHold:
    """From now on nothing of the person is destroyed, also if they are leaving.

    Raises AlreadyHeld, AlreadyGone (409): a second hold, or too late. Source: K97, K102; PIPL 47.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.closed_at or Leaving.objects.filter(user=user, started_at__isnull=False).exists():
        raise AlreadyGone
    if LegalHold.objects.filter(user=user, lifted_at=None).exists():
        raise AlreadyHeld
    hold = LegalHold.objects.create(user=user, reason=reason, placed_at=at, placed_by_id=staff_id)
    actor = Actor(ActorKind.STAFF, staff_id)
    record_audit("hold.placed", actor=actor, target=f"user:{user.pk}", at=at, details={"hold": hold.pk})
    return hold


@transaction.atomic
def lift_hold(hold: LegalHold, reason: str, *, staff_id: int, at: datetime) -> LegalHold:
    """The person may be erased again. Raises NotHeld (409) for one that was lifted before."""
    hold = LegalHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if hold.lifted_at:
        raise NotHeld
    hold.lifted_at, hold.lifted_by_id, hold.lift_reason = at, staff_id, reason
    hold.save(update_fields=["lifted_at", "lifted_by_id", "lift_reason"])
    actor = Actor(ActorKind.STAFF, staff_id)
    record_audit("hold.lifted", actor=actor, target=f"user:{hold.user_id}", at=at, details={"hold": hold.pk})
    return hold


def run_retention(*, at: datetime) -> RetentionRun:
    """Destroy everything whose day has come, and keep a report of how much of what. One kind that fails keeps no other
    from being destroyed; the report names it. Source: Y30; PIPL 19, 47."""
    kinds: dict[str, Callable[[], int]] = {
        "vault-records": lambda: vault.destroy_due(timezone.localdate(at), at=at),
        "exports": lambda: destroy_old(at=at),
        "requests": lambda: wipe_strangers(terms_of(STRANGERS), at=at),
    }
    destroyed, problems = {}, []
    for kind, destroy in kinds.items():
        try:
            destroyed[kind] = destroy()
        except Exception as error:  # the report must be written whatever fails
            log.exception("retention of %s failed", kind)
            problems.append(f"{kind}: {type(error).__name__}")
    with transaction.atomic():
        run = RetentionRun.objects.create(at=at, destroyed=destroyed, problem="; ".join(problems))
        record_audit("retention.run", actor=SYSTEM, target=f"retention-run:{run.pk}", at=at, details=destroyed)
    return run
