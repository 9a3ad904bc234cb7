"""Searching for the holder of a contact, on behalf of other people or of the company itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.audit.rules import Actor
from accounts.finding.actions import note_search
from accounts.models import User
from accounts.profile.masks import mask_name
from accounts.users.rules import Contact
from consent.clients.models import ApiKey
from consent.ledger.models import DataSubject
from consent.ledger.references import person_name, person_named


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who may be found. person: what the company calls them from now on. name, contact: masked."""

    person: str
    name: str
    contact: str


def find_person(key_id: int, contact: Contact, *, actor: Actor, at: datetime) -> Found | None:
    """Whom other people may find by contact. None for nobody, for whoever does not want it, is locked or on their way
    out, or of whom nothing but keeping may be done: all with the same queries and the same trace.

    at: aware UTC instant. Raises SearchedTooOften (429). Source: K26, K82; PIPL 24, 44.
    """
    restricted = DataSubject.objects.filter(user=OuterRef("pk"), restricted_at__isnull=False)
    willing = Q(~Exists(restricted), **{f"findable_by_{contact.kind}": True})
    return _search(key_id, contact, willing, actor, at)


def identify_person(key_id: int, contact: Contact, *, actor: Actor, at: datetime) -> str | None:
    """What the company calls the holder of contact; None for whoever never answered a policy of its own. The person
    sees that they were looked up.

    at: aware UTC instant. Raises SearchedTooOften (429).
    """
    company = ApiKey.objects.filter(pk=key_id).values("controller")
    known = DataSubject.objects.filter(user=OuterRef("pk"), controller__in=company, closed_at=None)
    found = _search(key_id, contact, Q(Exists(known)), actor, at)
    return found.person if found else None


def holder_of(controller_id: int, name: str) -> User | None:
    """The account whom the company calls so, while it is open and the company knows it. One query at the most."""
    user_id = person_named(controller_id, name)
    if user_id is None:
        return None
    known = DataSubject.objects.filter(user=OuterRef("pk"), controller=controller_id, closed_at=None)
    return User.objects.filter(Exists(known), pk=user_id, is_active=True, closed_at=None).first()


@transaction.atomic
def _search(key_id: int, contact: Contact, allowed: Q, actor: Actor, at: datetime) -> Found | None:
    key = ApiKey.objects.select_related("controller").get(pk=key_id)
    # Held, so that nothing is written about somebody after the last step of an erasure.
    holder = _holders(contact).select_for_update(no_key=True).annotate(may_be_found=allowed & _AT_HOME).first()
    may_be_found = bool(holder and holder.may_be_found)
    company = key.controller.slug
    note_search(contact, holder, may_be_found=may_be_found, company=company, system=key.name, actor=actor, at=at)
    if holder is None or not may_be_found:
        return None
    return Found(person_name(key.controller_id, holder.pk), mask_name(holder.name), contact.masked)


_AT_HOME = Q(is_active=True, locked_at=None, leaving_at=None, closed_at=None)


def _holders(contact: Contact) -> QuerySet[User]:
    return User.objects.naming(contact).filter(**{f"{contact.kind}_verified_at__isnull": False})
