"""Changing how a person is reached: never without proof of the new contact, never without word to the former one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.contacts.errors import ContactTaken, LastContact
from accounts.contacts.models import ContactChange
from accounts.contacts.rules import ASK_AGAIN_AFTER, PROVE, UNDO_PERIOD, digest_token, new_token
from accounts.notices.actions import tell
from accounts.otp.actions import issue_challenge, lock_contact, verify_challenge
from accounts.otp.models import Challenge
from accounts.users.actions import free_unproven_contact
from accounts.users.models import User
from accounts.users.rules import Contact, ContactKind
from accounts.users.selectors import holders_of


def send_proof(user: User, contact: Contact, *, network: str, at: datetime) -> Challenge:
    """Send a code by which user proves that contact is theirs; to somebody else's contact a warning instead.

    What is written, sent and answered is the same in both cases. Must not be called inside a transaction.
    Raises NotSent (API 429, 503). Source: K14, K119; OWASP ASVS 6.3.8.
    """
    is_taken = holders_of(contact).exclude(pk=user.pk).exists()
    return issue_challenge(
        user,
        PROVE,
        {"contact": contact.value},
        act_label=gettext("use this contact for your account"),
        at=at,
        contact=contact,
        network=network,
        instead="contact_taken" if is_taken else "",
    )


def prove_and_change(user: User, contact: Contact, code: str, *, actor: Actor, at: datetime) -> ContactChange:
    """Make contact that of user if code proves it. Must not be called inside a transaction.

    Raises WrongCode, Expired, NoSuchChallenge (API 403).
    """
    verify_challenge(user, PROVE, {"contact": contact.value}, code, at=at)
    return change_contact(user, contact, actor=actor, at=at)


@transaction.atomic
def change_contact(user: User, contact: Contact, *, actor: Actor, at: datetime) -> ContactChange:
    """Make contact, which user has just proven, that of user. Whoever was reached before is told, and can undo it.

    Raises ContactTaken (API 403). Source: K119.
    """
    lock_contact(contact)
    if holders_of(contact).exclude(pk=user.pk).exists():
        raise ContactTaken
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if row.closed_at:
        raise ContactTaken
    free_unproven_contact(contact)
    return _change(row, contact.kind, contact.value, actor=actor, at=at)


@transaction.atomic
def remove_contact(user: User, kind: ContactKind, *, actor: Actor, at: datetime) -> ContactChange | None:
    """Take a contact away from user; None where there is none. It is told, and can undo it.

    Raises LastContact (API 409) where no other one is proven.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not getattr(row, kind):
        return None
    if not any(contact.is_proven for contact in row.contacts if contact.kind is not kind):
        raise LastContact
    return _change(row, kind, "", actor=actor, at=at)


@transaction.atomic
def confirm_contact(user: User, kind: ContactKind, *, actor: Actor, at: datetime) -> None:
    """Note that user says the contact is still in use although a message came back. Source: K119."""
    if User.objects.filter(pk=user.pk).exclude(**{f"{kind}_bounced_at": None}).update(**{f"{kind}_bounced_at": None}):
        record_audit("contact.confirmed", actor=actor, target=f"user:{user.pk}", at=at, details={"kind": kind})


@transaction.atomic
def confirm_contacts(user: User, *, actor: Actor, at: datetime) -> None:
    """Note that user says all their contacts are still theirs; they are not asked again for months. Source: K119."""
    answered = {"contacts_confirmed_at": at, "contacts_ask_after": None}
    User.objects.filter(pk=user.pk).update(**answered)
    for name, value in answered.items():
        setattr(user, name, value)
    record_audit("contacts.confirmed", actor=actor, target=f"user:{user.pk}", at=at)


def ask_later(user: User, *, at: datetime) -> None:
    """Leave user alone with the question for two weeks. Source: K119."""
    User.objects.filter(pk=user.pk).update(contacts_ask_after=at + ASK_AGAIN_AFTER)


def note_bounce(user_id: int, kind: ContactKind, at: datetime) -> None:
    """A receiver refuses for good what is sent to the proven contact of that kind; the person is asked about it."""
    note_bounces([user_id], kind, at)


@transaction.atomic
def note_bounces(user_ids: Iterable[int], kind: ContactKind, at: datetime) -> None:
    """note_bounce for several people. Source: K119."""
    known = {"pk__in": list(user_ids), f"{kind}_verified_at__isnull": False}
    # In the order of the keys, so that two workers do not wait for each other.
    rows = User.objects.select_for_update(no_key=True).filter(**known).order_by("pk")
    User.objects.filter(pk__in=[row.pk for row in rows.only("pk")]).update(**{f"{kind}_bounced_at": at})


def write_contact(user: User, kind: ContactKind, value: str, *, verified_at: datetime | None) -> None:
    """Set one contact of a locked row, with its index; nothing has come back from it yet."""
    fields: dict[str, Any] = {kind: value, f"{kind}_verified_at": verified_at, f"{kind}_bounced_at": None}
    for name, content in fields.items():
        setattr(user, name, content)
    user.save(update_fields=[*fields, f"{kind}_index"])


def kind_label(kind: str) -> str:
    """The kind in words of the active language."""
    return gettext("e-mail address") if kind == ContactKind.EMAIL else gettext("mobile number")


def masked_of(kind: str, value: str) -> str:
    """A contact as it may be shown; empty where there is none."""
    return Contact(ContactKind(kind), value).masked if value else ""


def _change(user: User, kind: ContactKind, value: str, *, actor: Actor, at: datetime) -> ContactChange:
    reached = [contact for contact in user.contacts if contact.is_proven]
    before = next((contact.value for contact in reached if contact.kind is kind), "")
    token = new_token()
    change = ContactChange.objects.create(
        user=user,
        kind=kind,
        before=before,
        after=value,
        at=at,
        undo_until=at + UNDO_PERIOD,
        undo_digest=digest_token(token),
    )
    write_contact(user, kind, value, verified_at=at if value else None)
    if before != value:
        _tell(user, change, token, reached, at)
    record_audit(
        "contact.changed", actor=actor, target=f"user:{user.pk}", at=at, details={"kind": kind, "change": change.pk}
    )
    return change


def _tell(user: User, change: ContactChange, token: str, reached: list[Contact], at: datetime) -> None:
    with override(user.language):
        parameters = {
            "change": _words(change),
            "hours": str(UNDO_PERIOD.days * 24),
            "url": settings.BASE_URL + reverse("contacts:undo", args=[token]),
        }
    tell(user, "contact_changed", parameters, contacts=reached, at=at)


def _words(change: ContactChange) -> str:
    """What became of the contact, in a sentence of the active language."""
    if not change.after:
        words = gettext("The %(what)s %(old)s was removed from your account.")
    elif change.before:
        words = gettext("The %(what)s of your account is now %(new)s.")
    else:
        words = gettext("The %(what)s %(new)s was added to your account.")
    old, new = (masked_of(change.kind, value) for value in (change.before, change.after))
    return words % {"what": kind_label(change.kind), "old": old, "new": new}
