"""WebAuthn through django-otp-webauthn: what the browser is asked, and whether its answer holds."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnCredential
from webauthn.helpers.exceptions import WebAuthnException

from accounts.otp.models import Challenge
from accounts.users.models import User
from accounts.users.requests import SignedInRequest


class PasskeyRefused(Exception):
    """What the browser sent is not the answer that was asked for (HTTP 422)."""


class PasskeyHelper(WebAuthnHelper):  # type: ignore[misc]  # the package ships no types
    """Names the account as the person knows it. Nothing in it is proof of anything."""

    def get_credential_name(self, user: User) -> str:
        contact = user.proven_contact
        return contact.masked if contact else str(user)

    def get_credential_display_name(self, user: User) -> str:
        return user.name or self.get_credential_name(user)


def offer_passkeys(request: SignedInRequest) -> tuple[str, dict[str, Any]]:
    """What navigator.credentials.get is asked, as JSON, and what the answer must fit. The person has to unlock it."""
    options, state = PasskeyHelper(request).authenticate_begin(user=request.user, require_user_verification=True)
    return json.dumps(options), state


def accepts_passkey(request: SignedInRequest, tried: Challenge, state: Mapping[str, Any], answer: str) -> bool:
    """Whether answer was signed by a passkey of the person for this very question; notes which on tried."""
    try:
        device = PasskeyHelper(request).authenticate_complete(request.user, dict(state), json.loads(answer))
    except (OTPWebAuthnApiError, WebAuthnException, ValueError, KeyError, TypeError):
        return False
    tried.device = device if device.confirmed else None
    return bool(device.confirmed)


def invite_passkey(request: SignedInRequest) -> tuple[str, dict[str, Any]]:
    """What navigator.credentials.create is asked, as JSON, and what the answer must fit."""
    options, state = PasskeyHelper(request).register_begin(user=request.user)
    options["authenticatorSelection"]["userVerification"] = "required"
    return json.dumps(options), state | {"require_user_verification": True}


def passkeys_live_at(request: HttpRequest) -> str:
    """The same page under the name that passkeys belong to; empty where that is this one."""
    (origin,) = settings.OTP_WEBAUTHN_ALLOWED_ORIGINS
    return "" if urlsplit(origin).netloc == request.get_host() else origin + request.path


def register_passkey(request: HttpRequest, user: User, state: Mapping[str, Any], answer: str) -> WebAuthnCredential:
    """The passkey that the browser made for this very question, stored. Raises PasskeyRefused."""
    try:
        return PasskeyHelper(request).register_complete(user, dict(state), json.loads(answer))
    except (OTPWebAuthnApiError, WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
