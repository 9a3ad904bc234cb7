"""The desk's page of API keys: who has one, when it was last used, a new one, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.audit.rules import Actor, ActorKind
from accounts.otp.gates import desk_act
from accounts.otp.step_up import Act, consume_proof, step_up
from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.users.requests import SignedInRequest
from consent.clients.actions import create_key, revoke_key
from consent.clients.forms import KeyForm
from consent.clients.models import ApiKey, Scope
from consent.clients.selectors import keys_of
from consent.policies.models import Controller

Page = Callable[..., HttpResponseBase]
keeper_required: Callable[[Page], Page] = role_required(Role.PUBLISHER, Role.ADMINISTRATOR)


def _creating(request: SignedInRequest, slug: str) -> Act | None:
    form = KeyForm(request.POST) if request.method == "POST" else None
    if form is None or not form.is_valid():
        return None
    label = _("create the API key %(name)s") % {"name": form.cleaned_data["name"]}
    facts = {name: str(request.POST.getlist(name)) for name in form.fields}
    return desk_act("key.create", label, facts | {"controller": slug})


def _revoking(request: SignedInRequest, slug: str, key_id: int) -> Act | None:
    if request.method != "POST":
        return None
    key = get_object_or_404(ApiKey, controller__slug=slug, pk=key_id)
    return desk_act("key.revoke", _("revoke the API key %(name)s") % {"name": key.name}, {"key": str(key_id)})


@keeper_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_creating)
def keys(request: SignedInRequest, slug: str) -> HttpResponse:
    """A company's keys. A new one is on the page that answers its form, and on no other."""
    controller = get_object_or_404(Controller, slug=slug)
    form = KeyForm(request.POST or None)
    secret = ""
    if form.is_bound and form.is_valid():
        secret = _create(request, controller, form)
        consume_proof(request)
        form = KeyForm()
    context: dict[str, Any] = {
        "controller": controller,
        "keys": keys_of(controller),
        "form": form,
        "secret": secret,
        "now": timezone.now(),
        "section": "desk",
    }
    return render(request, "desk/api_keys.html", context, status=422 if form.is_bound else 200)


@keeper_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_revoking)
def revoke(request: SignedInRequest, slug: str, key_id: int) -> HttpResponse:
    """What stops with a key, and its end."""
    key = get_object_or_404(ApiKey.objects.select_related("controller"), controller__slug=slug, pk=key_id)
    if request.method != "POST" and not key.revoked_at:
        return render(request, "desk/revoke_key.html", {"key": key, "controller": key.controller, "section": "desk"})
    revoke_key(key, actor=_actor(request), at=timezone.now())
    messages.success(request, _("The key %(prefix)s… no longer works.") % {"prefix": key.prefix})
    return redirect("desk:api_keys", slug)


def _create(request: SignedInRequest, controller: Controller, form: KeyForm) -> str:
    _key, secret = create_key(
        controller,
        form.cleaned_data["name"],
        [Scope(code) for code in form.cleaned_data["scopes"]],
        requests_a_minute=form.cleaned_data["requests_a_minute"],
        expires_at=form.expires_at,
        actor=_actor(request),
        at=timezone.now(),
    )
    return secret


def _actor(request: SignedInRequest) -> Actor:
    return Actor(ActorKind.STAFF, request.user.pk)
