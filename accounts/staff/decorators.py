"""The door of every page that is made for staff."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.module_loading import import_string

from accounts.otp.gates import begin_work
from accounts.otp.step_up import ask_for_proof
from accounts.staff.models import Role
from accounts.staff.selectors import has_role

View = Callable[..., HttpResponseBase]


def role_required(*roles: Role) -> Callable[[View], View]:
    """Let in who has one of roles and proved, once in this session, an authenticator app or a passkey.

    Sends the stranger to sign in and come back, and whoever settings.STAFF_GATES hold up to where the first of them
    says, unless that is this page. Raises Http404 for somebody signed in without the role: not found and not yours
    are the same words. Source: K60; OWASP ASVS 6.3.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not has_role(request.user, *roles):
                raise Http404
            return _held_up(request) or view(request, *args, **kwargs)

        return guarded

    return decorate


def _held_up(request: HttpRequest) -> HttpResponseBase | None:
    for gate in settings.STAFF_GATES:
        place = import_string(gate)(request.user)
        if place and place != request.path:
            return redirect(place)
    if getattr(request.user, "otp_device", None) is None:
        return ask_for_proof(request, begin_work())
    return None
