"""Asking for a proof before a sensitive act, once for each (K31, K32).

A proof is a Challenge that was used. The session notes which ones were used in it; the row says for whom, for which act
and with which parameters. So a proof is of no use to another person, act, parameter or session, and after
PROOF_LIFETIME to nobody. It is spent by the act in one statement: two requests at once cannot share it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from accounts.otp.models import Challenge
from accounts.otp.pending import Act, PendingAct, forget_pending
from accounts.otp.rules import PROOF_LIFETIME, WayKind, digest_parameters
from accounts.otp.selectors import ways_for

__all__ = ["Act", "ask_for_proof", "consume_proof", "is_proven", "kinds_proven", "remember_proof", "step_up"]

PROOFS_KEY = "step_up_proofs"
MOST_REMEMBERED = 20
View = Callable[..., HttpResponseBase]


def step_up(make_act: Callable[..., Act | None]) -> Callable[[View], View]:
    """Let a view run only with a proof of the act that make_act(request, *args, **kwargs) names; None: of nothing.

    Without one the person is sent to prove it; a form that was sent is kept meanwhile and sent again by one button. A
    POST that is answered by a redirect has done the act and spends the proof; one that is answered otherwise has not,
    unless the view calls consume_proof itself. Source: K31, K32; OWASP ASVS 7.5.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            act = make_act(request, *args, **kwargs)
            if act is None:
                return view(request, *args, **kwargs)
            if request.method != "POST":
                return view(request, *args, **kwargs) if is_proven(request, act) else ask_for_proof(request, act)
            proofs = _claim(request, act)
            if not proofs:
                return ask_for_proof(request, act)
            return _do(request, proofs, lambda: view(request, *args, **kwargs))

        return guarded

    return decorate


def ask_for_proof(request: HttpRequest, act: Act) -> HttpResponse:
    """Send the person to prove act, and back to this request."""
    PendingAct.begin(request, act, at=timezone.now())
    return redirect("verify:verify")


def is_proven(request: HttpRequest, act: Act) -> bool:
    """Whether act was proven in this session, by as many kinds as it needs, and not done yet. One query at most."""
    return len(kinds_proven(request, act)) >= act.proofs


def kinds_proven(request: HttpRequest, act: Act) -> set[WayKind]:
    """By which kinds act was proven so far."""
    return {WayKind(proof.channel) for proof in _proofs(request, act)}


def remember_proof(request: HttpRequest, challenge: Challenge) -> None:
    """Note in the session that challenge was used here."""
    request.session[PROOFS_KEY] = [*request.session.get(PROOFS_KEY, []), str(challenge.pk)][-MOST_REMEMBERED:]


def consume_proof(request: HttpRequest, act: Act | None = None) -> None:
    """Say that a view has done its act although it answers with a page. act: needed in a view without the decorator,
    and in one that does the act on a GET."""
    if act:
        _claim(request, act)
    request.step_up_done = True  # type: ignore[attr-defined]
    forget_pending(request.session)


def _do(request: HttpRequest, proofs: Sequence[UUID], view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    is_done = False
    try:
        response = view()
        is_done = 300 <= response.status_code < 400 or getattr(request, "step_up_done", False)
    finally:
        if is_done:
            forget_pending(request.session)
        else:
            Challenge.objects.filter(pk__in=proofs).update(spent_at=None)
    return response


@transaction.atomic
def _claim(request: HttpRequest, act: Act) -> list[UUID]:
    """Take the proofs of act, if there are enough; of two requests at once one gets them."""
    proofs = list(_proofs(request, act).order_by("pk").select_for_update())
    if len({proof.channel for proof in proofs}) < act.proofs:
        return []
    keys = [proof.pk for proof in proofs]
    Challenge.objects.filter(pk__in=keys).update(spent_at=timezone.now())
    return keys


def _proofs(request: HttpRequest, act: Act) -> QuerySet[Challenge]:
    noted = request.session.get(PROOFS_KEY)
    if not noted or not request.user.is_authenticated:
        return Challenge.objects.none()
    proofs = Challenge.objects.filter(
        pk__in=noted,
        user=request.user.pk,
        act=act.code,
        parameters_digest=digest_parameters(act.parameters),
        used_at__gt=timezone.now() - PROOF_LIFETIME,
        spent_at=None,
    )
    if act.proofs > 1:
        return proofs.filter(channel__in={way.kind for way in ways_for(request.user, act, at=timezone.now())})
    return proofs.filter(channel__in=act.ways) if act.ways else proofs
