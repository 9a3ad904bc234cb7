"""A person's own pages: what they answered, what is asked, what changed, and answering."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.users.requests import SignedInRequest
from consent.ledger.actions import Answer, record_answers, withdraw
from consent.ledger.asking import Asking
from consent.ledger.errors import LedgerError
from consent.ledger.gate import gate_exempt
from consent.ledger.history import history_page
from consent.ledger.models import ConsentKind, ConsentStatus
from consent.ledger.pages import answers_from, consent_record, question_cards
from consent.ledger.selectors import consent_records
from consent.policies.models import VersionStatus
from consent.policies.rendering import rendered
from consent.policies.selectors import register_of

ACTS = ("answer", "all-given", "all-refused", "later")


@never_cache
@login_required
@require_safe
def consents(request: SignedInRequest) -> HttpResponse:
    """Every purpose with its state, since when and under which version, and what happened before."""
    entries, older = history_page(request.user, request.GET.get("before", ""))
    records = [consent_record(standing) for standing in consent_records(request.user, timezone.now())]
    context = {"records": records, "history": entries, "older": older, "key": uuid4(), "section": "consents"}
    return render(request, "ledger/consents.html", context)


@never_cache
@gate_exempt
@login_required
@require_safe
def answer(request: HttpRequest, slug: str) -> HttpResponse:
    """What the version in effect asks this person and they have not answered."""
    return _show(Asking(request, slug))


@never_cache
@gate_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def changes(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What a version changed, clause by clause, and the questions that it asks this reader; takes the answers."""
    asking = Asking(request, slug, number)
    return _take_answers(asking) if request.method == "POST" else _show(asking)


@never_cache
@gate_exempt
@login_required
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, slug: str) -> HttpResponse:
    """Withdraw or give one consent from “My consents”: one click either way (K39, PIPL 15).

    A GET is what a click becomes that found its session over: the sign-in leads back here without the form.
    """
    if request.method != "POST":
        messages.warning(request, _("Nothing was recorded: you had been signed out. Here you can do it again."))
        return redirect("ledger:consents")
    asking = Asking(request, slug)
    purpose, key = request.POST.get("purpose", ""), _key(request)
    given = request.POST.get("status") == ConsentStatus.GIVEN
    if not given and request.POST.get("status") != ConsentStatus.WITHDRAWN:
        raise BadRequest("status must be given or withdrawn")
    how: dict[str, Any] = {"circumstances": asking.circumstances, "actor": asking.actor, "key": key}
    try:
        if given:
            kind = ConsentKind.SEPARATE if purpose in asking.separate else ConsentKind.EXPLICIT
            answers = [Answer(purpose, ConsentStatus.GIVEN, kind)]  # one purpose and nothing else: asked apart
            record_answers(asking.subject(), asking.version, answers, **how)
        else:
            withdraw(asking.subject(), asking.version, purpose, at=asking.at, **how)
    except LedgerError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Recorded: you agree.") if given else _("Recorded: withdrawn, from now on."))
    return redirect("ledger:consents")


def _take_answers(asking: Asking) -> HttpResponse:
    request = asking.request
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    if asking.edition.status == VersionStatus.SUPERSEDED:
        messages.error(request, _("Nothing was recorded: a newer version has taken effect meanwhile. Here it is."))
        return redirect("ledger:answer", asking.history.policy.slug)
    asked = request.POST.getlist("asked")
    answers = answers_from(request.POST, asked, separate=asking.separate, agreed_before=asking.agreed_before)
    if request.POST.get("act") not in ACTS or not answers:
        return _show(asking)
    if request.POST["act"] == "answer" and all(answer.status == ConsentStatus.DEFERRED for answer in answers):
        return _show(asking, problem=_("Choose an answer for at least one question, or choose “Answer later”."))
    how: dict[str, Any] = {"circumstances": asking.circumstances, "actor": asking.actor, "key": _key(request)}
    try:
        recorded = record_answers(asking.subject(), asking.version, answers, **how)
    except LedgerError as error:
        return _show(asking, problem=str(error.message))
    open_count = sum(event.status == ConsentStatus.DEFERRED for event in recorded.events)
    messages.success(request, _what_was_recorded(len(recorded.events) - open_count, open_count))
    return redirect(_following(request))


def _show(asking: Asking, *, problem: str = "") -> HttpResponse:
    request, version = asking.request, asking.version
    lines, text = asking.lines, asking.text
    context = {
        "policy": asking.history.policy,
        "version": version,
        "edition": asking.edition,
        "text": text,
        "document": rendered(text),
        "questions": question_cards(lines, version, request.POST),
        "separate_count": sum(line.standing.question.needs_separate for line in lines),
        "lawful": [purpose for purpose in register_of(version) if not purpose.rests_on_consent] if lines else [],
        "company": version.controller_block,
        "key": uuid4(),
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "problem": problem,
        "section": "consents",
        **asking.differences(),
    }
    return render(request, "ledger/answer.html", context, status=422 if problem else 200)


def _what_was_recorded(answered: int, left_open: int) -> str:
    if not answered:
        return _("Nothing was decided. You can answer whenever you like; until then it counts as open, not as consent.")
    if left_open:
        return _("Recorded. %(count)s left open, which does not count as consent.") % {"count": left_open}
    return _("Recorded. You can change any of it here at any time.")


def _key(request: HttpRequest) -> str:
    """The form's idempotency key: a second submit of the same page records nothing twice."""
    return request.POST.get("key", "")[:200] or str(uuid4())


def _following(request: HttpRequest) -> str:
    following = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure()):
        return following
    return "ledger:consents"
