"""Changing, adding, removing and confirming one's own contacts, and taking a change back."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit.rules import Actor, ActorKind
from accounts.contacts.actions import (
    ask_later,
    confirm_contact,
    confirm_contacts,
    kind_label,
    masked_of,
    prove_and_change,
    remove_contact,
    send_proof,
)
from accounts.contacts.errors import LastContact, NotUndoable
from accounts.contacts.forms import NewContactForm
from accounts.contacts.pending import PendingContact, forget_pending
from accounts.contacts.rules import PROVE
from accounts.contacts.selectors import undoable_change
from accounts.contacts.undoing import undo_change
from accounts.otp.errors import CodeRejected, NotSent, TooSoon, WrongCode
from accounts.otp.forms import CodeForm
from accounts.otp.proving import network_of
from accounts.otp.selectors import open_challenge
from accounts.otp.step_up import Act, step_up
from accounts.users.models import User
from accounts.users.requests import SignedInRequest
from accounts.users.rules import Contact, ContactKind

HERE = "/account/#contacts"


def _changing(request: SignedInRequest, kind: str) -> Act | None:
    """Nothing to prove before it is known what the contact is changed to."""
    form = NewContactForm(request.user, _kind(kind), request.POST) if request.method == "POST" else None
    contact = form.contact if form else None
    if contact is None:
        return None
    words = {"what": kind_label(kind), "new": contact.masked}
    is_change = bool(getattr(request.user, kind))
    label = (
        gettext("change your %(what)s to %(new)s") if is_change else gettext("add %(new)s as your %(what)s")
    ) % words
    return Act("contact.change", label, {"kind": kind, "to": contact.value})


def _removing(request: SignedInRequest, kind: str) -> Act:
    return Act("contact.remove", gettext("remove your %(what)s") % {"what": kind_label(_kind(kind))}, {"kind": kind})


@never_cache
@login_required
@sensitive_post_parameters()
@step_up(_changing)
def change(request: SignedInRequest, kind: str) -> HttpResponse:
    """Asks for the new contact, and once the person has shown that it is them, sends it a code."""
    form = NewContactForm(request.user, _kind(kind), request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound and form.contact:
        try:
            return _send(request, form.contact, since=timezone.now())
        except NotSent as error:
            form.add_error(None, error.message)
            status = _status(error)
    return render(request, "account/contact.html", {"form": form, **_context(request.user, kind)}, status=status)


@never_cache
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def prove(request: SignedInRequest, kind: str) -> HttpResponse:
    """Takes the code that went to the new contact, or sends another."""
    pending = PendingContact.recall(request.session, _kind(kind), at=timezone.now())
    if pending is None:
        return redirect("contacts:change", kind)
    if "again" in request.POST:
        return _send_again(request, pending)
    form = CodeForm(request.POST if request.method == "POST" else None)
    is_change = bool(getattr(request.user, kind))
    if form.is_valid() and _try_code(request.user, pending, form):
        forget_pending(request.session)
        request.session.cycle_key()
        done = gettext("Your %(what)s is changed.") if is_change else gettext("Your %(what)s is added.")
        messages.success(request, done % {"what": kind_label(kind)})
        return redirect(HERE)
    return _show_code_page(request, pending, form)


@never_cache
@login_required
@require_POST
@step_up(_removing)
def remove(request: SignedInRequest, kind: str) -> HttpResponse:
    """Takes a contact away, if another one remains."""
    try:
        if remove_contact(request.user, _kind(kind), actor=_actor(request.user), at=timezone.now()):
            messages.success(request, gettext("Your %(what)s is removed.") % {"what": kind_label(kind)})
    except LastContact as error:
        messages.error(request, error.message)
    return redirect(HERE)


@never_cache
@login_required
@require_POST
def confirm(request: SignedInRequest, kind: str) -> HttpResponse:
    """The person says that a contact is in use although a message came back."""
    confirm_contact(request.user, _kind(kind), actor=_actor(request.user), at=timezone.now())
    messages.success(request, gettext("Thank you. We go on using it."))
    return redirect(HERE)


@never_cache
@login_required
@require_POST
def still_mine(request: SignedInRequest) -> HttpResponse:
    """The person says that all contacts are still theirs."""
    confirm_contacts(request.user, actor=_actor(request.user), at=timezone.now())
    messages.success(request, gettext("Thank you. We go on using them."))
    return redirect(HERE)


@never_cache
@login_required
@require_POST
def later(request: SignedInRequest) -> HttpResponse:
    """The person would rather say so another time."""
    ask_later(request.user, at=timezone.now())
    messages.success(request, gettext("We ask you again in two weeks."))
    return redirect(HERE)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """Shows what would be taken back, and does it on the button: a link alone is opened by programs, too."""
    change = undoable_change(token, at=timezone.now())
    context: dict[str, object] = {"change": change, "is_done": False}
    if change:
        before, after = (masked_of(change.kind, value) for value in (change.before, change.after))
        context |= {"what": kind_label(change.kind), "before": before, "after": after}
    if change and request.method == "POST":
        try:
            undo_change(token, at=timezone.now())
        except NotUndoable:
            context["change"] = None
        else:
            context["is_done"] = True
    return render(request, "account/contact_undo.html", context, status=200 if context["change"] else 410)


def _kind(kind: str) -> ContactKind:
    """Raises Http404 for what is no kind of contact."""
    try:
        return ContactKind(kind)
    except ValueError as error:
        raise Http404 from error


def _actor(user: User) -> Actor:
    return Actor(ActorKind.SUBJECT, user.pk)


def _send(request: SignedInRequest, contact: Contact, *, since: datetime) -> HttpResponse:
    send_proof(request.user, contact, network=network_of(request), at=timezone.now())
    PendingContact(contact, since).remember(request.session)
    return redirect("contacts:prove", contact.kind)


def _send_again(request: SignedInRequest, pending: PendingContact) -> HttpResponse:
    try:
        response = _send(request, pending.contact, since=pending.since)
    except NotSent as error:
        return _show_code_page(request, pending, CodeForm(), problem=error.message, status=_status(error))
    messages.info(request, gettext("We have sent a new message. An earlier code no longer works."))
    return response


def _try_code(user: User, pending: PendingContact, form: CodeForm) -> bool:
    """Whether the contact is changed; if not, the reason is in form."""
    code = form.cleaned_data["code"]
    try:
        prove_and_change(user, pending.contact, code, actor=_actor(user), at=timezone.now())
    except CodeRejected as error:
        can_retry = isinstance(error, WrongCode) and error.tries_left
        form.add_error("code" if can_retry else None, error.message)
        return False
    return True


def _show_code_page(
    request: SignedInRequest, pending: PendingContact, form: CodeForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    challenge = open_challenge(request.user, PROVE, {"contact": pending.contact.value}, at=timezone.now())
    form.describe(challenge)
    context = {"form": form, "pending": pending, "is_open": challenge is not None, "problem": problem}
    return render(request, "account/contact_code.html", context, status=status)


def _status(error: NotSent) -> int:
    return 429 if isinstance(error, TooSoon) else 503


def _context(user: User, kind: str) -> dict[str, object]:
    own = next((contact for contact in user.contacts if contact.kind == kind), None)
    others = [contact for contact in user.contacts if contact.kind != kind and contact.is_proven]
    return {"kind": kind, "own": own, "can_remove": own is not None and bool(others)}
