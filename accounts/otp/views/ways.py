"""A person's ways to show that it is them: see them, add an app, a passkey or recovery codes, rename and remove one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_otp
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.otp import enrolment
from accounts.otp.errors import WrongToken
from accounts.otp.forms import AddAppForm, AddPasskeyForm, NameForm
from accounts.otp.freshness import is_fresh
from accounts.otp.passkeys import PasskeyRefused, invite_passkey, passkeys_live_at, register_passkey
from accounts.otp.pictures import qr_code
from accounts.otp.rules import STRONG, WayKind
from accounts.otp.selectors import device_of, ways_of
from accounts.otp.step_up import Act, consume_proof, step_up
from accounts.users.requests import SignedInRequest

APP_KEY = "new_app"  # session: the secret of an app that is being added
PASSKEY_KEY = "new_passkey"  # noqa: S105 - session: what a passkey that is being added must answer
HERE = "ways:ways"


def _changing(code: str, label: Callable[..., str]) -> Callable[..., Act | None]:
    """The proof that a change of one's ways needs: by a device or recovery code where there is one, so that whoever
    reads somebody's mail cannot make themselves a second proof. The first is added with a fresh sign-in, by whoever
    works here with the code that an administrator handed over: a mailbox alone never opens the desk."""

    def make(request: SignedInRequest, **where: Any) -> Act | None:
        strong = tuple(kind for kind in STRONG if kind in {way.kind for way in ways_of(request.user)})
        if code == "way.add" and not strong:
            if request.user.is_staff:
                strong = (WayKind.RECOVERY,)
            elif is_fresh(request.session, at=timezone.now()):
                return None
        parameters = {name: str(value) for name, value in where.items()}
        return Act(code, label(request, **where), parameters | {"what": request.path}, ways=strong)

    return make


def _removal_label(request: SignedInRequest, kind: str, pk: int) -> str:
    return gettext("remove %(device)s") % {"device": enrolment.device_label(*_device(request, kind, pk))}


@never_cache
@login_required
@require_safe
def ways(request: SignedInRequest) -> HttpResponse:
    """All of them."""
    return render(request, "account/ways.html", {"ways": ways_of(request.user)})


@never_cache
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_changing("way.add", lambda _request: gettext("add an authenticator app")))
def add_app(request: SignedInRequest) -> HttpResponse:
    """Shows a secret as a picture and in letters, and takes the first token."""
    secret = request.session.setdefault(APP_KEY, enrolment.new_secret())
    form = AddAppForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            device = enrolment.add_authenticator(
                request.user,
                secret,
                form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                actor=_actor(request),
                at=timezone.now(),
            )
        except WrongToken as error:
            form.add_error("code", error.message)
        else:
            del request.session[APP_KEY]
            return _added(request, device)
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render(request, "account/add_app.html", {"form": form, "groups": groups}, status=_status(form))


@never_cache
@login_required
@require_safe
def app_picture(request: SignedInRequest) -> HttpResponse:
    """The secret of the app that is being added, for its camera. Not there unless one is."""
    secret = request.session.get(APP_KEY)
    if secret is None:
        raise Http404
    return HttpResponse(qr_code(enrolment.secret_address(request.user, secret)), content_type="image/svg+xml")


@never_cache
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_changing("way.add", lambda _request: gettext("add a passkey")))
def add_passkey(request: SignedInRequest) -> HttpResponse:
    """Asks the browser to make a passkey, and keeps what it made."""
    form = AddPasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _added(request, _keep_passkey(request, form))
        except PasskeyRefused:
            form.add_error(None, gettext("The passkey's answer does not fit. Please try once more."))
    options, request.session[PASSKEY_KEY] = invite_passkey(request)
    context = {"form": form, "options": options, "elsewhere": passkeys_live_at(request)}
    return render(request, "account/add_passkey.html", context, status=_status(form))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_changing("way.add", lambda _request: gettext("make new recovery codes")))
def recovery_codes(request: SignedInRequest) -> HttpResponse:
    """Makes ten, and shows them on the page that answers the form, and on no other."""
    codes: list[str] = []
    if request.method == "POST":
        codes = enrolment.make_recovery_codes(request.user, actor=_actor(request), at=timezone.now())
        consume_proof(request)
    return render(request, "account/recovery_codes.html", {"codes": codes, "ways": ways_of(request.user)})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: SignedInRequest, kind: str, pk: int) -> HttpResponse:
    """What the person calls a device."""
    way, device = _device(request, kind, pk)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": device.name})
    if form.is_valid():
        enrolment.rename_device(way, device, form.cleaned_data["name"])
        messages.success(request, gettext("Saved."))
        return redirect(HERE)
    context = {"form": form, "device": device, "kind": way}
    return render(request, "account/rename_way.html", context, status=_status(form))


@never_cache
@login_required
@require_POST
@step_up(_changing("way.remove", _removal_label))
def remove(request: SignedInRequest, kind: str, pk: int) -> HttpResponse:
    """Take a device away."""
    way, device = _device(request, kind, pk)
    label = enrolment.device_label(way, device)
    enrolment.remove_device(request.user, way, device, actor=_actor(request), at=timezone.now())
    messages.success(request, gettext("%(device)s was removed.") % {"device": label})
    return redirect(HERE)


@transaction.atomic
def _keep_passkey(request: SignedInRequest, form: AddPasskeyForm) -> Any:
    state = request.session.pop(PASSKEY_KEY, None)
    if state is None:
        raise PasskeyRefused
    device = register_passkey(request, request.user, state, form.cleaned_data["code"])
    enrolment.keep_passkey(
        request.user, device, name=form.cleaned_data["name"], actor=_actor(request), at=timezone.now()
    )
    return device


def _added(request: SignedInRequest, device: Any) -> HttpResponse:
    """Whoever adds a device has just used it."""
    django_otp.login(request, device)
    messages.success(request, gettext("Added. From now on you can prove with it that it is you."))
    return redirect(HERE)


def _device(request: SignedInRequest, kind: str, pk: int) -> tuple[WayKind, Any]:
    device = device_of(request.user, kind, pk)
    if device is None:
        raise Http404
    return WayKind(kind), device


def _actor(request: SignedInRequest) -> Actor:
    return Actor(ActorKind.SUBJECT, request.user.pk)


def _status(form: Any) -> int:
    return 422 if form.errors else 200
