"""Opening and withdrawing a request, and taking a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.models import User
from accounts.users.locking import hold
from accounts.users.rules import Contact
from accounts.users.selectors import holders_of
from consent.rights.requests.documents import destroy_documents
from consent.rights.requests.errors import Barred, Ended, NotClaimed, NotRefused, OwnCase, RequestError, Taken
from consent.rights.requests.letters import tell_progress, tell_received
from consent.rights.requests.models import Channel, Decision, RightsRequest, Status
from consent.rights.requests.rules import due, term_of


@transaction.atomic
def open_request(
    kind: str,
    *,
    channel: Channel | str,
    user: User | None = None,
    contact: Contact | None = None,
    name: str = "",
    details: str = "",
    wanted: Mapping[str, Any] | None = None,
    language: str,
    actor: Actor,
    at: datetime,
    appeal_of: RightsRequest | None = None,
    form_key: UUID | None = None,
) -> RightsRequest:
    """Take a request, number it, say by when it is answered, and acknowledge it. Nobody's identity is proven by that.

    user: whose information it is about; where None, whoever is known by contact, if anybody is. wanted: what exactly,
    such as {"field": "address", "value": "…"} for a correction. language: of whoever has no account. appeal_of: the
    refused request; whoever verified or decided that one is barred from this. form_key: of the form that was sent; a
    second sending gives the same request again. at: aware UTC instant. Raises Gone (403) where user left meanwhile.
    Source: K94-K96, K102; PIPL 50; GB/T 35273-2020 8.5, 8.7.
    """
    if form_key and (known := RightsRequest.objects.filter(form_key=form_key).first()):
        return known
    if user:
        user = hold(user)
    elif contact:  # whoever leaves at this moment is known by no contact when their row is free again
        user = holders_of(contact).select_for_update(no_key=True).first()
    request = RightsRequest(
        kind=kind,
        channel=channel,
        user=user,
        contact_kind=str(contact.kind) if contact else "",
        contact_value=contact.value if contact else "",
        name=name,
        details=details,
        wanted=dict(wanted) if wanted else None,
        language=language,
        appeal_of=appeal_of,
        barred=_who_dealt_with(appeal_of),
        form_key=form_key,
        **_number_and_last_day(kind, at),
    )
    if known := _known_or_inserted(request):
        return known
    audit(request, "request.opened", actor=actor, at=at, details={"kind": str(kind), "channel": str(channel)})
    tell_received(request, at=at)
    return request


def appeal(refused: RightsRequest, reason: str, *, actor: Actor, at: datetime) -> RightsRequest:
    """Ask that somebody who had nothing to do with a refusal looks at it again; once.

    Raises NotRefused (409). Source: K102; GB/T 35273-2020 8.8.
    """
    with transaction.atomic():
        refused = locked(refused)
        is_gone = refused.wiped_at or (refused.user and refused.user.closed_at)
        if is_gone or refused.decision != Decision.REFUSED or RightsRequest.objects.filter(appeal_of=refused).exists():
            raise NotRefused
        return open_request(
            refused.kind,
            channel=Channel.ACCOUNT if refused.user else Channel.FORM,
            user=refused.user,
            contact=refused.contact,
            name=refused.name,
            details=reason,
            wanted=refused.wanted,
            language=refused.language,
            actor=actor,
            at=at,
            appeal_of=refused,
        )


@transaction.atomic
def withdraw_request(request: RightsRequest, *, actor: Actor, at: datetime) -> None:
    """End a request because the person no longer wants it. A second time changes nothing.

    Raises RequestError (409) where it is being carried out or over.
    """
    request = locked(request)
    if request.status == Status.WITHDRAWN:
        return
    if request.status not in (Status.RECEIVED, Status.VERIFIED):
        raise RequestError
    end(request, Status.WITHDRAWN, at=at)
    audit(request, "request.withdrawn", actor=actor, at=at)
    tell_progress(request, gettext_noop("Your request was withdrawn. Nothing was changed."), at=at)


@transaction.atomic
def claim(request: RightsRequest, *, may_decide: bool, actor: Actor, at: datetime) -> None:
    """Take a case to work on it. may_decide: whether actor is a reviewer, who may also take one over from others.

    Raises Ended, OwnCase, Taken, Barred (409). Source: K60.
    """
    request = locked(request)
    if not request.is_open:
        raise Ended
    if actor.id == request.user_id:
        raise OwnCase
    if request.claimed_by_id == actor.id:
        return
    if request.claimed_by_id and not may_decide:
        raise Taken
    if request.status == Status.VERIFIED and (not may_decide or actor.id in request.barred):
        raise Barred
    taken_from = request.claimed_by_id
    request.claimed_by_id, request.claimed_at = actor.id, at
    request.save(update_fields=["claimed_by", "claimed_at"])
    audit(request, "request.claimed", actor=actor, at=at, details={"from": taken_from} if taken_from else None)


@transaction.atomic
def release(request: RightsRequest, *, actor: Actor, at: datetime) -> None:
    """Give a case back to the queue. Raises NotClaimed (409)."""
    request = locked(request)
    require_claim(request, actor)
    let_go(request)
    request.save(update_fields=["claimed_by", "claimed_at"])
    audit(request, "request.released", actor=actor, at=at)


def locked(request: RightsRequest) -> RightsRequest:
    """The row as it is now; whoever else wants to change it waits.

    The person before the request, as in an erasure: so nobody waits in a circle.
    """
    if request.user_id:
        User.objects.select_for_update(no_key=True).get(pk=request.user_id)
    rows = RightsRequest.objects.select_for_update(of=("self",), no_key=True).select_related("user", "appeal_of")
    return rows.get(pk=request.pk)


def require_claim(request: RightsRequest, actor: Actor) -> None:
    """Raises Ended, NotClaimed (409)."""
    if not request.is_open:
        raise Ended
    if request.claimed_by_id != actor.id:
        raise NotClaimed


def let_go(request: RightsRequest) -> None:
    """Nobody has the case; the caller saves."""
    request.claimed_by, request.claimed_at = None, None


def end(request: RightsRequest, status: Status, *, at: datetime) -> None:
    """The case is over: nobody has it, and the papers that were shown are gone."""
    request.status, request.ended_at = status, at
    let_go(request)
    request.save()
    destroy_documents(request, at=at)


def audit(
    request: RightsRequest, act: str, *, actor: Actor, at: datetime, details: Mapping[str, Any] | None = None
) -> None:
    """A line in the history of the case."""
    record_audit(act, actor=actor, target=f"request:{request.number}", at=at, details=details)


def _who_dealt_with(refused: RightsRequest | None) -> list[int]:
    if refused is None:
        return []
    return sorted({*refused.barred, *filter(None, [refused.decided_by_id])})


def _known_or_inserted(request: RightsRequest) -> RightsRequest | None:
    """The row that the same form made at the same moment; None where this one is written."""
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError:
        known = RightsRequest.objects.filter(form_key=request.form_key).first() if request.form_key else None
        if known is None:
            raise
        return known
    return None


def _number_and_last_day(kind: str, at: datetime) -> dict[str, Any]:
    received_on = timezone.localdate(at)
    last_day = due(term_of(kind, settings.REQUEST_TERMS), received_on)
    return {
        "number": _next_number(received_on.year),
        "received_at": at,
        "due_on": last_day.on,
        "due_is_estimate": last_day.is_estimate,
    }


def _next_number(year: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('rights_request_number')")
        (number,) = cursor.fetchone()
    return f"R-{year}-{number:06d}"
