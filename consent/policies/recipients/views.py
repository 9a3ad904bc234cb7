"""The desk's pages about recipients."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.users.requests import SignedInRequest
from consent.policies.models import Controller
from consent.policies.recipients import actions
from consent.policies.recipients.desk import desk_agreements, desk_recipients, earlier_descriptions, ending_of
from consent.policies.recipients.forms import AgreementForm, RecipientForm
from consent.policies.recipients.models import Recipient
from consent.policies.recipients.selectors import recipients_now


@role_required(Role.PUBLISHER)
@require_safe
def recipients(request: SignedInRequest, slug: str) -> HttpResponse:
    """Everybody whom the company may give information to, and whose agreement ends soon."""
    company = get_object_or_404(Controller, slug=slug)
    rows = desk_recipients(company, timezone.now())
    context = {"controller": company, "rows": rows, "ending": [row for row in rows if row.ends_soon]}
    return render(request, "desk/recipients.html", context | {"section": "desk"})


@role_required(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_recipient(request: SignedInRequest, slug: str) -> HttpResponse:
    """Somebody who is not on the list yet."""
    company = get_object_or_404(Controller, slug=slug)
    form = RecipientForm.of(None, request.POST or None)
    if form.is_bound and form.is_valid():
        code = form.cleaned_data["code"]
        if not Recipient.objects.filter(controller=company, code=code).exists():
            return _described(request, company, code, form)
        form.add_error("code", _("The list has a recipient of this code already. Choose another code."))
    context = {"controller": company, "form": form, "section": "desk"}
    return render(request, "desk/recipient.html", context, status=422 if form.is_bound else 200)


@role_required(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def recipient(request: SignedInRequest, slug: str, code: str) -> HttpResponse:
    """What a recipient is, and what binds it. What was on file before stays readable."""
    found = _recipient(slug, code)
    facts = recipients_now(found.controller, timezone.now()).get(code)
    form = RecipientForm.of(facts, request.POST.dict() | {"code": code} if request.POST else None)
    if form.is_bound and form.is_valid():
        return _described(request, found.controller, code, form)
    return _show(request, found, form=form)


@role_required(Role.PUBLISHER)
@require_POST
def new_agreement(request: SignedInRequest, slug: str, code: str) -> HttpResponse:
    """Put an agreement on file."""
    found = _recipient(slug, code)
    form = AgreementForm(request.POST)
    if not form.is_valid():
        return _show(request, found, agreement=form)
    actions.record_agreement(found, **form.cleaned_data, **_how(request))
    return _saved(request, slug, code)


@role_required(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def end_agreement(request: SignedInRequest, slug: str, code: str, pk: int) -> HttpResponse:
    """What stops with an agreement, and its end from now on."""
    found = _recipient(slug, code)
    agreement = get_object_or_404(found.agreements, pk=pk)
    if request.method != "POST" and not agreement.ended_at:
        ending = ending_of(found, agreement, timezone.now())
        context = {"agreement": agreement, "ending": ending, "controller": found.controller, "section": "desk"}
        return render(request, "desk/end_agreement.html", context)
    if actions.end_agreement(agreement, **_how(request)):
        messages.success(request, _("Ended: from now on this agreement counts no more."))
    return redirect("desk:recipient", slug, code)


def _show(
    request: SignedInRequest,
    found: Recipient,
    form: RecipientForm | None = None,
    agreement: AgreementForm | None = None,
) -> HttpResponse:
    at = timezone.now()
    facts = recipients_now(found.controller, at).get(found.code)
    context = {
        "controller": found.controller,
        "recipient": facts,
        "form": form or RecipientForm.of(facts),
        "agreement": agreement or AgreementForm(),
        "agreements": desk_agreements(found, at),
        "earlier": earlier_descriptions(found),
        "section": "desk",
    }
    return render(request, "desk/recipient.html", context, status=422 if request.method == "POST" else 200)


def _described(request: SignedInRequest, company: Controller, code: str, form: RecipientForm) -> HttpResponse:
    actions.describe_recipient(company, code, form.facts(), **_how(request))
    return _saved(request, company.slug, code)


def _recipient(slug: str, code: str) -> Recipient:
    return get_object_or_404(Recipient.objects.select_related("controller"), controller__slug=slug, code=code)


def _how(request: SignedInRequest) -> dict[str, Any]:
    return {"actor": Actor(ActorKind.STAFF, request.user.pk), "at": timezone.now()}


def _saved(request: SignedInRequest, slug: str, code: str) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("desk:recipient", slug, code)
