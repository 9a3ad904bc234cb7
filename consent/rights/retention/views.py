"""The desk's pages of retention: rules with their laws and the daily reports; legal holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.users.requests import SignedInRequest
from consent.rights.leaving.drill import latest_drills
from consent.rights.leaving.holdings import label_for_staff
from consent.rights.retention.actions import lift_hold, place_hold
from consent.rights.retention.errors import RetentionError
from consent.rights.retention.forms import HoldForm, ReasonForm
from consent.rights.retention.selectors import all_rules, hold_in_force, holds_in_force, latest_runs

Page = Callable[..., HttpResponseBase]
overseer_required: Callable[[Page], Page] = role_required(Role.AUDITOR, Role.ADMINISTRATOR)
reviewer_required: Callable[[Page], Page] = role_required(Role.REVIEWER)


@overseer_required
@never_cache
@require_safe
def retention(request: SignedInRequest) -> HttpResponse:
    """What is kept on which law, and what was destroyed on which day. Nobody is named."""
    rules = [(rule, [label_for_staff(item) for item in rule.items]) for rule in all_rules()]
    context: dict[str, Any] = {
        "rules": rules,
        "runs": latest_runs(),
        "drills": latest_drills(),
        "today": timezone.localdate(),
    }
    return render(request, "leaving/desk_retention.html", context | {"section": "retention"})


@reviewer_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def holds(request: SignedInRequest) -> HttpResponse:
    """The holds in force, and a new one."""
    form = HoldForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and form.user is not None:
        try:
            place_hold(form.user, form.cleaned_data["reason"], staff_id=request.user.pk, at=timezone.now())
        except RetentionError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The hold is in force: nothing of this person is erased until you lift it."))
            return redirect("desk:holds")
    context: dict[str, Any] = {"holds": holds_in_force(), "form": form, "section": "holds"}
    return render(request, "leaving/desk_holds.html", context, status=422 if form.is_bound else 200)


@reviewer_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: SignedInRequest, hold_id: int) -> HttpResponse:
    """Lift a hold, with a reason."""
    hold = hold_in_force(hold_id)
    if hold is None:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            lift_hold(hold, form.cleaned_data["reason"], staff_id=request.user.pk, at=timezone.now())
        except RetentionError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("The hold is lifted."))
        return redirect("desk:holds")
    context: dict[str, Any] = {"hold": hold, "form": form, "section": "holds"}
    return render(request, "leaving/desk_lift.html", context, status=422 if form.is_bound else 200)
