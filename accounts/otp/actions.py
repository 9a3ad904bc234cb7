"""Sending one-time codes and judging them."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from math import ceil
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import get_language
from django_otp import verify_token
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.otp.errors import Expired, NoProvenContact, NoSuchChallenge, SendingFailed, TooSoon, WrongCode
from accounts.otp.messages import send_message
from accounts.otp.models import Challenge
from accounts.otp.rules import (
    DAY,
    LIFETIME,
    MAX_WRONG_TRIES,
    digest_parameters,
    fits,
    lock_number,
    new_code,
    next_code_at,
    seal_code,
)
from accounts.otp.selectors import codes_sent_to, latest_challenge
from accounts.users.models import User
from accounts.users.rules import Contact, ContactKind

SWEPT_AT_ONCE = 50
TAKE_A_TRY = """
    UPDATE accounts_challenge SET wrong_tries = wrong_tries + 1
    WHERE id = %s AND expires_at > %s AND wrong_tries < %s AND used_at IS NULL AND replaced_at IS NULL
    RETURNING *
"""
LIFETIME_MINUTES = str(LIFETIME.seconds // 60)


def issue_challenge(
    user: User, act: str, parameters: Mapping[str, str], *, act_label: str | Promise, at: datetime
) -> Challenge:
    """Send user a new code for one act on one object; an older code for the same act dies.

    act: `policy.publish`. parameters: what the act is done to, such as {"version": "17"}. act_label: the act and its
    object in words, for the message. Goes by proven e-mail, else by SMS, in the language of the page.
    Must not be called inside a transaction: the message leaves after the commit.
    Raises TooSoon (API 429), NoProvenContact (409), SendingFailed (503); then no new code is open.
    Source: K31, K32; NIST SP 800-63B.
    """
    contact = user.proven_contact
    if contact is None:
        raise NoProvenContact
    code = new_code()
    with transaction.atomic(durable=True):
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _refuse_haste(user, at)
        challenge = _open(contact, act, parameters, user=user, code=code, at=at)
    send_code(challenge, contact, code, act_label=act_label, language=get_language() or user.language)
    return challenge


def verify_challenge(user: User, act: str, parameters: Mapping[str, str], code: str, *, at: datetime) -> Challenge:
    """Accept the code that user was sent for this act on this object, or a token of user's authenticator app, once.

    Must not be called inside a transaction: a wrong try is counted even if the act is then given up.
    Raises WrongCode(tries_left), Expired, NoSuchChallenge (API 403).
    Source: K31, K32; NIST SP 800-63B.
    """
    challenge = _take_a_try(latest_challenge(act, parameters, user=user), at)
    if not (fits(challenge.pk, code, challenge.code_hmac) or _fits_authenticator(user, code)):
        raise WrongCode(MAX_WRONG_TRIES - challenge.wrong_tries)
    return _use(challenge, at)


def open_contact_challenge(contact: Contact, act: str, *, code: str | None, at: datetime) -> Challenge:
    """Expect code as proof of contact from somebody who is not signed in; an older code for it dies.

    code: None where none is sent; then the row is there all the same, and nothing fits.
    """
    with transaction.atomic(durable=True):
        lock_contact(contact)
        return _open(contact, act, {"contact": contact.value}, user=None, code=code, at=at)


def lock_contact(contact: Contact) -> None:
    """Let one transaction at a time deal with contact; there may be no row yet that could be locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number({"contact": contact.value})])


def verify_contact_challenge(challenge_id: UUID, contact: Contact, act: str, code: str, *, at: datetime) -> Challenge:
    """Accept the code that proves contact, once. Raises as verify_challenge."""
    latest = latest_challenge(act, {"contact": contact.value}, user=None)
    challenge = _take_a_try(latest if latest and latest.pk == challenge_id else None, at)
    if not fits(challenge.pk, code, challenge.code_hmac):
        raise WrongCode(MAX_WRONG_TRIES - challenge.wrong_tries)
    return _use(challenge, at)


def send_code(challenge: Challenge, contact: Contact, code: str, *, act_label: str | Promise, language: str) -> None:
    """Send code; where that fails the challenge is taken back. Raises SendingFailed."""
    parameters = {"code": code, "act": str(act_label), "minutes": LIFETIME_MINUTES}
    send_or_take_back(challenge, contact, "code", parameters, language=language)


def send_or_take_back(
    challenge: Challenge, contact: Contact, event: str, parameters: Mapping[str, str], *, language: str
) -> None:
    """Send the message that belongs to challenge; where that fails, take it back. Raises SendingFailed."""
    try:
        send_message(contact, event, parameters, language=language)
    except SendingFailed:
        challenge.delete()
        raise


def _open(
    contact: Contact, act: str, parameters: Mapping[str, str], *, user: User | None, code: str | None, at: datetime
) -> Challenge:
    digest, key = digest_parameters(parameters), uuid4()
    owner: dict[str, object] = {"user": user} if user else {"user": None, "parameters_digest": digest}
    Challenge.objects.filter(act=act, used_at=None, replaced_at=None, **owner).update(replaced_at=at)
    _sweep(at)
    return Challenge.objects.create(
        pk=key,
        user=user,
        act=act,
        parameters_digest=digest,
        channel=Challenge.Channel.EMAIL if contact.kind is ContactKind.EMAIL else Challenge.Channel.SMS,
        destination=contact.masked,
        code_hmac=seal_code(key, code or secrets.token_hex()),  # no code: the same work, and nothing that one can type
        created_at=at,
        expires_at=at + LIFETIME,
    )


def _refuse_haste(user: User, at: datetime) -> None:
    retry_at = next_code_at(codes_sent_to(user, at=at))
    if retry_at and retry_at > at:
        raise TooSoon(retry_at, wait_seconds=ceil((retry_at - at).total_seconds()))


def _sweep(at: datetime) -> None:
    """Codes are of no use after a day; whoever asks for a new one takes some of the old ones away."""
    stale = Challenge.objects.filter(expires_at__lt=at - DAY).order_by("expires_at")
    chosen = stale.select_for_update(skip_locked=True).values("pk")[:SWEPT_AT_ONCE]
    Challenge.objects.filter(pk__in=chosen).delete()


def _take_a_try(challenge: Challenge | None, at: datetime) -> Challenge:
    """Count a try before judging it, in one statement: however many come at once, five are judged."""
    if challenge is None:
        raise NoSuchChallenge
    if challenge.expires_at <= at:
        raise Expired
    with transaction.atomic(durable=True):
        taken = list(Challenge.objects.raw(TAKE_A_TRY, [challenge.pk, at, MAX_WRONG_TRIES]))
    if not taken:
        raise NoSuchChallenge
    return taken[0]


def _use(challenge: Challenge, at: datetime) -> Challenge:
    """Mark it used, unless somebody was faster; the try that succeeded was not a wrong one."""
    changed = Challenge.objects.filter(pk=challenge.pk, used_at=None, replaced_at=None).update(
        used_at=at, wrong_tries=F("wrong_tries") - 1
    )
    if not changed:
        raise NoSuchChallenge
    challenge.used_at, challenge.wrong_tries = at, challenge.wrong_tries - 1
    return challenge


def _fits_authenticator(user: User, code: str) -> bool:
    """django-otp locks the device, slows down guesses, and takes no token twice."""
    devices = TOTPDevice.objects.devices_for_user(user, confirmed=True)
    return any(verify_token(user, device.persistent_id, code) for device in devices)
