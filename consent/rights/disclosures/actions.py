"""Every write of the register of disclosures: lines are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor, ActorKind
from accounts.models import User
from consent.rights.disclosures.models import Disclosure


@dataclass(frozen=True, slots=True)
class Facts:
    """What was given to whom. items: codes of `leaving.holdings`. secret_until: see the model."""

    authority: str
    ground: str
    document: str
    disclosed_on: date
    items: Sequence[str]
    secret_until: date | None = None


@transaction.atomic
def note_disclosure(key: UUID, facts: Facts, person: User | None, *, staff_id: int, at: datetime) -> Disclosure:
    """Enter that facts were given to an authority; the same form a second time enters nothing.

    person: whose information it was, None for a report about nobody in particular. at: aware UTC instant of the entry.
    Source: K70; PIPL 18, 35.
    """
    told = {name: getattr(facts, name) for name in Facts.__slots__}
    disclosure, is_new = Disclosure.objects.get_or_create(
        key=key,
        defaults={**told, "items": list(facts.items), "person_id": person and person.pk, "entered_by_id": staff_id}
        | {"at": at},
    )
    if is_new:
        actor = Actor(ActorKind.STAFF, staff_id)
        details = {"items": disclosure.items, "secret": facts.secret_until is not None}
        target = f"disclosure:{disclosure.pk}"  # not the person: their own pages read the trail about them
        record_audit("disclosure.noted", actor=actor, target=target, at=at, details=details)
    return disclosure
