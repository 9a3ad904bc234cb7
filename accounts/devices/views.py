"""A person's sign-ins and open sessions."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.devices import actions
from accounts.devices.gate import ASK_AGAIN, let_in
from accounts.devices.models import SignIn
from accounts.devices.selectors import PAGE, sessions_of, sign_in_of, sign_ins_of
from accounts.devices.sessions import SIGN_IN
from accounts.otp.rules import WayKind
from accounts.otp.selectors import ways_of
from accounts.otp.step_up import Act, consume_proof, step_up
from accounts.users.requests import SignedInRequest

_SENT_TO = {"email": WayKind.EMAIL, "phone": WayKind.SMS}


@never_cache
@login_required
@require_safe
def sign_ins(request: SignedInRequest) -> HttpResponse:
    """Open sessions, and the log page by page."""
    last = request.GET.get("before", "")
    shown = list(sign_ins_of(request.user, PAGE + 1, before=int(last) if last.isdecimal() and len(last) < 19 else None))
    context = {
        "sessions": [] if last else sessions_of(request.user),
        "sign_ins": shown[:PAGE],
        "older": shown[PAGE - 1].pk if len(shown) > PAGE else None,
        "here": request.session.get(SIGN_IN),
        "kept_days": settings.SIGN_IN_LOG_DAYS,
    }
    return render(request, "account/sign_ins.html", context)


@never_cache
@login_required
@require_POST
def end(request: SignedInRequest, sign_in_id: int) -> HttpResponse:
    """End one session; ending one that has ended says so."""
    sign_in = _own(request, sign_in_id)
    is_ended = actions.end_session(sign_in, actor=_actor(request), at=timezone.now())
    said = gettext("That browser is signed out.") if is_ended else gettext("That browser was signed out before.")
    messages.success(request, said)
    return redirect("sign_ins:list")


@never_cache
@login_required
@require_POST
def end_others(request: SignedInRequest) -> HttpResponse:
    """End every session but this one."""
    here = request.session.session_key or ""
    count = actions.end_all_sessions(request.user, except_key=here, actor=_actor(request), at=timezone.now())
    words = ngettext("%(count)d other browser is signed out.", "%(count)d other browsers are signed out.", count)
    messages.success(request, words % {"count": count} if count else gettext("No other browser was signed in."))
    return redirect("sign_ins:list")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: SignedInRequest, sign_in_id: int) -> HttpResponse:
    """One sign-in, the button that disowns it, and then what to do next."""
    sign_in = _own(request, sign_in_id)
    if request.method == "POST":
        actions.disown(sign_in, actor=_actor(request), at=timezone.now())
        return redirect("sign_ins:not_me", sign_in.pk)
    is_here = sign_in.pk == request.session.get(SIGN_IN)
    return render(request, "account/not_me.html", {"sign_in": sign_in, "is_here": is_here})


def _to_prove(request: HttpRequest) -> Act | None:
    """By another way than the one that opened the door, where the person has one."""
    if ASK_AGAIN not in request.session or not request.user.is_authenticated:
        return None
    number = request.session.get(SIGN_IN, 0)
    sign_in = sign_in_of(request.user, number)
    used = _SENT_TO.get(sign_in.way) if sign_in else None
    ways = tuple(WayKind(way.kind) for way in ways_of(request.user) if way.kind != used)
    return Act("account.enter", _("sign in with this browser"), {"sign_in": str(number)}, ways=ways)


@never_cache
@login_required
@require_safe
def again(request: SignedInRequest) -> HttpResponse:
    """Why this session is closed, and the ways on: prove it once more, sign out, lock the account."""
    if ASK_AGAIN not in request.session:
        return redirect("sign_ins:list")
    sign_in = sign_in_of(request.user, request.session.get(SIGN_IN, 0))
    return render(request, "account/again.html", {"sign_in": sign_in})


@never_cache
@step_up(_to_prove)
@require_safe
def prove(request: HttpRequest) -> HttpResponse:
    """Open a session that began under unusual circumstances, now that it is proven again."""
    if act := _to_prove(request):
        actions.record_proven_again(request.session.get(SIGN_IN, 0), at=timezone.now())
        consume_proof(request, act)
    return redirect(let_in(request.session) or "sign_ins:list")


def _own(request: SignedInRequest, sign_in_id: int) -> SignIn:
    sign_in = sign_in_of(request.user, sign_in_id)
    if sign_in is None:
        raise Http404
    return sign_in


def _actor(request: SignedInRequest) -> Actor:
    return Actor(ActorKind.SUBJECT, request.user.pk)
