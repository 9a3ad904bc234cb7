"""The page of a person's export, and the file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit.rules import Actor, ActorKind
from accounts.otp.step_up import Act, consume_proof, step_up
from accounts.users.requests import SignedInRequest
from consent.ledger.gate import gate_exempt
from consent.rights.export.actions import start_export, take_download
from consent.rights.export.errors import TooManyExports
from consent.rights.export.selectors import latest_export, own_export, state_of
from consent.rights.export.writing import read_parts

REFRESH_SECONDS = 3


def _fetching(request: HttpRequest, export_id: UUID) -> Act:
    return Act("export.download", _("download everything we know about you"), {"export": str(export_id)})


@gate_exempt
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: SignedInRequest) -> HttpResponse:
    """What is in the export, how far it is, and the way to it."""
    user, at = request.user, timezone.now()
    if request.method == "POST":
        try:
            start_export(user, actor=Actor(ActorKind.SUBJECT, user.pk), at=at)
        except TooManyExports as error:
            messages.error(request, error.message)
        return redirect("export:export")
    latest = latest_export(user)
    state = state_of(latest, at)
    context: dict[str, Any] = {"export": latest, "state": state, "refresh_seconds": REFRESH_SECONDS}
    response = render(request, "export/export.html", context)
    if state == "making":
        response["Refresh"] = str(REFRESH_SECONDS)  # works without scripts
    return response


@gate_exempt
@login_required
@never_cache
@require_POST
def download(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """The file, once. Another person's is not there, before anything is asked."""
    if own_export(request.user, export_id) is None:
        raise Http404
    return _download(request, export_id)


@step_up(_fetching)
def _download(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    at = timezone.now()
    taken = take_download(request.user, export_id, actor=Actor(ActorKind.SUBJECT, request.user.pk), at=at)
    if taken is None:
        return render(request, "export/gone.html", status=410)
    consume_proof(request, _fetching(request, export_id))
    response = StreamingHttpResponse(read_parts(taken), content_type="application/zip")
    response["Content-Length"] = str(taken.size)
    name = f"my-information-{timezone.localdate(taken.asked_at).isoformat()}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
