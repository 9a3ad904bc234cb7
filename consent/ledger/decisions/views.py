"""What was agreed to on a day: for the person themselves, and for an auditor."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.models import User
from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.users.requests import SignedInRequest
from consent.ledger.decisions.as_of import AsOf, as_of
from consent.ledger.decisions.forms import DayForm, LookUpForm
from consent.ledger.decisions.look_ups import look_up
from consent.ledger.gate import gate_exempt


@never_cache
@gate_exempt
@login_required
@require_safe
def own(request: SignedInRequest) -> HttpResponse:
    """The person's own consents on a day, as a page or, with `form=pdf`, as a signed file."""
    now = timezone.now()
    form = DayForm(request.GET if "on" in request.GET else {"on": timezone.localdate(now)})
    found = as_of(request.user, form.instant(now)) if form.is_valid() else None
    if found and request.GET.get("form") == "pdf":
        return _pdf(found, _in_words(request.user), now)
    context = {"form": form, "then": found, "section": "consents"}
    return render(request, "decisions/own.html", context, status=200 if found else 422)


@never_cache
@role_required(Role.AUDITOR)
@require_http_methods(["GET", "HEAD", "POST"])
def audit(request: SignedInRequest) -> HttpResponse:
    """Anybody's consents on a day, for an auditor who says why; a POST, so that no address or log names the person."""
    form = LookUpForm(request.POST or None, initial={"on": timezone.localdate()})
    context = {"form": form, "section": "audit"}
    if not (form.is_bound and form.is_valid()):
        return render(request, "decisions/audit.html", context, status=422 if form.is_bound else 200)
    now, said = timezone.now(), form.cleaned_data
    actor = Actor(ActorKind.STAFF, request.user.pk)
    found = look_up(
        said["controller"], form.contact or said["who"], form.instant(now), why=said["why"], actor=actor, at=now
    )
    if found and "pdf" in request.POST:
        return _pdf(found, form.about, now)
    return render(request, "decisions/audit.html", context | {"then": found, "unknown": found is None})


def _in_words(user: User) -> str:
    """An account holder by name and masked contacts."""
    return pgettext("between items", ", ").join(filter(None, [user.name, *map(str, user.contacts)]))


def _pdf(found: AsOf, about: str, now: datetime) -> HttpResponse:
    from consent.ledger.decisions.as_of_pdf import as_of_pdf  # a sixth of a worker's memory, which few need

    name = f"consents-{timezone.localdate(found.at)}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(as_of_pdf(found, about, now), content_type="application/pdf", headers=headers)
