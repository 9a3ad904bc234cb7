"""What a request shows of where it comes from, and the cookie by which a browser is known again."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts.devices.network import family_and_system, system_version, truncate_network
from accounts.users.models import User

COOKIE = "browser"
COOKIE_SECONDS = 400 * 24 * 3600  # as long as browsers allow
LONGEST_PLACE = 60  # characters
_SALT = "accounts.devices.browser"


@dataclass(frozen=True, slots=True)
class Trace:
    """token: of the browser's cookie, or a new one that it has not got yet. network: truncated. place: as the proxy in
    front says it; empty: unknown."""

    token: str
    family: str
    system: str
    network: str
    place: str

    def as_fields(self) -> dict[str, str]:
        """What SignIn keeps of it."""
        return {"family": self.family, "system": self.system, "network": self.network, "place": self.place}

    def digest(self, user: User) -> bytes:
        """32 bytes that stand for the browser as user's; two people of one browser have different ones."""
        return salted_hmac(_SALT, f"{user.pk}:{self.token}", algorithm="sha256").digest()


def trace_of(request: HttpRequest) -> Trace:
    """What is kept of request, and no more. Source: K35."""
    agent = request.headers.get("User-Agent", "")
    family, _system = family_and_system(agent)
    return Trace(
        token=browser_token(request) or secrets.token_urlsafe(24),
        family=family,
        system=system_version(agent),
        network=truncate_network(get_adapter().get_client_ip(request)),
        place=_place(request),
    )


def browser_token(request: HttpRequest) -> str:
    """By what a browser that has signed in here is known; empty for another one, or a forged cookie."""
    return request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=COOKIE_SECONDS) or ""


def remember_browser(response: HttpResponse, trace: Trace) -> None:
    """Know this browser next time."""
    response.set_signed_cookie(
        COOKIE,
        trace.token,
        salt=_SALT,
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _place(request: HttpRequest) -> str:
    """WSGI reads headers as Latin-1; a proxy that knows the names of places writes UTF-8."""
    if not settings.PLACE_HEADER:
        return ""
    said = request.headers.get(settings.PLACE_HEADER, "")
    with suppress(UnicodeError):
        said = said.encode("latin-1").decode()
    return "".join(letter for letter in said if letter.isprintable()).strip()[:LONGEST_PLACE]
