"""Whoever is on their way out is shown one page on each of their visits: until when they can change their mind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers

from accounts.devices.gate import stays_open

# What stays possible: reading, answering consents, exporting, asking the desk, proving who one is, signing out.
OPEN_NAMESPACES = frozenset(
    {"leaving", "export", "verify", "policies", "campaigns", "ledger", "receipts", "check", "log", "decisions"}
    | {"requests", "api", "sign_ins", "compromise"}
)
OPEN_NAMES = frozenset(
    {"language", "account_logout", "account_inactive", "healthz", "readyz", "jwks", "gpc", "unsubscribe"}
)


class LeavingGateMiddleware:
    """The account is restricted while its cancellation can still be undone. Costs no query. Source: K97; PIPL 47."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., HttpResponseBase], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """None lets the request go on."""
        # A page that is kept for everybody must not come to depend on who asks.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or stays_open(
            request.resolver_match, OPEN_NAMESPACES, OPEN_NAMES
        ):
            return None
        user = request.user
        if not user.is_authenticated or user.leaving_at is None:
            return None
        response = redirect("leaving:leave")
        add_never_cache_headers(response)
        return response
