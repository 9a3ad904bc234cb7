"""What staff were shown of people, for whoever watches over them; and what staff bind themselves to."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.staff.selectors import reads_by
from accounts.users.requests import SignedInRequest
from consent.ledger.asking import Asking
from consent.ledger.errors import LedgerError
from consent.ledger.models import Surface
from consent.policies.rendering import rendered
from consent.rights.requests.desk_forms import ReadsForm
from consent.rights.undertaking import accept_undertaking, has_accepted, undertaking_in_effect

ON_A_PAGE = 100


@never_cache
@role_required(Role.AUDITOR, Role.ADMINISTRATOR)
@require_safe
def reads(request: SignedInRequest) -> HttpResponse:
    """Everything that one of the staff looked at in a period. It says of whom only by the case."""
    form = ReadsForm(request.GET if "staff" in request.GET else None, today=timezone.localdate())
    page = None
    if form.is_bound and form.is_valid():
        found = reads_by(form.cleaned_data["staff"], *form.period)
        page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    status = 422 if form.is_bound and page is None else 200
    return render(request, "desk/reads.html", {"form": form, "page": page, "section": "reads"}, status=status)


@never_cache
@role_required(*Role)
@require_http_methods(["GET", "HEAD", "POST"])
def undertaking(request: SignedInRequest) -> HttpResponse:
    """The words that staff accept before the desk opens to them."""
    version = undertaking_in_effect(timezone.now())
    if version is None:
        raise Http404
    asking = Asking(request, version.policy.slug, version.number)
    if request.method == "POST" and request.POST.get("accept") == "yes":
        if request.POST.get("version") == str(version.number):
            return _accept(request, asking)
        messages.error(request, _("Nothing was recorded: a newer version has taken effect meanwhile. Here it is."))
    context = {
        "version": version,
        "document": rendered(asking.text),
        "accepted": has_accepted(request.user, version),
        "key": uuid4(),
        "section": "undertaking",
    }
    return render(request, "desk/undertaking.html", context, status=422 if request.method == "POST" else 200)


def _accept(request: SignedInRequest, asking: Asking) -> HttpResponse:
    how = replace(asking.circumstances, surface=Surface.AGREEMENT)
    key = request.POST.get("key", "")[:200]
    try:
        accept_undertaking(request.user, asking.version, circumstances=how, key=key, at=asking.at)
    except LedgerError as error:
        messages.error(request, str(error.message))
        return redirect("desk:undertaking")
    messages.success(request, _("Recorded. The desk is open to you."))
    return redirect("desk:home")
