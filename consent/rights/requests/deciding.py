"""Deciding on a request, carrying it out, and ending what cannot be decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.audit.rules import Actor
from accounts.devices.actions import unlock_account
from accounts.models import User
from accounts.profile.actions import write_items
from accounts.profile.models import Source
from accounts.profile.preferences import Settings, change_settings
from consent.rights.leaving.actions import begin_leaving
from consent.rights.requests.actions import audit, end, let_go, locked, require_claim
from consent.rights.requests.errors import Barred, NotVerified, RequestError, WantedMissing
from consent.rights.requests.letters import tell_progress, tell_refused
from consent.rights.requests.models import Decision, Kind, Refusal, RightsRequest, Status, Way
from consent.rights.requests.restriction import restrict
from consent.rights.requests.rules import values_wanted

STAFF_PROOF = "staff"


@transaction.atomic
def decide(
    request: RightsRequest, decision: Decision, *, answer: str, refusal: str = "", actor: Actor, at: datetime
) -> RightsRequest:
    """Agree to a request, or refuse it for one of the coded reasons; a refusal ends it.

    answer: our words to the person. refusal: of `Refusal`, for a refusal alone.
    Raises NotClaimed, Ended, NotVerified, Barred, RequestError (409), ValueError.
    Source: K95, K102; PIPL 50; GB/T 35273-2020 8.7.
    """
    if (decision == Decision.REFUSED) != (refusal in Refusal.values) or not answer.strip():
        raise ValueError("a refusal, and only a refusal, has a reason; every decision has words")
    request = locked(request)
    require_claim(request, actor)
    if not request.is_verified:
        raise NotVerified
    if request.status != Status.VERIFIED:
        raise RequestError
    if actor.id in request.barred:
        raise Barred
    request.decision, request.refusal, request.answer = decision, refusal, answer
    request.decided_at, request.decided_by_id = at, actor.id
    details = {"decision": decision, **({"refusal": refusal} if refusal else {})}
    if decision == Decision.REFUSED:
        end(request, Status.CLOSED, at=at)
        tell_refused(request, at=at)
    else:
        request.status = Status.DECIDED
        let_go(request)
        request.save()
        tell_progress(request, gettext_noop("We agreed to your request and are carrying it out."), at=at)
    audit(request, "request.decided", actor=actor, at=at, details=details)
    return request


@transaction.atomic
def carry_out(
    request: RightsRequest, *, wanted: Mapping[str, str] | None = None, actor: Actor, at: datetime
) -> RightsRequest:
    """Do what was agreed to and close the case, in one transaction: all of it or nothing, and once.

    wanted: for a correction that came by telephone, as in `values_wanted`; not from whoever verified the caller.
    Raises NotClaimed, Ended, Barred, RequestError, WantedMissing (409), ValidationError (422), LeavingError (409).
    Source: K90, K93, K98; PIPL 44-48.
    """
    request = locked(request)
    require_claim(request, actor)
    if request.status != Status.DECIDED:
        raise RequestError
    if wanted:
        if actor.id in request.barred:
            raise Barred
        request.wanted = dict(wanted)
    # Closed first: what is carried out may ask whether a request is still open.
    end(request, Status.CLOSED, at=at)
    if request.user:
        _DO.get(request.kind, _nothing)(request, request.user, actor, at)
    audit(request, "request.carried_out", actor=actor, at=at)
    tell_progress(request, CLOSING if request.user and request.kind in LEAVES else DONE, at=at)
    return request


@transaction.atomic
def lapse(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """End a request whose last day has come without anybody having shown who they are. It is no refusal: the person
    may ask again at any time. Raises NotClaimed, Ended, RequestError (409)."""
    request = locked(request)
    require_claim(request, actor)
    if request.status != Status.RECEIVED or timezone.localdate(at) < request.due_on:
        raise RequestError
    end(request, Status.LAPSED, at=at)
    audit(request, "request.lapsed", actor=actor, at=at)
    sentence = gettext_noop("We could not find out whether it is you who asked, so we ended it. You can ask again.")
    tell_progress(request, sentence, at=at)
    return request


DONE = gettext_noop("Your request has been carried out. You can read our answer.")
CLOSING = gettext_noop("Your account is being closed. You can still change your mind: another message says until when.")
LEAVES = (Kind.DELETION, Kind.CANCELLATION)


def _export(request: RightsRequest, user: User, actor: Actor, at: datetime) -> None:
    from consent.rights.export.actions import start_export

    start_export(user, request=request, actor=actor, at=at)


def _leave(request: RightsRequest, user: User, actor: Actor, at: datetime) -> None:
    begin_leaving(user, proofs=[Way(request.verified_way).value, STAFF_PROOF], request=request, actor=actor, at=at)


def _correct(request: RightsRequest, user: User, actor: Actor, at: datetime) -> None:
    values = values_wanted(request.wanted)
    if not values:
        raise WantedMissing
    write_items(user, values, source=Source.STAFF, actor=actor, at=at)


def _restrict(_request: RightsRequest, user: User, _actor: Actor, at: datetime) -> None:
    restrict(user, at=at)


def _object(_request: RightsRequest, user: User, actor: Actor, at: datetime) -> None:
    """No profiling, no marketing, not found by others."""
    change_settings(user, Settings({}, {}, user.language, user.theme), actor=actor, at=at)


def _unlock(_request: RightsRequest, user: User, actor: Actor, at: datetime) -> None:
    unlock_account(user, actor=actor, at=at)


def _nothing(_request: RightsRequest, _user: User, _actor: Actor, _at: datetime) -> None:
    """An explanation is the answer itself."""


_DO: Mapping[str, Callable[[RightsRequest, User, Actor, datetime], None]] = {
    Kind.ACCESS: _export,
    Kind.CORRECTION: _correct,
    Kind.DELETION: _leave,
    Kind.CANCELLATION: _leave,
    Kind.RESTRICTION: _restrict,
    Kind.OBJECTION: _object,
    Kind.COMPROMISED: _unlock,
}
