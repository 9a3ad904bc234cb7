"""Answers that need not be sent again: an ETag made of everything that the page shows."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.translation import get_language


def conditional(request: HttpRequest, parts: tuple[object, ...], make: Callable[[], HttpResponse]) -> HttpResponseBase:
    """304 where the client holds this very page, else what `make` gives, with its ETag.

    parts: what the content depends on. Language, the day (pages say “in 3 days”), the account in the header and the
    release are added here. A page with a message for its reader is never taken from a cache.
    """
    if len(get_messages(request)):
        return make()
    etag = _etag(request, parts)
    response = get_conditional_response(request, etag=etag) or make()
    response.headers["ETag"] = etag
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    if request.user.is_authenticated:
        patch_cache_control(response, private=True, no_cache=True)
    else:
        patch_cache_control(response, public=True, no_cache=True)
    return response


def _etag(request: HttpRequest, parts: tuple[object, ...]) -> str:
    user = request.user
    account = (user.pk, user.name, user.theme, user.is_staff) if user.is_authenticated else ()
    today: date = timezone.localdate()
    said = repr((settings.RELEASE, get_language(), today, account, parts))
    return f'"{sha256(said.encode()).hexdigest()[:32]}"'
