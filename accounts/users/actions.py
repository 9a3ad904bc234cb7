"""Signing up, signing in, and what a person prefers."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor, ActorKind
from accounts.otp.actions import (
    lock_contact,
    open_contact_challenge,
    send_code,
    send_or_take_back,
    verify_contact_challenge,
)
from accounts.otp.errors import NoSuchChallenge
from accounts.otp.models import Challenge
from accounts.otp.rules import new_code
from accounts.users.models import User
from accounts.users.rules import Contact, Entrance
from accounts.users.selectors import holders_of


def send_entrance_code(
    contact: Contact,
    entrance: Entrance,
    *,
    language: str,
    at: datetime,
    network: str = "",
    asker: bytes | None = None,
    replaces: UUID | None = None,
) -> Challenge:
    """Send a code that opens the door to contact, or the way to the right door; in either case one message.

    network: where the request came from, truncated. asker: the browser, where it is known to whoever has contact.
    replaces: what this browser was sent before, which dies.

    What is written to the database and sent is of the same kind and size in both cases, so that neither the answer
    nor its time tells whether the contact has an account. Must not be called inside a transaction.
    Raises SendingFailed (API 503), TooSoon (429); then no new code is open.
    Source: K14; OWASP ASVS 6.3.8 (no enumeration of accounts).
    """
    is_expected = entrance.expects(is_known=holders_of(contact).exists())
    code = new_code()
    challenge = open_contact_challenge(
        contact,
        entrance.act,
        code=code if is_expected else None,
        at=at,
        network=network,
        asker=asker,
        replaces=replaces,
    )
    with override(language):
        act_label = gettext("sign in") if entrance is Entrance.SIGN_IN else gettext("open an account")
    if is_expected:
        send_code(challenge, contact, code, act_label=act_label, language=language)
        return challenge
    event, door = _OTHER_DOOR[entrance]
    send_or_take_back(challenge, contact, event, {"url": settings.BASE_URL + reverse(door)}, language=language)
    return challenge


def enter(challenge_id: UUID, contact: Contact, entrance: Entrance, code: str, *, language: str, at: datetime) -> User:
    """The person who proved contact with code; their account is made now, if this is a sign-up.

    Nobody has an account before a contact is proven, so nothing half-made can remain.
    Raises WrongCode, Expired, NoSuchChallenge (API 403). Source: K14.
    """
    verify_contact_challenge(challenge_id, contact, entrance.act, code, at=at)
    with transaction.atomic():
        lock_contact(contact)
        user = holders_of(contact).select_for_update(no_key=True).first()
        if user is None and entrance is Entrance.SIGN_IN:
            raise NoSuchChallenge
        return _prove(user or _open_account(contact, language=language, at=at), contact, at=at)


@transaction.atomic
def free_unproven_contact(contact: Contact) -> None:
    """Take contact from the account that names it but never proved it, because somebody else just did."""
    field = str(contact.kind)
    User.objects.naming(contact).filter(**{f"{field}_verified_at": None}).update(**{field: "", f"{field}_index": None})


def prefer_language(user: User, language: str) -> None:
    """Letters and messages to user come in language."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])


_OTHER_DOOR = {
    Entrance.SIGN_IN: ("account_unknown", "account_signup"),
    Entrance.SIGN_UP: ("account_known", "account_login"),
}


def _open_account(contact: Contact, *, language: str, at: datetime) -> User:
    free_unproven_contact(contact)
    user = User.objects.create_user(**contact.as_fields(), language=language, date_joined=at)
    actor = Actor(ActorKind.SUBJECT, user.pk)
    record_audit("account.opened", actor=actor, target=f"user:{user.pk}", at=at, details={"by": contact.kind})
    return user


def _prove(user: User, contact: Contact, *, at: datetime) -> User:
    """Note when contact was proven first."""
    field = f"{contact.kind}_verified_at"
    if getattr(user, field) is None:
        setattr(user, field, at)
        user.save(update_fields=[field])
    return user
