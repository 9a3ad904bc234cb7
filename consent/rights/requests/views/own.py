"""What a signed-in person asked of us, and asking it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.otp.step_up import Act, step_up
from accounts.profile.selectors import values_of
from accounts.staff.selectors import reads_of
from accounts.users.requests import SignedInRequest
from consent.ledger.gate import gate_exempt
from consent.rights.requests.actions import open_request
from consent.rights.requests.errors import RequestError
from consent.rights.requests.forms import OwnRequestForm
from consent.rights.requests.models import Channel, Kind, RightsRequest
from consent.rights.requests.restriction import lift_restriction
from consent.rights.requests.selectors import has_new_contact, own_request, requests_of
from consent.rights.requests.verification import verify_by_device
from consent.rights.requests.views.status import status_page


@never_cache
@gate_exempt
@login_required
@require_safe
def mine(request: SignedInRequest) -> HttpResponse:
    """Every request of the person, and which staff looked at what."""
    context = {"requests": requests_of(request.user), "reads": reads_of(request.user.pk)}
    return render(request, "requests/mine.html", context)


def _asking(request: SignedInRequest) -> Act | None:
    """A request that somebody who proves themselves at once need not be verified again."""
    form = _sent(request) if request.method == "POST" else None
    if form is None or not form.is_valid():
        return None
    kind = Kind(form.cleaned_data["kind"])
    asked = {"kind": kind.value, **(form.wanted or {})}
    return Act("request.open", _("make the request “%(kind)s”") % {"kind": kind.label}, asked)


@never_cache
@gate_exempt
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_asking)
def new(request: SignedInRequest) -> HttpResponse:
    """Ask something; whoever has just proven that it is them is verified with it."""
    form = _sent(request) if request.method == "POST" else OwnRequestForm.fresh(**_chosen(request))
    if not (form.is_bound and form.is_valid()):
        context = {"form": form}
        return render(request, "requests/new.html", context, status=422 if form.is_bound else 200)
    said, actor, now = form.cleaned_data, Actor(ActorKind.SUBJECT, request.user.pk), timezone.now()
    made = open_request(
        said["kind"],
        channel=Channel.ACCOUNT,
        user=request.user,
        details=said["details"],
        wanted=form.wanted,
        language=get_language() or "",
        actor=actor,
        at=now,
        form_key=said["key"],
    )
    if (made.user_id, made.kind, made.wanted) != (request.user.pk, said["kind"], form.wanted):
        raise Http404  # the key is of another form, for which nothing was proven
    if not (made.is_verified or has_new_contact(request.user, now)):
        verify_by_device(made, actor=actor, at=now, tells=False)
    messages.success(request, _("Received under the number %(number)s.") % {"number": made.number})
    return redirect(made)


@never_cache
@gate_exempt
@login_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: SignedInRequest, number: str) -> HttpResponse:
    """One request of the person; another's is no different from none."""
    return status_page(request, _own(request, number), is_own=True)


def _confirming(request: SignedInRequest, number: str) -> Act:
    found = _own(request, number)
    return Act("request.confirm", _("confirm the request %(number)s") % {"number": number}, {"request": found.number})


@never_cache
@gate_exempt
@login_required
@require_POST
@step_up(_confirming)
def confirm(request: SignedInRequest, number: str) -> HttpResponse:
    """Say that a request which came by telephone or form is really one's own."""
    found = _own(request, number)
    try:
        verify_by_device(found, actor=Actor(ActorKind.SUBJECT, request.user.pk), at=timezone.now())
    except RequestError as error:
        messages.error(request, error.message)
    return redirect(found)


def _lifting(request: SignedInRequest, number: str) -> Act:
    found = _own(request, number)
    return Act("restriction.lift", _("allow the use of your information again"), {"request": found.number})


@never_cache
@gate_exempt
@login_required
@require_POST
@step_up(_lifting)
def lift(request: SignedInRequest, number: str) -> HttpResponse:
    """End a restriction that one asked for."""
    found = _own(request, number)
    try:
        lift_restriction(found, actor=Actor(ActorKind.SUBJECT, request.user.pk), at=timezone.now())
    except RequestError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("What you agreed to counts again."))
    return redirect(found)


def _own(request: SignedInRequest, number: str) -> RightsRequest:
    found = own_request(request.user, number)
    if found is None:
        raise Http404
    return found


def _sent(request: SignedInRequest) -> OwnRequestForm:
    return OwnRequestForm(request.POST, known=values_of(request.user))


def _chosen(request: SignedInRequest) -> dict[str, str]:
    """What a link to the form has chosen already."""
    return {name: request.GET[name] for name in ("kind", "field") if name in request.GET}
