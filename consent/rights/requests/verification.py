"""Proving who asks, on every way by which a request comes (K95).

A code to a contact that has been on file for long, the person themselves in their account, or papers that two of the
staff find good, one after the other. Whoever judged is barred from deciding.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.audit.rules import Actor, ActorKind
from accounts.models import Challenge
from accounts.otp.actions import open_contact_challenge, send_or_take_back, verify_contact_challenge
from accounts.otp.errors import NoSuchChallenge
from accounts.otp.rules import LIFETIME, new_code
from accounts.users.rules import Contact
from consent.rights.requests.actions import audit, let_go, locked, require_claim
from consent.rights.requests.documents import destroy_documents, live_documents
from consent.rights.requests.errors import ContactTooNew, Ended, NothingToJudge, RequestError
from consent.rights.requests.letters import tell_progress
from consent.rights.requests.models import RequestJudgement, RightsRequest, Status, Way
from consent.rights.requests.selectors import contacts_on_file, has_new_contact

JUDGES = 2


def send_identity_code(request: RightsRequest, kind: str, *, actor: Actor, at: datetime) -> Challenge:
    """Send a code for this request to the contact of that kind, which the person types on the status page or reads to
    the member of staff who called the number on file, or whom they called. It opens nothing else.

    kind: `email` or `phone`. Must not be called inside a transaction: the message leaves after the commit.
    Raises NotClaimed, Ended, RequestError, ContactTooNew (409), TooSoon (429), SendingFailed (503).
    Source: K94, K95; NIST SP 800-63B.
    """
    request = _current(request)
    require_claim(request, actor)
    _require_received(request)
    contact = _old_contact(request, kind, at)
    open_one = live_code(request)
    code = new_code()
    challenge = open_contact_challenge(
        contact, _act(request), code=code, at=at, replaces=open_one.pk if open_one else None
    )
    words = {"code": code, "number": request.number, "minutes": str(LIFETIME.seconds // 60)}
    language = request.user.language if request.user else request.language
    send_or_take_back(challenge, contact, "request_code", words, language=language)
    audit(request, "request.code_sent", actor=actor, at=at, details={"to": kind})
    return challenge


def live_code(request: RightsRequest) -> Challenge | None:
    """The code that was sent for request and has not been used, open or too late."""
    found = Challenge.objects.filter(user=None, act=_act(request), used_at=None, replaced_at=None)
    return found.order_by("-created_at").first()


def verify_by_code(request: RightsRequest, code: str, *, actor: Actor, at: datetime) -> RightsRequest:
    """Accept the code that was sent for this request, once.

    actor: the member of staff who typed what was read to them, and has the case, or the person. Must not be called
    inside a transaction: a wrong try counts in any case.
    Raises WrongCode, Expired, NoSuchChallenge (403), NotClaimed, Ended, RequestError, ContactTooNew (409).
    """
    request, is_staff = _current(request), actor.kind is ActorKind.STAFF
    if is_staff:
        require_claim(request, actor)
    _require_received(request)
    challenge = live_code(request)
    if challenge is None:
        raise NoSuchChallenge
    contact = _old_contact(request, _kind_of(challenge), at)
    verify_contact_challenge(challenge.pk, contact, _act(request), code, at=at)
    return _verified(request, Way.CODE, [actor.id] if is_staff else [], actor=actor, at=at)


def verify_by_device(request: RightsRequest, *, actor: Actor, at: datetime, tells: bool = True) -> RightsRequest:
    """The person, signed in and just asked for a proof, says that the request is theirs.

    tells: not where they were told at this moment that it was received.
    Raises ContactTooNew where a contact of the account was replaced within 7 days: whoever did that may be another.
    Raises Ended, RequestError (409).
    """
    if request.user is None or actor.id != request.user_id or actor.kind is not ActorKind.SUBJECT:
        raise RequestError
    if has_new_contact(request.user, at):
        raise ContactTooNew
    return _verified(request, Way.DEVICE, [], actor=actor, at=at, tells=tells)


@transaction.atomic
def judge_documents(request: RightsRequest, *, good: bool, actor: Actor, at: datetime) -> RightsRequest:
    """What one member of staff finds about the papers. The second who finds them good proves the identity; whoever
    does not ends it for these papers: they are destroyed, and the person is asked for others.

    Raises NotClaimed, Ended, RequestError, NothingToJudge (409). Source: K33, K95; GB/T 35273-2020 8.5.
    """
    request = locked(request)
    require_claim(request, actor)
    _require_received(request)
    judges = list(request.judgements.order_by("pk").values_list("staff_id", flat=True))
    if actor.id is None or actor.id in judges or not live_documents(request):
        raise NothingToJudge
    audit(request, "request.documents_judged", actor=actor, at=at, details={"good": good})
    if not good:
        request.judgements.all().delete()
        destroy_documents(request, at=at)
        sentence = gettext_noop(
            "We could not tell from the pictures that it is you, and destroyed them. Send better ones, or call us."
        )
        tell_progress(request, sentence, at=at)
        return request
    RequestJudgement.objects.create(request=request, staff_id=actor.id, at=at)
    if len(judges) + 1 >= JUDGES:
        return _verified(request, Way.DOCUMENTS, [*judges, actor.id], actor=actor, at=at)
    let_go(request)
    request.save(update_fields=["claimed_by", "claimed_at"])
    return request


@transaction.atomic
def _verified(
    request: RightsRequest, way: Way, judges: list[int | None], *, actor: Actor, at: datetime, tells: bool = True
) -> RightsRequest:
    """The one step out of "received"."""
    request = locked(request)
    _require_received(request)
    request.status, request.verified_at, request.verified_way = Status.VERIFIED, at, way
    by = [judge for judge in judges if judge is not None]
    request.verified_by_id, request.co_verified_by_id = [*by, None, None][:2]
    request.barred = sorted({*request.barred, *by, *request.judgements.values_list("staff_id", flat=True)})
    let_go(request)
    request.save()
    audit(request, "request.verified", actor=actor, at=at, details={"way": way})
    if tells:
        tell_progress(request, gettext_noop("It is proven that the request is yours. We now decide on it."), at=at)
    return request


def _current(request: RightsRequest) -> RightsRequest:
    """As it is now; not locked, because a message leaves and a try counts in any case."""
    return RightsRequest.objects.select_related("user").get(pk=request.pk)


def _require_received(request: RightsRequest) -> None:
    if not request.is_open:
        raise Ended
    if request.status != Status.RECEIVED:
        raise RequestError


def _old_contact(request: RightsRequest, kind: str, at: datetime) -> Contact:
    on_file = [each for each in contacts_on_file(request.user, at) if each.contact.kind == kind and each.is_old]
    if not on_file:
        raise ContactTooNew
    return on_file[0].contact


def _kind_of(challenge: Challenge) -> str:
    return "email" if challenge.channel == "email" else "phone"


def _act(request: RightsRequest) -> str:
    """Bound to one request; the challenge itself binds it to one contact."""
    return f"request.verify:{request.number}"
