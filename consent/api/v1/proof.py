"""What shows that something was recorded: receipts, and the log that holds them together."""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from consent.api.calls import Call, conditional, json_response
from consent.api.documents import operation
from consent.api.framework import ApiView, Json
from consent.api.problems import ApiProblem, invalid
from consent.api.selectors import event_of
from consent.api.v1.answers import Consistency, ProofAnswer, ReceiptAnswer
from consent.api.v1.parameters import EVENT, FORMAT, size
from consent.clients.models import Scope
from consent.ledger.log.errors import NoSuchSize
from consent.ledger.log.selectors import as_base64, consistency_between, latest_checkpoint, proof_of
from consent.ledger.models import ConsentEvent
from consent.ledger.receipts.kantara import kantara_receipt
from consent.ledger.receipts.selectors import receipt_for

LARGEST_SIZE = 2**63 - 1


class Jose(BaseRenderer):
    """The signature alone; its payload is the record (RFC 7515)."""

    media_type, format, charset = "application/jose", "jws", None


class Pdf(BaseRenderer):
    """For people, signed, with the file inside."""

    media_type, format, charset = "application/pdf", "pdf", None


class Kantara(BaseRenderer):
    """Kantara Consent Receipt 1.1.0."""

    media_type, format, charset = "application/vnd.kantara.cr+json", "kantara", None


class Note(BaseRenderer):
    """A C2SP signed note."""

    media_type, format, charset = "text/plain", "txt", "utf-8"


class Receipts(ApiView):
    """The receipt of one event."""

    scopes = {"GET": Scope.RECEIPTS_READ}
    renderer_classes = (Json, Jose, Pdf, Kantara)

    @operation(
        ReceiptAnswer,
        media=["application/jose", "application/pdf", "application/vnd.kantara.cr+json"],
        parameters=[EVENT, FORMAT],
        refusals=["person_erased", "no_consent_to_state"],
    )
    def get(self, request: Request, event: UUID) -> HttpResponse:
        """Give a receipt as Accept or ?format= (json, jws, pdf, kantara) asks. proof is null until the log has it."""
        receipt = receipt_for(_event(self.call, event))
        renderer = request.accepted_renderer
        match renderer.format:
            case "pdf":
                from consent.ledger.receipts.pdf import receipt_pdf  # a sixth of a worker's memory, which few need

                content = receipt_pdf(receipt)
            case "jws":
                content = receipt.jws.encode()
            case "kantara":
                content = msgspec.json.encode(kantara_receipt(receipt.event, receipt.record))
            case _:
                return json_response(receipt.bundle())
        return HttpResponse(content, renderer.media_type, headers={"Cache-Control": "private, no-store"})


class Checkpoint(ApiView):
    """How far the log has grown."""

    scopes = {"GET": Scope.RECEIPTS_READ}
    renderer_classes = (Note,)

    @operation(media=["text/plain"], conditional=True, refusals=["not_found"])
    def get(self, request: Request) -> HttpResponse:
        """Give the latest checkpoint as a C2SP signed note."""
        latest = latest_checkpoint()
        if latest is None:
            raise ApiProblem("not_found")
        return conditional(self.call.request, HttpResponse(latest.note, "text/plain; charset=utf-8"))


class Proofs(ApiView):
    """That an event is in the log."""

    scopes = {"GET": Scope.RECEIPTS_READ}

    @operation(ProofAnswer, parameters=[EVENT])
    def get(self, request: Request, event: UUID) -> HttpResponse:
        """Prove that an event is in the log; 404 until it was sealed, seconds after it was recorded."""
        proof = proof_of(_event(self.call, event).id)
        if proof is None:
            raise ApiProblem("not_found")
        return json_response(proof.as_json())


class LogConsistency(ApiView):
    """That the log only grew."""

    scopes = {"GET": Scope.RECEIPTS_READ}

    @operation(Consistency, parameters=[size("from"), size("to")], conditional=True, refusals=["invalid", "not_found"])
    def get(self, request: Request) -> HttpResponse:
        """Prove that the log of `to` leaves begins with the log of `from` leaves; 404 for a size it never had."""
        first, second = (_size(request, name) for name in ("from", "to"))
        try:
            path = consistency_between(first, second)
        except NoSuchSize as error:
            raise ApiProblem("not_found") from error
        return conditional(self.call.request, json_response(Consistency(first, second, as_base64(path))))


def _event(call: Call, event_id: UUID) -> ConsentEvent:
    event = event_of(call.controller_id, event_id)
    if event is None:
        raise ApiProblem("not_found")
    return event


def _size(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and 1 <= int(text) <= LARGEST_SIZE):
        raise invalid(f"?{name}", "bounds", _("Give a number of leaves, 1 or more."))
    return int(text)
