"""What the development stack's own mail server and SMS gateway took, and what the authenticator apps of staff show, as
a page and as JSON.

`urlpatterns` is empty unless ASSENT_DEVELOPMENT is on: one-time codes can be read here.
"""

import re
from time import time
from typing import Any

import httpx
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Authenticator
from accounts.otp.enrolment import current_token
from accounts.users.rules import parse_contact

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
SINK_SECONDS = 3
STEP_SECONDS = 30  # RFC 6238


@login_not_required
@never_cache
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """Newest first; six digits that stand alone are shown large, being a code. 503 while the sink is away."""
    to = request.GET.get("to", "")
    try:
        messages = _messages(to, "50")
    except httpx.HTTPError as error:
        return render(request, "dev/inbox.html", {"to": to, "problem": str(error)}, status=503)
    for message in messages:
        message["codes"] = CODE.findall(message["text"])
    return render(request, "dev/inbox.html", {"to": to, "arrived": messages, "apps": _apps()})


@login_not_required
@never_cache
@require_safe
def inbox_json(request: HttpRequest) -> HttpResponse:
    """{"messages": [...], "apps": [...]}, newest first; to: an address or number; limit: 1 to 1000, otherwise 50."""
    try:
        messages = _messages(request.GET.get("to", ""), request.GET.get("limit", ""))
    except httpx.HTTPError as error:
        return JsonResponse({"error": str(error)}, status=503)
    return JsonResponse({"messages": messages, "apps": _apps()}, json_dumps_params={"ensure_ascii": False})


def _messages(to: str, limit: str) -> list[dict[str, Any]]:
    asked = {"to": _address(to), "limit": limit}
    answer = httpx.get(f"{settings.DEV_INBOX_URL}/inbox", params=asked, timeout=SINK_SECONDS).raise_for_status()
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


def _apps() -> list[dict[str, Any]]:
    """What the authenticator apps of staff show now. new_in_seconds: until they show something else; a token that was
    used is not taken again."""
    step, passed = divmod(int(time()), STEP_SECONDS)
    devices = Authenticator.objects.filter(user__is_staff=True, confirmed=True).select_related("user").order_by("pk")
    return [
        {
            "to": str(getattr(device.user.proven_contact or next(iter(device.user.contacts), None), "value", "")),
            "token": current_token(device),
            "is_used": device.last_step >= step + device.drift,
            "new_in_seconds": STEP_SECONDS - passed,
        }
        for device in devices
    ]


def _address(text: str) -> str:
    """As the senders write it, so that 13800138000 finds what went to +8613800138000."""
    if re.fullmatch(r" \d[\d ]*", text):
        text = f"+{text.strip()}"  # in a query string a plus sign means a space
    try:
        return parse_contact(text).value
    except ValidationError:
        return text.strip()


urlpatterns: list[URLPattern] = (
    [
        path("dev/inbox/", inbox_page, name="dev_inbox"),
        path("dev/inbox.json", inbox_json, name="dev_inbox_json"),
    ]
    if settings.DEVELOPMENT
    else []
)
