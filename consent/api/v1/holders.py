"""People with an account: who may be found, which groups a company puts them into, and what it compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

import msgspec
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.finding.errors import SearchedTooOften
from accounts.users.rules import Contact, parse_contact
from consent.api.calls import Call, json_response
from consent.api.documents import operation
from consent.api.framework import ApiView
from consent.api.problems import ApiProblem, invalid
from consent.api.v1.bodies import ContactBody
from consent.api.v1.holder_answers import FoundAnswer, IdentifiedAnswer
from consent.clients.finding import find_person, identify_person
from consent.clients.models import Scope

EXAMPLE = {"contact": "13812345678"}
_CONTACT = msgspec.json.Decoder(ContactBody)


class FindPerson(ApiView):
    """Searching on behalf of other people."""

    scopes = {"POST": Scope.PEOPLE_FIND}

    @operation(FoundAnswer, body=ContactBody, refusals=["searched_too_often"], example=EXAMPLE)
    def post(self, request: Request) -> HttpResponse:
        """Search for somebody by e-mail address or mobile number, if they want to be found by it.

        Nobody and somebody who does not want it give the same answer. Each search is counted, for your key and for the
        contact, and the person sees who searched for them.
        """
        call = self.call
        contact = contact_of(call.body(_CONTACT).contact)
        with _counted(call):
            found = find_person(call.key.id, contact, actor=call.actor, at=call.at)
        return json_response(FoundAnswer(True, found.person, found.name, found.contact) if found else NOBODY)


class IdentifyPerson(ApiView):
    """Looking up one's own customers."""

    scopes = {"POST": Scope.PEOPLE_READ}

    @operation(IdentifiedAnswer, body=ContactBody, refusals=["searched_too_often"], example=EXAMPLE)
    def post(self, request: Request) -> HttpResponse:
        """Say what to call an account holder of yours in other operations; null for whoever is none.

        Yours are those who answered a policy of yours. Each look-up is counted, and the person sees it.
        """
        call = self.call
        contact = contact_of(call.body(_CONTACT).contact)
        with _counted(call):
            person = identify_person(call.key.id, contact, actor=call.actor, at=call.at)
        return json_response(IdentifiedAnswer(person))


NOBODY = FoundAnswer(False, None, "", "")


@contextmanager
def _counted(call: Call) -> Iterator[None]:
    """Raises ApiProblem (429)."""
    try:
        yield
    except SearchedTooOften as error:
        wait = ceil((error.retry_at - call.at).total_seconds())
        raise ApiProblem("searched_too_often", headers={"Retry-After": str(max(1, wait))}) from error


def contact_of(text: str, pointer: str = "/contact") -> Contact:
    """Raises ApiProblem (422)."""
    try:
        return parse_contact(text)
    except ValidationError as error:
        raise invalid(pointer, "format", error.messages[0]) from error
