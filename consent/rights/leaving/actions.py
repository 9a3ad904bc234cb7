"""Beginning to leave, changing one's mind, and the end of the cooling-off period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM, Actor
from accounts.models import ContactChange, User
from accounts.notices.actions import tell
from accounts.users.rules import Contact, ContactKind
from consent.rights.leaving.errors import (
    AlreadyLeaving,
    ConditionsNotMet,
    NotUndoable,
    StaffStays,
    TooFewProofs,
)
from consent.rights.leaving.journal import mark_of
from consent.rights.leaving.models import Leaving
from consent.rights.leaving.selectors import unmet
from consent.rights.requests.models import RightsRequest

PROOFS_NEEDED = 2
REMIND_BEFORE = timedelta(days=1)


@transaction.atomic
def begin_leaving(
    user: User, *, proofs: Sequence[str], request: RightsRequest | None = None, actor: Actor, at: datetime
) -> Leaving:
    """Start the cooling-off period, restrict the account and tell every contact.

    proofs: kinds of devices by which the person proved that they want it; where the desk does it for them, the way in
    which it verified them and the desk itself. request: the one that the desk carries out. at: aware UTC instant.
    Raises TooFewProofs, StaffStays, AlreadyLeaving, ConditionsNotMet (409). Source: K97; PIPL 47; NIST SP 800-63B 4.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.leaving_at or user.closed_at:
        raise AlreadyLeaving
    if user.is_staff:
        raise StaffStays
    if len(set(proofs)) < PROOFS_NEEDED or (request and not request.is_verified):
        raise TooFewProofs
    if unmet(user):
        raise ConditionsNotMet
    leaving = Leaving.objects.create(
        user=user,
        request=request,
        mark=mark_of(user),
        proofs=sorted(set(proofs)),
        begun_at=at,
        due_at=at + timedelta(days=settings.LEAVING_COOLING_OFF_DAYS),
    )
    user.leaving_at = at
    user.save(update_fields=["leaving_at"])
    details = {"leaving": leaving.pk, "proofs": leaving.proofs, "request": request.number if request else ""}
    record_audit("leaving.begun", actor=actor, target=f"user:{user.pk}", at=at, details=details)
    _tell(leaving, user, "leaving_begun", at)
    return leaving


@transaction.atomic
def undo_leaving(user: User, *, actor: Actor, at: datetime) -> Leaving:
    """Everything is again as it was. Raises NotUndoable (409) once the erasure has started, or a second time."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    leaving = Leaving.objects.select_for_update().filter(user=user, undone_at=None).first()
    if leaving is None or not leaving.can_be_undone:
        raise NotUndoable
    leaving.undone_at = at
    leaving.save(update_fields=["undone_at"])
    user.leaving_at = None
    user.save(update_fields=["leaving_at"])
    record_audit("leaving.undone", actor=actor, target=f"user:{user.pk}", at=at, details={"leaving": leaving.pk})
    _tell(leaving, user, "leaving_undone", at, page="account")
    return leaving


@transaction.atomic
def remind_next(*, at: datetime) -> bool:
    """Remind one person on the day before the end; False if there is nobody. Several at once share the work."""
    waiting = Leaving.objects.select_for_update(of=("self",), skip_locked=True).filter(
        reminded_at=None, undone_at=None, started_at=None, due_at__lte=at + REMIND_BEFORE, due_at__gt=at
    )
    leaving = waiting.select_related("user").order_by("due_at").first()
    if leaving is None:
        return False
    leaving.reminded_at = at
    leaving.save(update_fields=["reminded_at"])
    record_audit("leaving.reminded", actor=SYSTEM, target=f"user:{leaving.user_id}", at=at)
    _tell(leaving, leaving.user, "leaving_reminder", at)
    return True


def contacts_to_tell(user: User, at: datetime) -> list[Contact]:
    """Every proven contact, and those that a change can still be undone from: whoever took the account over may have
    put in their own."""
    found = [contact for contact in user.contacts if contact.is_proven]
    changes = ContactChange.objects.filter(user=user, undone_at=None, undo_until__gt=at)
    found += [Contact(ContactKind(change.kind), change.before) for change in changes if change.before]
    return list(dict.fromkeys(found))


def _tell(leaving: Leaving, user: User, event: str, at: datetime, *, page: str = "leaving:leave") -> None:
    parameters = {
        "due_at": timezone.localtime(leaving.due_at).strftime("%Y-%m-%d %H:%M"),
        "url": f"{settings.BASE_URL}{reverse(page)}",
    }
    tell(user, event, parameters, contacts=contacts_to_tell(user, at), at=at)
