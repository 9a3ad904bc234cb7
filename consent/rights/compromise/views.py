"""The button that locks one's account, and what a locked account says."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.devices.entering import LOCKED
from accounts.models import User
from accounts.users.requests import SignedInRequest
from consent.ledger.gate import gate_exempt
from consent.rights.compromise.actions import report_compromise
from consent.rights.compromise.forms import CompromiseForm
from consent.rights.requests.links import link_to
from consent.rights.requests.models import Kind
from consent.rights.requests.selectors import open_requests_of


@gate_exempt
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: SignedInRequest) -> HttpResponse:
    """What locking does, and the one button."""
    form = CompromiseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = request.user
        actor = Actor(ActorKind.SUBJECT, user.pk)
        language = get_language() or user.language
        report_compromise(user, **form.cleaned_data, language=language, actor=actor, at=timezone.now())
        logout(request)
        request.session[LOCKED] = user.pk
        return redirect("account_inactive")
    return render(request, "account/compromised.html", {"form": form})


@never_cache
@login_not_required
@require_safe
def locked(request: HttpRequest) -> HttpResponse:
    """What to do, and to whoever just proved a contact of the account, how far we are."""
    user = User.objects.filter(pk=request.session.get(LOCKED, 0)).first()
    case = open_requests_of(user).filter(kind=Kind.COMPROMISED).first() if user else None
    is_open_again = user is not None and user.is_active
    context = {"case": case, "case_url": link_to(case.number) if case else "", "is_open_again": is_open_again}
    return render(request, "account/inactive.html", context, status=200 if is_open_again else 403)
