"""Sign-in, sign-up and the code."""

from http import HTTPStatus
from urllib.parse import urlsplit

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.audit.rules import Actor, ActorKind
from accounts.contacts.actions import confirm_contacts
from accounts.contacts.selectors import asks_about_contacts
from accounts.devices.actions import record_wrong_code
from accounts.devices.entering import open_session
from accounts.devices.traces import trace_of
from accounts.otp.errors import CodeRejected, NotSent, TooSoon, WrongCode
from accounts.otp.forms import CodeForm
from accounts.otp.selectors import contact_challenge
from accounts.users.actions import enter, send_entrance_code
from accounts.users.forms import ContactForm
from accounts.users.models import User
from accounts.users.pending import PendingEntrance, forget_entrance
from accounts.users.rules import Contact, Entrance
from accounts.users.selectors import known_browser


@never_cache
@login_not_required
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for the contact and sends a code. The answer is the same for a contact without an account."""
    return _ask_for_contact(request, Entrance.SIGN_IN)


@never_cache
@login_not_required
@sensitive_post_parameters()
def sign_up(request: HttpRequest) -> HttpResponse:
    """Asks for the contact and sends a code. The answer is the same for a contact that has an account."""
    return _ask_for_contact(request, Entrance.SIGN_UP)


@never_cache
@login_not_required
@sensitive_post_parameters()
def confirm_code(request: HttpRequest) -> HttpResponse:
    """Takes the code, or sends another, and opens the door."""
    pending = PendingEntrance.recall(request.session)
    if request.user.is_authenticated or pending is None:
        return redirect(settings.LOGIN_REDIRECT_URL if request.user.is_authenticated else "account_login")
    if "again" in request.POST:
        return _send_again(request, pending)
    form = CodeForm(_posted(request))
    if request.method == "POST":
        if not ratelimit.consume(request, action="confirm_code"):
            return _too_many(request, wait_seconds=60)
        if form.is_valid() and (user := _try_code(request, pending, form)):
            forget_entrance(request.session)
            response = open_session(request, user, way=pending.contact.kind, following=pending.following)
            _ask_about_contacts(request, user, pending.contact)
            return response
    return _show_code_page(request, pending, form)


def _ask_about_contacts(request: HttpRequest, user: User, proven: Contact) -> None:
    """Whoever comes in and was not reached lately, or did not confirm their contacts for long, is asked (K119).

    proven: the contact by which they came in; whoever has no other one has just answered.
    """
    at = timezone.now()
    if not request.user.is_authenticated:
        return
    if user.email_bounced_at or user.phone_bounced_at:
        question = gettext("A message that we sent you came back. Is the contact still yours?")
    elif not asks_about_contacts(user, at=at):
        return
    elif user.contacts == [proven]:
        return confirm_contacts(user, actor=Actor(ActorKind.SUBJECT, user.pk), at=at)
    else:
        question = gettext("Are your mobile number and e-mail address still yours?")
    link = format_html('{} <a href="{}#contacts">{}</a>', question, reverse("account"), gettext("Look at it"))
    messages.warning(request, link)


def _ask_for_contact(request: HttpRequest, entrance: Entrance) -> HttpResponse:
    following = _safe_next(request)
    if request.user.is_authenticated:
        return redirect(following or settings.LOGIN_REDIRECT_URL)
    form, status = ContactForm(_posted(request)), 200
    if request.method == "POST" and form.is_valid():
        try:
            return _send(request, form.cleaned_data["login"], entrance, following)
        except TooSoon as error:
            return _too_many(request, error.wait_seconds)
        except NotSent as error:
            form.add_error(None, error.message)
            status = 503
    context = {"form": form, "following": following, "portal_host": urlsplit(settings.BASE_URL).netloc}
    return render(request, f"account/{entrance}.html", context, status=status)


def _send(request: HttpRequest, contact: Contact, entrance: Entrance, following: str) -> HttpResponse:
    if not ratelimit.consume(request, action="request_code"):
        return _too_many(request, wait_seconds=60)
    trace, before = trace_of(request), PendingEntrance.recall(request.session)
    challenge = send_entrance_code(
        contact,
        entrance,
        language=get_language(),
        at=timezone.now(),
        network=trace.network,
        asker=known_browser(contact, trace),
        replaces=before.challenge_id if before else None,
    )
    PendingEntrance(contact, entrance, challenge.pk, following).remember(request.session)
    return redirect("account_confirm_login_code")


def _send_again(request: HttpRequest, pending: PendingEntrance) -> HttpResponse:
    try:
        response = _send(request, pending.contact, pending.entrance, pending.following)
    except TooSoon as error:
        return _too_many(request, error.wait_seconds)
    except NotSent as error:
        return _show_code_page(request, pending, problem=error.message, status=503)
    if response.status_code == HTTPStatus.FOUND:
        messages.info(request, gettext("We have sent a new message. An earlier code no longer works."))
    return response


def _try_code(request: HttpRequest, pending: PendingEntrance, form: CodeForm) -> User | None:
    """The person, or None with the reason in form."""
    code, language, at = form.cleaned_data["code"], get_language(), timezone.now()
    try:
        return enter(pending.challenge_id, pending.contact, pending.entrance, code, language=language, at=at)
    except CodeRejected as error:
        if isinstance(error, WrongCode) and pending.entrance is Entrance.SIGN_IN:
            record_wrong_code(pending.contact, trace_of(request), at=at)
        can_retry = isinstance(error, WrongCode) and error.tries_left
        form.add_error("code" if can_retry else None, error.message)
        return None


def _show_code_page(
    request: HttpRequest,
    pending: PendingEntrance,
    form: CodeForm | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    challenge = contact_challenge(pending.challenge_id)
    is_open = challenge is not None and challenge.is_open(timezone.now())
    form = form or CodeForm()
    form.describe(challenge)
    context = {"form": form, "pending": pending, "is_open": is_open, "problem": problem}
    return render(request, "account/code.html", context, status=status)


def _too_many(request: HttpRequest, wait_seconds: int) -> HttpResponse:
    response = render(request, "account/too_many.html", {"minutes": -(-wait_seconds // 60)}, status=429)
    response["Retry-After"] = str(wait_seconds)
    return response


def _posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: also an empty POST, which is a mistake to be told."""
    return request.POST if request.method == "POST" else None


def _safe_next(request: HttpRequest) -> str:
    """The address to go to afterwards, if it is one of ours."""
    following = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure())
    return following if is_ours else ""
