"""Asking without an account. The answer is the same whoever is known here, and the rest comes by message."""

from __future__ import annotations

from uuid import uuid4

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.rules import Actor, ActorKind
from consent.ledger.gate import gate_exempt
from consent.rights.requests.actions import open_request
from consent.rights.requests.forms import PublicRequestForm
from consent.rights.requests.models import Channel


@never_cache
@gate_exempt
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Take a request from anybody; number and link go to the contact that they name, and nowhere else."""
    form = PublicRequestForm(request.POST) if request.method == "POST" else PublicRequestForm(initial={"key": uuid4()})
    if not (form.is_bound and form.is_valid()):
        return render(request, "requests/ask.html", {"form": form}, status=422 if form.is_bound else 200)
    said = form.cleaned_data
    if not ratelimit.consume(request, action="rights_request", key=said["contact"].index.hex()):
        response = render(request, "requests/too_many.html", status=429)
        response["Retry-After"] = "3600"
        return response
    open_request(
        said["kind"],
        channel=Channel.FORM,
        contact=said["contact"],
        name=said["name"],
        details=said["details"],
        language=get_language() or "",
        actor=Actor(ActorKind.SUBJECT),
        at=timezone.now(),
        form_key=said["key"],
    )
    return redirect("requests:sent")


@gate_exempt
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Look into your mailbox."""
    return render(request, "requests/sent.html")
