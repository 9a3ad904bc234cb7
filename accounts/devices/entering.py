"""The step from a proven contact to an open session."""

from __future__ import annotations

from contextlib import suppress

from allauth.account.utils import perform_login
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone

from accounts.devices.actions import record_locked, record_sign_in
from accounts.devices.gate import ask_again
from accounts.devices.rules import Level
from accounts.devices.selectors import unusual
from accounts.devices.sessions import SIGN_IN
from accounts.devices.traces import remember_browser, trace_of
from accounts.otp.freshness import mark_signed_in
from accounts.users.locking import Gone
from accounts.users.models import User

LOCKED = "locked_account"  # session key: id of a person who proved a contact and may not come in


def open_session(request: HttpRequest, user: User, *, way: str, following: str = "") -> HttpResponse:
    """Sign user in, note it and judge it; an account that is locked gets to its own page.

    way: kind of the contact that was proven. following: a safe address to go to, or empty. Source: K31, K35, K64.
    """
    at, trace = timezone.now(), trace_of(request)
    if not user.is_active:
        with suppress(Gone):
            record_locked(user, trace, way=way, at=at)
        request.session[LOCKED] = user.pk
        return redirect("account_inactive")
    risks = unusual(user, trace, at=at)
    response: HttpResponse = perform_login(request, user, redirect_url=following or None)
    if not request.user.is_authenticated:
        return response
    request.session.pop(LOCKED, None)  # of somebody else, who was here before
    mark_signed_in(request.session, at=at)
    key = request.session.session_key or ""
    try:
        sign_in = record_sign_in(user, trace, risks, way=way, session_key=key, at=at)
    except Gone:
        request.session.flush()
        return redirect("account_inactive")
    request.session[SIGN_IN] = sign_in.pk
    if sign_in.level == Level.ASKED:
        ask_again(request.session, following or resolve_url(settings.LOGIN_REDIRECT_URL))
    remember_browser(response, trace)
    return response
