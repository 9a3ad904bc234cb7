"""The front door and the choice of language."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.users.actions import prefer_language


def home(request: HttpRequest) -> HttpResponse:
    """Somebody signed in comes to their consents, everybody else to the policies."""
    return redirect("ledger:consents" if request.user.is_authenticated else "policies:list")


def global_privacy_control(request: HttpRequest) -> JsonResponse:
    """That `Sec-GPC: 1` is honoured: nothing is ever sold or given to others for their own marketing, so there is
    nothing to switch off. Source: W3C Global Privacy Control, 4; Y25."""
    return JsonResponse({"gpc": True, "lastUpdate": "2026-11-22"})


def choose_language(request: HttpRequest, language: str) -> HttpResponse:
    """Remembers the language in a cookie and, for somebody signed in, for their letters and messages.

    A plain link, so that pages carry no token and can be cached; the worst that a forged one does is to change the
    language.
    """
    if language not in dict(settings.LANGUAGES):
        raise Http404
    following = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure())
    response = redirect(following if safe else "home")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    if request.user.is_authenticated:
        prefer_language(request.user, language)
    return response
