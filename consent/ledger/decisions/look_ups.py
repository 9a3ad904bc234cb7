"""An auditor's look at one person, which leaves a trace."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.users.rules import Contact
from accounts.users.selectors import holders_of
from consent.ledger.decisions.as_of import AsOf, as_of, subject_by_account, subject_by_ref
from consent.ledger.references import reference_ref
from consent.policies.models import Controller


@transaction.atomic
def look_up(
    controller: Controller, who: Contact | str, then: datetime, *, why: str, actor: Actor, at: datetime
) -> AsOf | None:
    """What somebody had agreed to at the instant `then`; None where the company does not know them. Either is recorded.

    who: the contact of an account, or the company's own reference. why: a case number or a reason, without personal
    data. at: aware UTC instant of the look. Source: K60, K61.
    """
    user = holders_of(who).first() if isinstance(who, Contact) else None
    if isinstance(who, Contact):
        subject = subject_by_account(user, controller.pk) if user else None
    else:
        subject = subject_by_ref(reference_ref(who), controller.pk)
    target = f"subject:{subject.pk}" if subject else f"controller:{controller.pk}"
    record_audit("ledger.looked_up", actor=actor, target=target, at=at, details={"then": then, "why": why})
    return as_of(subject, then) if subject else None
