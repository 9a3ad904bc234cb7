"""Whoever signed in under unusual circumstances proves once more who they are before any page of their own opens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import ResolverMatch
from django.utils.cache import add_never_cache_headers

ASK_AGAIN = "ask_again"  # session key: the address to go to once it is proven
# What shows nothing of a person's own, what proves who one is, and what locks the account.
OPEN_NAMESPACES = frozenset({"verify", "compromise", "policies", "campaigns", "check", "log"})
OPEN_NAMES = frozenset(
    {"sign_ins:again", "sign_ins:prove", "account_logout", "account_inactive"}
    | {"language", "healthz", "readyz", "jwks", "gpc", "unsubscribe"}
)


def ask_again(session: SessionBase, following: str) -> None:
    """Keep the session closed until it is proven once more; then go to following."""
    session[ASK_AGAIN] = following


def let_in(session: SessionBase) -> str | None:
    """It was proven: open the session. The address to go to; None if it was open."""
    following: str | None = session.pop(ASK_AGAIN, None)
    return following


class AskAgainMiddleware:
    """Costs a stranger nothing and everybody else no query: the session is read anyway. Source: K31."""

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
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or stays_open(
            request.resolver_match, OPEN_NAMESPACES, OPEN_NAMES
        ):
            return None
        if ASK_AGAIN not in request.session or not request.user.is_authenticated:
            return None
        response = redirect("sign_ins:again")
        add_never_cache_headers(response)
        return response


def stays_open(match: ResolverMatch | None, namespaces: Collection[str], names: Collection[str]) -> bool:
    """Whether an address is none of a gate's business: of one of the namespaces, of one of the names, or nowhere."""
    if match is None:
        return True
    outermost = match.namespaces[0] if match.namespaces else ""
    return outermost in namespaces or match.view_name in names or match.view_name.startswith("dev_inbox")
