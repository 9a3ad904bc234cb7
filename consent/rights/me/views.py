"""The page about oneself, and editing what stands there."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor, ActorKind
from accounts.otp.step_up import Act, step_up
from accounts.profile.actions import announce_locks, remove_item, write_items
from accounts.profile.errors import FieldLocked, LockNotAnnounced
from accounts.profile.forms import ProfileForm, SettingsForm
from accounts.profile.models import Source
from accounts.profile.preferences import change_settings
from accounts.profile.rules import FIELDS, fields_on_page
from accounts.profile.selectors import checks_of, items_on_page, labels_of, marketing_of
from accounts.profile.specs import FieldSpec
from accounts.users.models import User
from accounts.users.requests import SignedInRequest
from consent.ledger.gate import gate_exempt
from consent.rights.me.pages import edit_page, me_page, settings_part
from consent.rights.me.selectors import Held, grounds_for, grounds_of, is_asked_for, own_history

PROFILE = "/account/#profile"
PAGE = "account/profile_edit.html"


def _showing(_request: SignedInRequest, field: str) -> Act:
    return Act(
        "profile.show", gettext("see your full entry: %(what)s") % {"what": _spec(field).label}, {"field": field}
    )


@never_cache
@gate_exempt
@login_required
@require_safe
def account(request: SignedInRequest) -> HttpResponse:
    """Everything that the portal knows about the person (K90, Y28, Y29)."""
    context = me_page(request.user, session_key=request.session.session_key or "", at=timezone.now())
    return render(request, "account/me.html", context)


@never_cache
@gate_exempt
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, field: str) -> HttpResponse:
    """Asks for one field, or for the few that are given together, and says first which cannot be edited later."""
    codes = fields_on_page(_spec(field).code)
    items = items_on_page(request.user, codes)
    form = ProfileForm(items, request.POST if request.method == "POST" else None)
    grounds, _records = grounds_for(request.user, timezone.now())
    if not is_asked_for(items[codes[0]], grounds):
        return render(request, PAGE, edit_page(items, form, grounds), status=409 if form.is_bound else 200)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            write_items(request.user, form.values, source=Source.SUBJECT, actor=_actor(request.user), at=timezone.now())
        except (FieldLocked, LockNotAnnounced):
            status, items = 409, items_on_page(request.user, codes)
            form = ProfileForm(items)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, gettext("Saved."))
            return redirect(PROFILE)
    announce_locks(request.user, form.open, at=timezone.now())
    return render(request, PAGE, edit_page(items, form, grounds), status=status)


@never_cache
@gate_exempt
@login_required
@require_safe
@step_up(_showing)
def show(request: SignedInRequest, field: str) -> HttpResponse:
    """The value in full, after the person has shown that it is them."""
    item = items_on_page(request.user, [field])[field]
    if not item.value:
        raise Http404
    target = f"user:{request.user.pk}"
    record_audit(
        "profile.shown", actor=_actor(request.user), target=target, at=timezone.now(), details={"field": field}
    )
    return render(request, "account/profile_show.html", {"item": item})


@never_cache
@gate_exempt
@login_required
@require_POST
def remove(request: SignedInRequest, field: str) -> HttpResponse:
    """Forgets a value that nothing locks and no service rests on."""
    at, item = timezone.now(), items_on_page(request.user, [_spec(field).code])[field]
    grounds, _records = grounds_for(request.user, at)
    try:
        if item.value and not Held(item, grounds_of(item, grounds)).may_remove:
            raise FieldLocked(field)
        remove_item(request.user, field, actor=_actor(request.user), at=at)
        messages.success(request, gettext("Removed."))
    except FieldLocked:
        messages.error(request, gettext("This cannot be removed here. Please ask for a correction."))
    return redirect(PROFILE)


@never_cache
@gate_exempt
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: SignedInRequest) -> HttpResponse:
    """What is switched on and off, the language and the look of pages."""
    user = request.user
    form = SettingsForm(user, marketing_of(user), labels_of(user), request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        change_settings(user, form.chosen(), actor=_actor(user), at=timezone.now())
        with override(user.language):
            messages.success(request, gettext("Your settings are saved."))
        # The address that changes the language of pages too, and comes back.
        following = urlencode({"next": reverse("account") + "#settings"})
        return redirect(f"{reverse('language', args=[user.language])}?{following}")
    return render(request, "account/settings.html", {**settings_part(user, form)})


@never_cache
@gate_exempt
@login_required
@require_safe
def history(request: SignedInRequest) -> HttpResponse:
    """Every change of profile and contacts, and who confirmed something (K16, K90)."""
    context = {"lines": own_history(request.user), "checks": checks_of(request.user)}
    return render(request, "account/history.html", context)


def _spec(field: str) -> FieldSpec:
    if field not in FIELDS:
        raise Http404
    return FIELDS[field]


def _actor(user: User) -> Actor:
    return Actor(ActorKind.SUBJECT, user.pk)
