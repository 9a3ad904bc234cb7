"""What a person had agreed to on a day, and what they had been shown."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from consent.api.calls import json_response
from consent.api.documents import operation
from consent.api.framework import ApiView
from consent.api.problems import invalid
from consent.api.v1 import answers
from consent.api.v1.confines import address, check_instant, person_of
from consent.api.v1.parameters import AT, REFERENCE
from consent.clients.models import Scope
from consent.ledger.decisions.as_of import AnswerThen, PolicyThen, as_of


class Past(ApiView):
    """A person at an instant."""

    scopes = {"GET": Scope.CONSENTS_READ}

    @operation(answers.AsOfAnswer, parameters=[REFERENCE, AT], refusals=["invalid"])
    def get(self, request: Request, reference: str) -> HttpResponse:
        """Say what a person had agreed to at an instant, by which acts, and which texts they had been shown."""
        subject = person_of(self.call, reference)
        at = _instant(request.query_params.get("at", ""))
        then = as_of(subject, at)
        return json_response(answers.AsOfAnswer(reference, at, [_policy(policy) for policy in then.policies]))


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that was not encoded
    except ValueError:
        instant = None
    if instant is None or instant.utcoffset() is None:
        raise invalid("?at", "format", _("Give an instant as RFC 3339 with its time zone."))
    return check_instant(instant, "?at")


def _policy(then: PolicyThen) -> answers.PolicyThen:
    slug, number = then.policy.slug, then.version.number
    url = address(f"policies/{slug}/versions/{number}")
    return answers.PolicyThen(slug, number, url, [_answer(answer) for answer in then.answers])


def _answer(then: AnswerThen) -> answers.AnswerThen:
    return answers.AnswerThen(
        purpose=then.purpose.code if then.purpose else "",
        recipient=then.recipient,
        status=then.status,
        in_force=then.in_force,
        event=then.event.id if then.event else None,
        since=then.event.at if then.event else None,
        answered=then.answered.number if then.answered else None,
        shown_sha256=then.shown_sha256,
        imported=then.is_imported,
        logged_at=then.logged_at,
    )
