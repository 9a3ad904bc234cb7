"""The desk: the queue, a call written down, and what is done with a case. Every look at a person is noted first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.otp.errors import CodeRejected, NotSent
from accounts.otp.gates import desk_act
from accounts.otp.step_up import Act, step_up
from accounts.staff.actions import record_read
from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.staff.selectors import has_role
from accounts.users.requests import SignedInRequest
from consent.rights.leaving.errors import LeavingError
from consent.rights.requests import actions, deciding, verification
from consent.rights.requests.case_page import case_context
from consent.rights.requests.desk import ON_A_PAGE, case_of, document_of, queue, rows_of
from consent.rights.requests.desk_forms import DecisionForm, PhoneRequestForm, QueueForm, UnmaskForm, wanted_form
from consent.rights.requests.documents import live_documents, picture_of
from consent.rights.requests.errors import RequestError
from consent.rights.requests.models import Channel, Decision, RightsRequest
from consent.rights.requests.rules import UNMASKED_FOR, fields_needed

WORKERS = (Role.SUPPORT, Role.REVIEWER)
Step = Callable[[SignedInRequest, RightsRequest, Actor, datetime], HttpResponseBase | None]


@never_cache
@role_required(*WORKERS)
@require_safe
def queue_page(request: SignedInRequest) -> HttpResponse:
    """Everything that is open, the longest overdue on top."""
    form, now = QueueForm(request.GET), timezone.now()
    said = form.cleaned_data if form.is_valid() else {}
    found = queue(
        staff=request.user,
        number=said.get("q", ""),
        status=said.get("s", ""),
        kind=said.get("k", ""),
        mine=said.get("mine", False),
    )
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    rows = rows_of(list(page), staff=request.user, at=now)
    if rows:
        record_read(request.user, None, case="", what=["queue"], at=now)
    context = {"form": form, "rows": rows, "page": page, "now": now, "section": "requests"}
    return render(request, "desk/queue.html", context)


@never_cache
@role_required(*WORKERS)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new_request(request: SignedInRequest) -> HttpResponse:
    """Write down what somebody asks on the telephone; nothing happens before it is proven who they are."""
    form = PhoneRequestForm(request.POST) if request.method == "POST" else PhoneRequestForm(initial={"key": uuid4()})
    if not (form.is_bound and form.is_valid()):
        context = {"form": form, "section": "requests"}
        return render(request, "desk/new_request.html", context, status=422 if form.is_bound else 200)
    said, now = form.cleaned_data, timezone.now()
    made = actions.open_request(
        said["kind"],
        channel=Channel.PHONE,
        contact=said["contact"],
        name=said["name"],
        details=said["details"],
        language=said["language"],
        actor=_actor(request),
        at=now,
        form_key=said["key"],
    )
    messages.success(request, _("Written down as %(number)s. Next: find out who is asking.") % {"number": made.number})
    return redirect("desk:case", made.number)


@never_cache
@role_required(*WORKERS)
@require_safe
def case(request: SignedInRequest, number: str) -> HttpResponse:
    """One case: whoever has it sees what it needs, masked; others see its state."""
    return _show(request, _case(number))


@never_cache
@role_required(*WORKERS)
@require_safe
def document(request: SignedInRequest, number: str, pk: int) -> HttpResponse:
    """A picture, to whoever has the open case; kept by no browser and no proxy."""
    found = _case(number)
    picture = document_of(found, pk)
    if picture is None or not found.is_open or found.claimed_by_id != request.user.pk:
        raise Http404
    record_read(request.user, found.user, case=number, what=[f"document:{picture.kind}"], at=timezone.now())
    headers = {
        "Cache-Control": "no-store, private",
        "Content-Disposition": f'inline; filename="{number}-{pk}.jpg"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return HttpResponse(picture_of(picture), content_type="image/jpeg", headers=headers)


def case_step(
    *roles: Role, act: Callable[..., Act | None] | None = None
) -> Callable[[Step], Callable[..., HttpResponseBase]]:
    """A POST that does one thing with a case and shows it again; what does not go is said on it. act: what must be
    proven first."""

    def decorate(step: Step) -> Callable[..., HttpResponseBase]:
        @wraps(step)
        def view(request: SignedInRequest, number: str) -> HttpResponseBase:
            found = _case(number)
            try:
                response = step(request, found, _actor(request), timezone.now())
            except (RequestError, NotSent, CodeRejected, LeavingError) as error:
                messages.error(request, str(error.message))
                response = None
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
                response = None
            return response or redirect("desk:case", number)

        guarded = step_up(act)(view) if act else view
        return never_cache(role_required(*roles)(require_POST(guarded)))

    return decorate


@case_step(*WORKERS)
def claim(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> None:
    """Take the case."""
    actions.claim(found, may_decide=has_role(request.user, Role.REVIEWER), actor=actor, at=at)


@case_step(*WORKERS)
def release(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> HttpResponse:
    """Give it back to the queue."""
    actions.release(found, actor=actor, at=at)
    return redirect("desk:queue")


@case_step(*WORKERS)
def send_code(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> None:
    """Send the code that shows who is asking."""
    sent = verification.send_identity_code(found, request.POST.get("kind", ""), actor=actor, at=at)
    messages.success(request, _("A code went to %(destination)s.") % {"destination": sent.destination})


@case_step(*WORKERS)
def check_code(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> None:
    """Type the code that the person reads out."""
    verification.verify_by_code(found, request.POST.get("code", "").strip(), actor=actor, at=at)
    messages.success(request, _("The code is right: identity proven. Somebody else decides now."))


@case_step(*WORKERS)
def judge(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> None:
    """Say whether the documents show who is asking."""
    if request.POST.get("good") not in ("yes", "no"):
        raise RequestError
    verification.judge_documents(found, good=request.POST["good"] == "yes", actor=actor, at=at)
    messages.success(request, _("Noted."))


@case_step(*WORKERS)
def carry_out(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> HttpResponse | None:
    """Do what was agreed to."""
    form = wanted_form(found, request.POST)
    if form and not form.is_valid():
        return _show(request, found, correction=form)
    deciding.carry_out(found, wanted=form.cleaned_data if form else None, actor=actor, at=at)
    messages.success(request, _("Carried out; the case is closed."))
    return None


@case_step(*WORKERS)
def lapse(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> None:
    """End a case in which nobody showed who they are."""
    deciding.lapse(found, actor=actor, at=at)


def _unmasking(request: SignedInRequest, number: str) -> Act:
    seen = {"case": _case(number).number, "field": request.POST.get("field", "")}
    return desk_act("case.unmask", _("see a value of the case %(number)s") % {"number": number}, seen)


def _deciding(request: SignedInRequest, number: str) -> Act | None:
    said = {
        "case": _case(number).number,
        "decision": request.POST.get("decision", ""),
        "refusal": request.POST.get("refusal", ""),
    }
    label = _("agree to %(number)s") if said["decision"] == Decision.GRANTED else _("refuse %(number)s")
    return desk_act("case.decide", label % {"number": number}, said) if DecisionForm(request.POST).is_valid() else None


@case_step(*WORKERS, act=_unmasking)
def unmask(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> None:
    """Show one value of the case for ten minutes, for a reason that the person can read."""
    form = UnmaskForm(request.POST)
    actions.require_claim(found, actor)
    needed = fields_needed(
        found.kind, found.wanted, has_documents=bool(live_documents(found)), is_verified=found.is_verified
    )
    if not form.is_valid() or form.cleaned_data["field"] not in needed:
        raise RequestError
    what, reason = [form.cleaned_data["field"]], form.cleaned_data["reason"]
    until = at + UNMASKED_FOR
    record_read(request.user, found.user, case=found.number, what=what, reason=reason, until=until, at=at)


@case_step(Role.REVIEWER, act=_deciding)
def decide(request: SignedInRequest, found: RightsRequest, actor: Actor, at: datetime) -> HttpResponse | None:
    """Agree or refuse."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, found, decision=form)
    said = form.cleaned_data
    deciding.decide(
        found, Decision(said["decision"]), answer=said["answer"], refusal=said["refusal"], actor=actor, at=at
    )
    messages.success(request, _("Decided, and told to the person."))
    return None


def _show(request: SignedInRequest, found: RightsRequest, **forms: Any) -> HttpResponse:
    context = case_context(found, staff=request.user, at=timezone.now(), **forms)
    return render(request, "desk/case.html", context, status=422 if forms else 200)


def _case(number: str) -> RightsRequest:
    found = case_of(number)
    if found is None:
        raise Http404
    return found


def _actor(request: SignedInRequest) -> Actor:
    return Actor(ActorKind.STAFF, request.user.pk)
