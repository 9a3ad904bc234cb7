"""Recording what a person said, and that they took it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any, TypeVar

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from accounts.devices.network import agent_family, truncate_network
from consent.api.calls import Call, json_response
from consent.api.documents import IDEMPOTENCY_KEY, REPLAYED, operation
from consent.api.fast import FastView
from consent.api.framework import ApiView
from consent.api.problems import invalid
from consent.api.v1.answers import EventAnswer, RecordedAnswer
from consent.api.v1.bodies import Act, ConsentBody, WithdrawalBody
from consent.api.v1.confines import check_reference, person_of, policy_of, receipt_address, version_of
from consent.clients.models import Scope
from consent.ledger.actions import record_for_reference, withdraw
from consent.ledger.answers import Answer, Circumstances, Recorded
from consent.ledger.models import ConsentKind, ConsentStatus, Surface
from consent.policies.published import PublishedVersion

F = TypeVar("F", bound=Callable[..., Any])
AHEAD, BACK = timedelta(minutes=5), timedelta(days=90)
_CONSENT = msgspec.json.Decoder(ConsentBody)
_WITHDRAWAL = msgspec.json.Decoder(WithdrawalBody)
_STATUSES = {str(status): status for status in ConsentStatus}
_KINDS = {str(kind): kind for kind in ConsentKind}
_SURFACES = {str(surface): surface for surface in Surface}
_REFUSALS = (
    "invalid_answers",
    "idempotency_conflict",
    "version_not_published",
    "subject_closed",
    "unknown_purpose",
    "not_askable",
    "implied_not_allowed",
)
_WHO = {"subject": "customer-1042", "policy": "privacy", "language": "zh-hans"}


def _records(body: type[msgspec.Struct], example: dict[str, Any], *refusals: str) -> Callable[[F], F]:
    return operation(
        RecordedAnswer,
        status=(200, 201),
        body=body,
        parameters=[IDEMPOTENCY_KEY, REPLAYED],
        refusals=("idempotency_key", "not_found", *_REFUSALS, *refusals),
        example=_WHO | example,
    )


class Consents(FastView):
    """What people said."""

    scopes = {"POST": Scope.CONSENTS_WRITE}

    @_records(ConsentBody, {"answers": [{"purpose": "ads", "status": "given"}]})
    def post(self, call: Call) -> HttpResponse:
        """Record one person's answers, all of them or none.

        Somebody whom you name for the first time is enrolled. Repeat a call whose answer did not reach you with the
        same Idempotency-Key and content: nothing is recorded twice.
        """
        key = call.idempotency_key()
        body = call.body(_CONSENT)
        reference = check_reference(body.subject)
        version = version_of(policy_of(call, body.policy), body.version, call)
        circumstances = _circumstances(body, version, call)
        recorded = record_for_reference(
            call.controller_id,
            reference,
            version.facts.id,
            [Answer(a.purpose, _STATUSES[a.status], _KINDS[a.kind], a.recipient) for a in body.answers],
            circumstances=circumstances,
            actor=call.actor,
            key=key,
            at=call.at,
        )
        return _answer(body, version, circumstances, recorded)


class Withdrawals(ApiView):
    """What people took back."""

    scopes = {"POST": Scope.CONSENTS_WRITE}

    @_records(WithdrawalBody, {"purpose": "ads"}, "not_withdrawable")
    def post(self, request: Request) -> HttpResponse:
        """Record that a person withdraws a yes; it is in force no more from now on."""
        call = self.call
        key = call.idempotency_key()
        body = call.body(_WITHDRAWAL)
        version = version_of(policy_of(call, body.policy), None, call)
        circumstances = _circumstances(body, version, call)
        recorded = withdraw(
            person_of(call, body.subject),
            version.facts.id,
            body.purpose,
            circumstances=circumstances,
            actor=call.actor,
            key=key,
            at=call.at,
        )
        return _answer(body, version, circumstances, recorded)


def _circumstances(body: Act, version: PublishedVersion, call: Call) -> Circumstances:
    """Raises ApiProblem (422) for a language without a notice or a claimed instant out of bounds."""
    claimed = body.claimed_at
    if claimed is not None and not call.at - BACK <= claimed <= call.at + AHEAD:
        raise invalid("/claimed_at", "bounds", _("Give an instant of the last 90 days, at most 5 minutes ahead."))
    language = body.language.lower()
    if body.shown_sha256 is not None:
        shown = bytes.fromhex(body.shown_sha256)
    elif language in version.notices:
        shown = version.notices[language]
    else:
        raise invalid("/language", "choice", _("This version has no text in that language. Say what you showed."))
    return Circumstances(
        surface=_SURFACES[body.surface],
        language=language,
        shown_sha256=shown,
        network=truncate_network(body.network) if body.network else "",
        agent=agent_family(body.agent) if body.agent else "",
        claimed_at=claimed and claimed.astimezone(UTC),
    )


def _answer(body: Act, version: PublishedVersion, circumstances: Circumstances, recorded: Recorded) -> HttpResponse:
    """201, or 200 where an earlier call with the same key and content recorded this."""
    answer = RecordedAnswer(
        subject=body.subject,
        policy=body.policy,
        version=version.facts.number,
        language=circumstances.language,
        shown_sha256=circumstances.shown_sha256.hex(),
        events=[
            EventAnswer(e.id, e.purpose, e.recipient, e.status, e.at, receipt_address(e.id)) for e in recorded.events
        ],
    )
    if recorded.replayed:
        return json_response(answer, headers={"Idempotency-Replayed": "true"})
    return json_response(answer, status=201)
