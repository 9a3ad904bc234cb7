"""May this be done with this person's information?"""

from __future__ import annotations

import msgspec
from django.http import HttpResponse
from django.utils import translation
from rest_framework.request import Request

from consent.api.calls import Call, json_response
from consent.api.documents import operation
from consent.api.fast import FastView
from consent.api.framework import ApiView
from consent.api.v1.answers import DecisionAnswer, DecisionsAnswer
from consent.api.v1.bodies import DecisionBody, DecisionsBody
from consent.api.v1.confines import check_instant
from consent.clients.models import Scope
from consent.ledger.decisions.rules import Decision
from consent.ledger.decisions.selectors import Inquiry, decision_for_ref, decisions_for_refs
from consent.ledger.references import reference_ref

EXAMPLE = {"subject": "customer-1042", "purpose": "ads"}
_DECISION = msgspec.json.Decoder(DecisionBody)
_DECISIONS = msgspec.json.Decoder(DecisionsBody)


class Decisions(FastView):
    """One question."""

    scopes = {"POST": Scope.DECISIONS_READ}

    @operation(DecisionAnswer, body=DecisionBody, example=EXAMPLE)
    def post(self, call: Call) -> HttpResponse:
        """Ask whether something may be done with a person's information. What is not known is denied.

        Somebody whom you never named is unknown, and so denied: the answer is 200 all the same.
        """
        asked = call.body(_DECISION)
        at = asked.at and check_instant(asked.at, "/at")
        ref = reference_ref(asked.subject)
        made = decision_for_ref(call.controller_id, ref, asked.purpose, asked.recipient, asked.item, at)
        with translation.override(translation.get_language_from_request(call.request)):
            return json_response(_answer(made))


class ManyDecisions(ApiView):
    """Many questions."""

    scopes = {"POST": Scope.DECISIONS_READ}

    @operation(DecisionsAnswer, body=DecisionsBody, example={"questions": [EXAMPLE]})
    def post(self, request: Request) -> HttpResponse:
        """Ask up to 500 questions at once, about the same person or many."""
        questions = self.call.body(_DECISIONS).questions
        inquiries = [
            Inquiry(
                reference_ref(asked.subject),
                asked.purpose,
                asked.recipient,
                asked.item,
                asked.at and check_instant(asked.at, f"/questions/{place}/at"),
            )
            for place, asked in enumerate(questions)
        ]
        made = decisions_for_refs(self.call.controller_id, inquiries)
        return json_response(DecisionsAnswer([_answer(each) for each in made]))


def _answer(made: Decision) -> DecisionAnswer:
    return DecisionAnswer(
        allowed=made.allowed,
        reason=made.reason,
        sentence=str(made.sentence),
        event=made.event_id,
        policy=made.policy,
        version=made.version,
        rule=made.rule,
        cache_until=made.cache_until,
    )
