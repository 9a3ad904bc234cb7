"""One person: what is known about them, and everything that they ever said."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from consent.api.calls import conditional, json_response
from consent.api.documents import operation
from consent.api.framework import ApiView
from consent.api.problems import invalid
from consent.api.selectors import history_of, read_cursor
from consent.api.v1.answers import HistoryEvent, HistoryPage, SubjectAnswer
from consent.api.v1.bodies import SubjectBody
from consent.api.v1.confines import (
    EARLIEST,
    LATEST,
    address,
    check_instant,
    check_reference,
    person_of,
    policy_of,
    receipt_address,
)
from consent.api.v1.parameters import CURSOR, LIMIT, LINK, POLICY, REFERENCE
from consent.clients.models import Scope
from consent.clients.people import describe_person
from consent.ledger.models import ConsentEvent, DataSubject
from consent.policies.models import PolicyVersion

MOST_EVENTS, EVENTS = 200, 50
_SUBJECT = msgspec.json.Decoder(SubjectBody)


class Person(ApiView):
    """What is kept about a person beside their answers."""

    scopes = {"GET": Scope.CONSENTS_READ, "PUT": Scope.SUBJECTS_WRITE}

    @operation(SubjectAnswer, parameters=[REFERENCE], conditional=True)
    def get(self, request: Request, reference: str) -> HttpResponse:
        """Say what is kept about a person beside their answers."""
        subject = person_of(self.call, reference)
        return conditional(self.call.request, json_response(_subject(reference, subject)))

    @operation(
        SubjectAnswer,
        body=SubjectBody,
        parameters=[REFERENCE],
        refusals=["subject_closed"],
        example={"adult_on": "2027-09-01", "guardian_confirmed_at": None},
    )
    def put(self, request: Request, reference: str) -> HttpResponse:
        """Tell when a person comes of age and whether a guardian answers for them; both are replaced."""
        call = self.call
        body = call.body(_SUBJECT)
        confirmed = body.guardian_confirmed_at
        subject = describe_person(
            call.controller_id,
            check_reference(reference, "?reference"),
            adult_on=_birthday(body.adult_on),
            guardian_confirmed_at=confirmed and check_instant(confirmed, "/guardian_confirmed_at"),
            actor=call.actor,
            at=call.at,
        )
        return json_response(_subject(reference, subject))


class History(ApiView):
    """Everything that a person ever said."""

    scopes = {"GET": Scope.CONSENTS_READ}

    @operation(HistoryPage, parameters=[REFERENCE, POLICY, LIMIT, CURSOR, LINK], conditional=True, refusals=["invalid"])
    def get(self, request: Request, reference: str) -> HttpResponse:
        """List a person's acts, newest first; follow `next`, or the Link header, to the end."""
        call, query = self.call, request.query_params
        subject = person_of(call, reference)
        policy = policy_of(call, query["policy"]) if "policy" in query else None
        limit = _limit(query.get("limit"))
        events, cursor = history_of(
            subject, policy_id=policy.policy_id if policy else None, before=_cursor(query.get("cursor")), limit=limit
        )
        following = _following(reference, query.get("policy"), limit, cursor)
        versions = PolicyVersion.objects.select_related("policy").in_bulk({event.version_id for event in events})
        page = HistoryPage([_event(event, versions[event.version_id]) for event in events], following)
        headers = {"Link": f'<{following}>; rel="next"'} if following else {}
        return conditional(call.request, json_response(page, headers=headers))


def _birthday(day: date | None) -> date | None:
    if day is not None and not EARLIEST.date() <= day < LATEST.date():
        raise invalid("/adult_on", "bounds", _("Give a day between 1970 and 2200."))
    return day


def _limit(text: str | None) -> int:
    if text is None:
        return EVENTS
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MOST_EVENTS):
        raise invalid("?limit", "bounds", _("Give a number from 1 to 200."))
    return int(text)


def _cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if text is None:
        return None
    try:
        return read_cursor(text)
    except ValueError as error:
        raise invalid("?cursor", "format", _("Send a cursor exactly as the page before gave it.")) from error


def _following(reference: str, policy: str | None, limit: int, cursor: str) -> str | None:
    if not cursor:
        return None
    query = urlencode({"cursor": cursor, "limit": limit, **({"policy": policy} if policy else {})})
    path = f"subjects/{quote(reference, safe='')}/history"
    return f"{address(path)}?{query}"


def _subject(reference: str, subject: DataSubject) -> SubjectAnswer:
    return SubjectAnswer(
        subject=reference,
        known_since=subject.created_at,
        closed_at=subject.closed_at,
        adult_on=subject.adult_on,
        guardian_confirmed_at=subject.guardian_confirmed_at,
    )


def _event(event: ConsentEvent, version: PolicyVersion) -> HistoryEvent:
    return HistoryEvent(
        id=event.id,
        at=event.at,
        claimed_at=event.claimed_at,
        policy=version.policy.slug,
        version=version.number,
        purpose=event.purpose,
        recipient=event.recipient,
        status=event.status,
        kind=event.kind,
        surface=event.surface,
        language=event.language,
        actor=event.actor,
        network=event.network,
        agent=event.agent,
        shown_sha256=bytes(event.shown_sha256).hex(),
        receipt=receipt_address(event.id),
    )
