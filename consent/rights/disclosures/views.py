"""The desk's pages of the register of disclosures."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.staff.selectors import has_role
from accounts.users.requests import SignedInRequest
from consent.rights.disclosures.actions import note_disclosure
from consent.rights.disclosures.forms import DisclosureForm
from consent.rights.disclosures.selectors import register
from consent.rights.leaving.holdings import label_for_staff

ON_A_PAGE = 100


@role_required(Role.REVIEWER, Role.AUDITOR)
@never_cache
@require_safe
def disclosures(request: SignedInRequest) -> HttpResponse:
    """What was given to authorities. People stand there by their number."""
    page = Paginator(register(), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": [(line, [label_for_staff(item) for item in line.items]) for line in page],
        "may_enter": has_role(request.user, Role.REVIEWER),
        "today": timezone.localdate(),
        "section": "disclosures",
    }
    return render(request, "rights/disclosures.html", context)


@role_required(Role.REVIEWER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_disclosure(request: SignedInRequest) -> HttpResponse:
    """Enter one."""
    form = DisclosureForm(request.POST) if request.method == "POST" else DisclosureForm(initial={"key": uuid4()})
    if form.is_bound and form.is_valid():
        key, at = form.cleaned_data["key"], timezone.now()
        note_disclosure(key, form.facts(), form.user, staff_id=request.user.pk, at=at)
        messages.success(request, _("It is entered."))
        return redirect("desk:disclosures")
    context = {"form": form, "section": "disclosures"}
    return render(request, "rights/new_disclosure.html", context, status=422 if form.is_bound else 200)
