"""The status page of one request: what a person sees and does there, signed in or by the link that they were sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from allauth.core import ratelimit
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.audit.rules import Actor, ActorKind
from accounts.otp.errors import CodeRejected
from accounts.otp.forms import CodeForm
from consent.ledger.gate import gate_exempt
from consent.rights.requests.actions import appeal, withdraw_request
from consent.rights.requests.complaints import complaint_route, telephones
from consent.rights.requests.documents import MAX_DOCUMENTS, add_documents, live_documents, require_room
from consent.rights.requests.errors import RequestError, TooManyPictures
from consent.rights.requests.forms import AppealForm, PicturesForm
from consent.rights.requests.models import Decision, Kind, RightsRequest, Status
from consent.rights.requests.restriction import restricted_since
from consent.rights.requests.selectors import request_by_link
from consent.rights.requests.verification import live_code, verify_by_code
from consent.rights.requests.words import steps_of, wanted_words

Forms = dict[str, CodeForm | PicturesForm | AppealForm]


@never_cache
@gate_exempt
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """For whoever was sent the link; an unknown number and a wrong token are the same 404."""
    found = request_by_link(number, token)
    if found is None:
        raise Http404
    return status_page(request, found, is_own=bool(found.user_id) and request.user.pk == found.user_id)


def status_page(request: HttpRequest, found: RightsRequest, *, is_own: bool) -> HttpResponse:
    """Show the request; on a POST do first what its field `act` says, and come back."""
    problems: Forms = {}
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise Http404
        try:
            if problem := act(request, found):
                problems = dict([problem])
            else:
                return redirect(request.path)
        except RequestError as error:
            messages.error(request, error.message)
            return redirect(request.path)
    return render(
        request, "requests/request.html", _context(found, problems, is_own=is_own), status=422 if problems else 200
    )


def _context(found: RightsRequest, problems: Forms, *, is_own: bool) -> Mapping[str, object]:
    now = timezone.now()
    code = live_code(found) if found.status == Status.RECEIVED else None
    is_refused = found.decision == Decision.REFUSED and not found.wiped_at
    form = problems.get("code") or CodeForm()
    if isinstance(form, CodeForm):
        form.describe(code)
    return {
        "found": found,
        "steps": steps_of(found),
        "is_own": is_own,
        "wanted": wanted_words(found, masked=True) if is_own else [],
        "may_sign_in": found.user is not None and not found.user.locked_at,
        "telephones": telephones() if found.status == Status.RECEIVED and not is_own else "",
        "code": form if code and code.is_open(now) else None,
        "pictures": problems.get("pictures") or PicturesForm(),
        "pictures_left": MAX_DOCUMENTS - len(live_documents(found)),
        "restricted": restricted_since(found.user) if is_own and found.user and _restricts(found) else None,
        "may_withdraw": found.status in (Status.RECEIVED, Status.VERIFIED),
        "appeal": (problems.get("appeal") or AppealForm()) if is_refused and not hasattr(found, "appeal") else None,
        "complaint": complaint_route() if is_refused else "",
    }


def _restricts(found: RightsRequest) -> bool:
    return found.kind == Kind.RESTRICTION and found.status == Status.CLOSED


def _withdraw(request: HttpRequest, found: RightsRequest) -> None:
    withdraw_request(found, actor=_actor(request, found), at=timezone.now())
    messages.success(request, _("Withdrawn. Nothing was changed."))


def _add_pictures(request: HttpRequest, found: RightsRequest) -> tuple[str, PicturesForm] | None:
    require_room(found)
    if not ratelimit.consume(request, action="pictures", key=found.number):
        raise TooManyPictures
    form = PicturesForm(request.POST, request.FILES)
    if not form.is_valid():
        return "pictures", form
    add_documents(found, form.pictures, actor=_actor(request, found), at=timezone.now())
    messages.success(request, _("Received. Two of our staff look at them; then they are destroyed."))
    return None


def _type_code(request: HttpRequest, found: RightsRequest) -> tuple[str, CodeForm] | None:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return "code", form
    try:
        verify_by_code(found, form.cleaned_data["code"], actor=_actor(request, found), at=timezone.now())
    except CodeRejected as error:
        form.add_error("code", error.message)
        return "code", form
    messages.success(request, _("It is proven that the request is yours."))
    return None


def _appeal(request: HttpRequest, found: RightsRequest) -> tuple[str, AppealForm] | None:
    form = AppealForm(request.POST)
    if not form.is_valid():
        return "appeal", form
    made = appeal(found, form.cleaned_data["reason"], actor=_actor(request, found), at=timezone.now())
    messages.success(
        request, _("Your appeal has the number %(number)s. Somebody else looks at it.") % {"number": made.number}
    )
    return None


def _actor(request: HttpRequest, found: RightsRequest) -> Actor:
    """Whoever has the link is the person, or a stranger to us."""
    return Actor(ActorKind.SUBJECT, found.user_id) if found.user_id else Actor(ActorKind.SUBJECT)


_ACTS: Mapping[str, Callable[[HttpRequest, RightsRequest], tuple[str, CodeForm | PicturesForm | AppealForm] | None]] = {
    "withdraw": _withdraw,
    "pictures": _add_pictures,
    "code": _type_code,
    "appeal": _appeal,
}
