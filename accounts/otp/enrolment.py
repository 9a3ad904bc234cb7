"""Adding, naming and removing what a person proves with. Each is told to them at every proven contact."""

import secrets
from base64 import b32decode, b32encode
from collections.abc import Sequence
from datetime import datetime
from time import time
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, override
from django_otp.oath import TOTP
from django_otp_webauthn.models import WebAuthnCredential

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.notices.actions import tell
from accounts.otp.errors import WrongToken
from accounts.otp.models import Authenticator, RecoveryCode
from accounts.otp.rules import RECOVERY_CODES, STRONG, WayKind, digest_recovery_code, new_recovery_code
from accounts.otp.selectors import ways_of
from accounts.users.locking import hold
from accounts.users.models import User

SECRET_BYTES = 20  # RFC 4226, section 4
NAME_LENGTH = 60


class Device(Protocol):
    """An authenticator app or a passkey."""

    pk: int
    name: str

    def save(self, *, update_fields: Sequence[str]) -> None:
        """Write it."""


DEVICES: dict[str, type[Any]] = {WayKind.TOTP: Authenticator, WayKind.PASSKEY: WebAuthnCredential}


def new_secret() -> str:
    """What an app and the portal share: base32."""
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_address(user: User, secret: str) -> str:
    """What the picture says to an app: `otpauth://totp/…`. Source: Key Uri Format of Google Authenticator."""
    contact = user.proven_contact
    label = quote(f"{settings.PORTAL_NAME}:{contact.masked if contact else user.pk}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': settings.PORTAL_NAME})}"


def current_token(device: Authenticator) -> str:
    """What the app shows now."""
    clock = TOTP(b32decode(device.key), drift=device.drift)
    clock.time = time()
    return f"{clock.token():06d}"


@transaction.atomic
def add_authenticator(user: User, secret: str, token: str, *, name: str, actor: Actor, at: datetime) -> Authenticator:
    """Know the app that has secret, which it shows by a first token. A second submit finds the same one.

    Raises WrongToken (API 403). Source: K30; RFC 6238.
    """
    hold(user)
    known: Authenticator | None = next(
        (app for app in Authenticator.objects.filter(user=user) if app.key == secret), None
    )
    if known:
        return known
    app = Authenticator(user=user, name=name, key=secret, confirmed=True)
    if not app.verify_token(token):  # saves it with the step of this token, which is so used up
        raise WrongToken
    _note("added", user, WayKind.TOTP, app, actor=actor, at=at)
    return app


@transaction.atomic
def keep_passkey(user: User, device: WebAuthnCredential, *, name: str, actor: Actor, at: datetime) -> None:
    """Name a passkey that was just registered, in the transaction that stored it."""
    hold(user)
    device.name = name
    device.save(update_fields=["name"])
    _note("added", user, WayKind.PASSKEY, device, actor=actor, at=at)


@transaction.atomic
def make_recovery_codes(user: User, *, count: int = RECOVERY_CODES, actor: Actor, at: datetime) -> list[str]:
    """Codes to print, shown this once; older ones die. Source: K30; OWASP ASVS 6.5."""
    hold(user)
    RecoveryCode.objects.filter(user=user).delete()
    codes = [new_recovery_code() for _ in range(count)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=digest_recovery_code(user.pk, code.replace("-", "")), made_at=at)
        for code in codes
    )
    record_audit("recovery_codes.made", actor=actor, target=f"user:{user.pk}", at=at, details={"count": len(codes)})
    with override(user.language):
        _tell(user, gettext("New recovery codes were made. Earlier ones no longer work."), at)
    return codes


def make_enrolment_code(user: User, *, actor: Actor, at: datetime) -> str | None:
    """A recovery code for an administrator to hand over, with which one of the staff adds their first device; None for
    whoever has a device or recovery codes already. Source: K60; NIST SP 800-63B 4.1."""
    if any(way.kind in STRONG for way in ways_of(user)):
        return None
    return make_recovery_codes(user, count=1, actor=actor, at=at)[0]


def rename_device(kind: WayKind, device: Device, name: str) -> None:
    """What the person calls it; nothing where it was removed meanwhile."""
    DEVICES[kind].objects.filter(pk=device.pk).update(name=name)


@transaction.atomic
def remove_device(user: User, kind: WayKind, device: Device, *, actor: Actor, at: datetime) -> None:
    """It proves nothing any more, and sessions that were proven with it have to be proven again. A second time does
    nothing."""
    deleted, _ = DEVICES[kind].objects.filter(pk=device.pk, user=user).delete()
    if deleted:
        _note("removed", user, kind, device, actor=actor, at=at)


@transaction.atomic
def forget_devices(user: User, *, actor: Actor, at: datetime) -> int:
    """Remove every app, passkey and recovery code of somebody who lost them all; how many apps and passkeys."""
    hold(user)
    devices: Sequence[tuple[WayKind, Device]] = [
        (WayKind(kind), device) for kind, model in DEVICES.items() for device in model.objects.filter(user=user)
    ]
    for kind, device in devices:
        remove_device(user, kind, device, actor=actor, at=at)
    RecoveryCode.objects.filter(user=user).delete()
    return len(devices)


def device_label(kind: WayKind, device: Device) -> str:
    """Kind and name, in the active language."""
    return gettext("%(kind)s “%(name)s”") % {"kind": WayKind(kind).label, "name": device.name}


def _note(what: str, user: User, kind: WayKind, device: Device, *, actor: Actor, at: datetime) -> None:
    record_audit(f"authenticator.{what}", actor=actor, target=f"user:{user.pk}", at=at, details={"kind": str(kind)})
    with override(user.language):
        sentence = gettext("%(device)s was added.") if what == "added" else gettext("%(device)s was removed.")
        _tell(user, sentence % {"device": device_label(kind, device)}, at)


def _tell(user: User, change: str, at: datetime) -> None:
    """In the active language."""
    parameters = {"change": change, "at": date_format(timezone.localtime(at), "DATETIME_FORMAT")}
    proven = [contact for contact in user.contacts if contact.is_proven]
    tell(user, "ways_changed", parameters, contacts=proven, at=at)
