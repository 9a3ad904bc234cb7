"""Cancelling an account: the consequences, two proofs, changing one's mind, and the receipt of who has left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.otp.selectors import missing_proofs
from accounts.otp.step_up import Act, kinds_proven, step_up
from accounts.users.requests import SignedInRequest
from consent.ledger.gate import gate_exempt
from consent.rights.export.selectors import latest_export, state_of
from consent.rights.leaving.actions import PROOFS_NEEDED, begin_leaving, undo_leaving
from consent.rights.leaving.errors import LeavingError
from consent.rights.leaving.selectors import conditions_of, fates_of, leaving_of, receipt_by_token

CANCEL = Act("account.cancel", gettext_lazy("cancel your account"), proofs=PROOFS_NEEDED)


def _cancelling(request: HttpRequest) -> Act | None:
    if request.method != "POST":
        return None
    request.proven_by = sorted(map(str, kinds_proven(request, CANCEL)))  # type: ignore[attr-defined]
    return CANCEL


@gate_exempt
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_cancelling)
def leave(request: SignedInRequest) -> HttpResponse:
    """What would happen; the confirmation; or, once confirmed, until when it can be undone."""
    user = request.user
    if request.method == "POST":
        try:
            proofs = request.proven_by  # type: ignore[attr-defined]
            begin_leaving(user, proofs=proofs, actor=_themselves(request), at=timezone.now())
        except LeavingError as error:
            messages.error(request, str(error.message))
        return redirect("leaving:leave")
    leaving = leaving_of(user)
    if leaving is not None:
        context = {"leaving": leaving, "waits_for": _waits_for(request) if leaving.due_at <= timezone.now() else []}
        return render(request, "leaving/cooling_off.html", context)
    return render(request, "leaving/leave.html", _consequences(request))


@gate_exempt
@login_required
@never_cache
@require_POST
def undo(request: SignedInRequest) -> HttpResponse:
    """Everything is again as it was."""
    try:
        undo_leaving(request.user, actor=_themselves(request), at=timezone.now())
    except LeavingError as error:
        messages.error(request, str(error.message))
        return redirect("leaving:leave")
    messages.success(request, _("Your account stays. Everything is as it was."))
    return redirect("account")


@gate_exempt
@login_required
@never_cache
@require_POST
def sign_out(request: SignedInRequest) -> HttpResponse:
    """Out of the account for now, knowing until when it can be kept."""
    leaving = leaving_of(request.user)
    logout(request)
    if leaving:
        until = date_format(timezone.localtime(leaving.due_at), "DATETIME_FORMAT")
        words = _("You are signed out. Until %(until)s you can sign in and keep your account.")
        messages.info(request, words % {"until": until})
    return redirect("account_login")


@gate_exempt
@login_not_required
@never_cache
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """What became of each item, for whoever has the address from the last message."""
    found = receipt_by_token(token)
    if found is None:
        raise Http404
    response = render(request, "leaving/receipt.html", {"receipt": found})
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _consequences(request: SignedInRequest) -> dict[str, Any]:
    user, at = request.user, timezone.now()
    conditions = conditions_of(user)
    export = latest_export(user)
    return {
        "conditions": conditions,
        "unmet": sum(not condition.is_met for condition in conditions),
        "fates": fates_of(user),
        "missing_proofs": missing_proofs(user, CANCEL, at=at),
        "export": export,
        "export_state": state_of(export, at),
        "closes_at": at + timedelta(days=settings.LEAVING_COOLING_OFF_DAYS),
        "cooling_off_days": settings.LEAVING_COOLING_OFF_DAYS,
    }


def _waits_for(request: SignedInRequest) -> list[Any]:
    return [condition for condition in conditions_of(request.user) if not condition.is_met]


def _themselves(request: SignedInRequest) -> Actor:
    return Actor(ActorKind.SUBJECT, request.user.pk)
