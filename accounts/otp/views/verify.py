"""Where a person shows that it is them: chooses a way, types what it asks, and goes on with what they were doing."""

from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.otp.errors import CodeRejected, NotSent, TooSoon
from accounts.otp.forms import CodeForm, PasskeyForm, RecoveryForm, TokenForm
from accounts.otp.pending import PendingAct, forget_pending
from accounts.otp.proving import begin_proof, finish_proof
from accounts.otp.rules import BY_MESSAGE, WayKind
from accounts.otp.selectors import Way, missing_proofs, open_challenge, ways_for
from accounts.otp.step_up import is_proven, kinds_proven
from accounts.users.requests import SignedInRequest

FORMS: dict[WayKind, type[CodeForm | TokenForm | RecoveryForm | PasskeyForm]] = {
    WayKind.EMAIL: CodeForm,
    WayKind.SMS: CodeForm,
    WayKind.TOTP: TokenForm,
    WayKind.RECOVERY: RecoveryForm,
    WayKind.PASSKEY: PasskeyForm,
}


@never_cache
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: SignedInRequest) -> HttpResponse:
    """The ways there are, or the field for the one that was chosen."""
    pending = PendingAct.recall(request, at=timezone.now())
    if pending is None:
        return redirect("account")
    if is_proven(request, pending.act):
        return redirect("verify:go_on")
    if request.method != "POST":
        return _page(request, pending)
    if request.POST.get("for") != pending.token:
        messages.error(request, gettext("Meanwhile you began something else in another window. This is about that."))
        return redirect("verify:verify")
    if not ratelimit.consume(request, action="confirm_code"):
        return _page(request, pending, problem=gettext("Too many tries from your network. Wait a minute."), status=429)
    return _begin(request, pending) if "way" in request.POST else _judge(request, pending)


@never_cache
@login_required
@require_safe
def go_on(request: SignedInRequest) -> HttpResponse:
    """After the proof: back to the page, or the form that was sent, to be sent again by a button that says what it
    does."""
    pending = PendingAct.recall(request, at=timezone.now())
    if pending is None:
        return redirect("account")
    if not is_proven(request, pending.act):
        return redirect("verify:verify")
    if pending.post is None:
        forget_pending(request.session)
        return redirect(pending.path)
    fields = [(name, value) for name, values in pending.post.items() for value in values]
    return render(request, "account/go_on.html", {"pending": pending, "fields": fields})


def _begin(request: SignedInRequest, pending: PendingAct) -> HttpResponse:
    """Send the code, or open what will be judged."""
    way = next((way for way in _offered(request, pending) if way.kind == request.POST["way"]), None)
    if way is None:
        return redirect("verify:verify")
    try:
        begin_proof(request, pending, way, at=timezone.now())
    except NotSent as error:
        status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooSoon) else HTTPStatus.SERVICE_UNAVAILABLE
        return _page(request, pending, problem=error.message, status=status)
    return redirect("verify:verify")


def _judge(request: SignedInRequest, pending: PendingAct) -> HttpResponse:
    """Take what was typed, or what the browser's passkey answered."""
    if pending.kind is None:
        return redirect("verify:verify")
    form = FORMS[pending.kind](request.POST)
    if form.is_valid():
        try:
            finish_proof(request, pending, form.cleaned_data["code"], at=timezone.now())
        except CodeRejected as error:
            form.add_error("code" if getattr(error, "tries_left", 0) else None, error.message)
        else:
            return redirect("verify:verify")
    return _page(request, pending, form=form, status=422)


def _page(
    request: SignedInRequest, pending: PendingAct, *, form: Any = None, problem: str = "", status: int = 200
) -> HttpResponse:
    act = pending.act
    challenge = open_challenge(request.user, act.code, act.parameters, at=timezone.now())
    kind = pending.kind if challenge and challenge.channel == pending.kind else None
    if kind:
        form = form or FORMS[kind]()
        if isinstance(form, CodeForm):
            form.describe(challenge)
    ways, proven = _offered(request, pending), len(kinds_proven(request, act))
    context = {
        "pending": pending,
        "kind": kind,
        "form": form,
        "ways": ways,
        "proven": proven,
        "is_sent": kind in BY_MESSAGE,
        "problem": problem,
        "missing": missing_proofs(request.user, act, at=timezone.now()) if proven + len(ways) < act.proofs else None,
    }
    return render(request, "account/verify.html", context, status=status)


def _offered(request: SignedInRequest, pending: PendingAct) -> list[Way]:
    """One way of each kind that counts for the act and has not been used for it."""
    used = kinds_proven(request, pending.act)
    first: dict[WayKind, Way] = {}
    for way in ways_for(request.user, pending.act, at=timezone.now()):
        if way.kind not in used:
            first.setdefault(way.kind, way)
    return list(first.values())
