"""Sending one-time codes and judging them."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import get_language
from django_otp import verify_token

from accounts.otp.errors import Expired, NoProvenContact, NoSuchChallenge, SendingFailed, WrongCode
from accounts.otp.messages import send_message
from accounts.otp.models import Authenticator, Challenge, RecoveryCode
from accounts.otp.rules import (
    DAY,
    LIFETIME,
    MAX_WRONG_TRIES,
    WayKind,
    digest_parameters,
    digest_recovery_code,
    fits,
    lock_number,
    new_code,
    seal_code,
)
from accounts.otp.selectors import latest_challenge, live_contact_challenge
from accounts.otp.throttle import refuse_haste, refuse_strangers_haste
from accounts.users.locking import hold
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
    user: User,
    act: str,
    parameters: Mapping[str, str],
    *,
    act_label: str | Promise,
    at: datetime,
    contact: Contact | None = None,
    network: str = "",
    instead: str = "",
) -> Challenge:
    """Send user a new code for one act on one object; an older code for the same act dies.

    act: `policy.publish`. parameters: what the act is done to, such as {"version": "17"}. act_label: the act and its
    object in words, for the message. contact: where it goes, otherwise to the proven e-mail address, else by SMS; in
    the language of the page. network: where the request came from, truncated. instead: the event of a message that goes
    to contact in place of the code, so that nothing fits.
    Must not be called inside a transaction: the message leaves after the commit.
    Raises TooSoon (API 429), NoProvenContact (409), SendingFailed (503); then no new code is open.
    Source: K31, K32; NIST SP 800-63B.
    """
    contact = contact or user.proven_contact
    if contact is None:
        raise NoProvenContact
    code, kind = new_code(), _kind_of(contact)
    with transaction.atomic(durable=True):
        hold(user)
        refuse_haste(user, kind, contact=contact, network=network, at=at)
        _replace_older(user, act, at)
        sealed = None if instead else code
        challenge = _open(kind, act, parameters, user=user, contact=contact, code=sealed, network=network, at=at)
    language = get_language() or user.language
    if instead:
        send_or_take_back(challenge, contact, instead, {}, language=language)
    else:
        send_code(challenge, contact, code, act_label=act_label, language=language)
    return challenge


def expect_proof(
    user: User, act: str, parameters: Mapping[str, str], kind: WayKind, *, at: datetime, network: str = ""
) -> Challenge:
    """Expect something that user has already: a token, a passkey, a recovery code. Opens the challenge that counts the
    tries, or finds the one that is open. Raises TooSoon (API 429)."""
    with transaction.atomic(durable=True):
        hold(user)
        open_one = latest_challenge(act, parameters, user=user)
        if open_one and open_one.channel == kind and open_one.is_open(at):
            return open_one
        refuse_haste(user, kind, contact=None, network=network, at=at)
        _replace_older(user, act, at)
        return _open(kind, act, parameters, user=user, contact=None, code=None, network=network, at=at)


def verify_challenge(user: User, act: str, parameters: Mapping[str, str], code: str, *, at: datetime) -> Challenge:
    """Accept the code that user was sent for this act on this object, or the token or recovery code that was expected
    instead, once.

    Must not be called inside a transaction: a wrong try is counted even if the act is then given up.
    Raises WrongCode(tries_left), Expired, NoSuchChallenge (API 403).
    Source: K31, K32; NIST SP 800-63B.
    """
    return judge_proof(user, act, parameters, lambda challenge: _accepts(challenge, user, code, at), at=at)


def judge_proof(
    user: User, act: str, parameters: Mapping[str, str], accepts: Callable[[Challenge], bool], *, at: datetime
) -> Challenge:
    """Count a try, let accepts judge it, and use the challenge up. Raises as verify_challenge."""
    challenge = _take_a_try(latest_challenge(act, parameters, user=user), at)
    if not accepts(challenge):
        raise WrongCode(MAX_WRONG_TRIES - challenge.wrong_tries)
    return _use(challenge, at)


def open_contact_challenge(
    contact: Contact,
    act: str,
    *,
    code: str | None,
    at: datetime,
    network: str = "",
    asker: bytes | None = None,
    replaces: UUID | None = None,
) -> Challenge:
    """Expect code as proof of contact from somebody who is not signed in.

    code: None where none is sent; then the row is there all the same, and nothing fits. network: truncated. asker: see
    refuse_strangers_haste. replaces: what the same browser was promised before, which dies; a code that another one
    asked for does not, or any stranger could make the owner's codes worthless. Raises TooSoon (API 429).
    """
    with transaction.atomic(durable=True):
        lock_contact(contact)
        refuse_strangers_haste(contact, network=network, asker=asker, at=at)
        if replaces:
            Challenge.objects.filter(pk=replaces, user=None, used_at=None, replaced_at=None).update(replaced_at=at)
        parameters = {"contact": contact.value}
        kind = _kind_of(contact)
        return _open(kind, act, parameters, user=None, contact=contact, code=code, network=network, asker=asker, at=at)


def lock_contact(contact: Contact) -> None:
    """Let one transaction at a time deal with contact; there may be no row yet that could be locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number({"contact": contact.value})])


def verify_contact_challenge(challenge_id: UUID, contact: Contact, act: str, code: str, *, at: datetime) -> Challenge:
    """Accept the code that proves contact, once. Raises as verify_challenge."""
    challenge = _take_a_try(live_contact_challenge(challenge_id, act, {"contact": contact.value}), at)
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


def _kind_of(contact: Contact) -> WayKind:
    return WayKind.EMAIL if contact.kind is ContactKind.EMAIL else WayKind.SMS


def _replace_older(user: User, act: str, at: datetime) -> None:
    Challenge.objects.filter(user=user, act=act, used_at=None, replaced_at=None).update(replaced_at=at)


def _open(
    kind: WayKind,
    act: str,
    parameters: Mapping[str, str],
    *,
    user: User | None,
    contact: Contact | None,
    code: str | None,
    network: str,
    at: datetime,
    asker: bytes | None = None,
) -> Challenge:
    _sweep(at)
    key = uuid4()
    return Challenge.objects.create(
        pk=key,
        user=user,
        act=act,
        parameters_digest=digest_parameters(parameters),
        channel=kind,
        destination=contact.masked if contact else "",
        destination_index=contact.index if contact else None,
        network=network,
        asker=asker,
        code_hmac=seal_code(key, code or secrets.token_hex()),  # no code: the same work, and nothing that one can type
        created_at=at,
        expires_at=at + LIFETIME,
    )


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


def _accepts(challenge: Challenge, user: User, code: str, at: datetime) -> bool:
    match challenge.channel:
        case WayKind.EMAIL | WayKind.SMS:
            return fits(challenge.pk, code, challenge.code_hmac)
        case WayKind.TOTP:
            return _take_token(challenge, user, code)
        case WayKind.RECOVERY:
            unused = RecoveryCode.objects.filter(user=user, used_at=None)
            return bool(unused.filter(digest=digest_recovery_code(user.pk, code)).update(used_at=at))
    return False


def _take_token(challenge: Challenge, user: User, token: str) -> bool:
    """django-otp locks the app's row meanwhile, so that no token is taken twice."""
    apps = Authenticator.objects.devices_for_user(user, confirmed=True)
    challenge.device = next((app for app in apps if verify_token(user, app.persistent_id, token)), None)
    return challenge.device is not None
