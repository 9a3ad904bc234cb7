"""Proofs and devices for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Authenticator, Challenge, User
from accounts.otp.enrolment import current_token
from accounts.otp.pending import PENDING_KEY
from accounts.otp.rules import LIFETIME, WayKind, digest_parameters
from accounts.otp.step_up import PROOFS_KEY, Act

KINDS = (WayKind.EMAIL, WayKind.TOTP)
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238's examples


def prove(client: Client, user: User, act: Act, *, kinds: tuple[WayKind, ...] = (), at: datetime | None = None) -> None:
    """Put the proofs of act into the session of client, as if user had given them at that instant, otherwise now."""
    at, session = at or timezone.now(), client.session
    if act.proofs > 1 and WayKind.TOTP in (kinds or KINDS) and not Authenticator.objects.filter(user=user).exists():
        make_authenticator(user)  # a proof by a way that nobody has is none
    chosen = kinds or tuple(WayKind(kind) for kind in act.ways[: act.proofs]) or KINDS[: act.proofs]
    session[PROOFS_KEY] = [*session.get(PROOFS_KEY, []), *(_proof(user, act, kind, at) for kind in chosen)]
    session.save()


def post_proven(client: Client, path: str, data: Mapping[str, Any] | None = None) -> HttpResponse:
    """Send a form, prove what it asks for, and send it again: what the last page's button does."""
    asked = client.post(path, data or {})
    assert asked.headers.get("Location") == "/account/verify/", asked.status_code
    kept = client.session[PENDING_KEY]["act"]
    prove(client, User.objects.get(pk=client.session["_auth_user_id"]), Act(**kept | {"ways": tuple(kept["ways"])}))
    response = client.post(path, data or {})
    assert isinstance(response, HttpResponse)
    return response


def make_authenticator(
    user: User, *, name: str = "phone", key: str = SECRET, confirmed: bool = True, added_at: datetime = LONG_AGO
) -> Authenticator:
    """An authenticator app of user."""
    app = Authenticator(user=user, name=name, key=key, confirmed=confirmed)
    app.save()
    app.created_at = added_at  # django-otp writes the clock's on the first save
    app.save(update_fields=["created_at"])
    return app


def token_of(device: Authenticator) -> str:
    """What the app shows now."""
    return current_token(device)


def _proof(user: User, act: Act, kind: WayKind, at: datetime) -> str:
    challenge = Challenge.objects.create(
        pk=uuid4(),
        user=user,
        act=act.code,
        parameters_digest=digest_parameters(act.parameters),
        channel=kind,
        code_hmac=bytes(32),
        created_at=at,
        expires_at=at + LIFETIME,
        used_at=at,
    )
    return str(challenge.pk)
