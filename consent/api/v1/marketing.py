"""Advertising: whether it may be sent, and that somebody answered that they want no more."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from accounts.users.rules import ContactKind
from consent.api.calls import json_response
from consent.api.documents import operation
from consent.api.framework import ApiView
from consent.api.problems import invalid
from consent.api.v1.bodies import MarketingBody, OptOutBody
from consent.api.v1.holder_answers import MarketingAnswer, OptOutAnswer
from consent.api.v1.holders import contact_of
from consent.clients.marketing import may_advertise, stop_by_message
from consent.clients.models import Scope

_CHECK = msgspec.json.Decoder(MarketingBody)
_OPT_OUT = msgspec.json.Decoder(OptOutBody)


class MarketingCheck(ApiView):
    """One message to one person."""

    scopes = {"POST": Scope.MARKETING_SEND}

    @operation(MarketingAnswer, body=MarketingBody, example={"contact": "alice@people.example", "topic": "offers"})
    def post(self, request: Request) -> HttpResponse:
        """Ask, right before each message, whether it may be sent there; an address means e-mail, a number SMS.

        What is not known is a no. A yes is for this message alone, and brings what the message must carry.
        """
        asked = self.call.body(_CHECK)
        contact = contact_of(asked.contact)
        made = may_advertise(self.call.controller_id, contact, asked.topic, purpose=asked.purpose)
        return json_response(
            MarketingAnswer(
                made.allowed, made.reason, str(made.sentence), made.unsubscribe, made.headers or {}, made.opt_out
            )
        )


class OptOuts(ApiView):
    """What people answer to text messages."""

    scopes = {"POST": Scope.MARKETING_SEND}

    @operation(OptOutAnswer, body=OptOutBody, example={"contact": "13812345678", "text": "TD"})
    def post(self, request: Request) -> HttpResponse:
        """Pass on what somebody answered to a text message; TD, T, 退订 or STOP switches off all advertising by SMS.

        The same again changes nothing. Whether the number is known here is not told; honour the answer yourself too.
        """
        call, said = self.call, self.call.body(_OPT_OUT)
        contact = contact_of(said.contact)
        if contact.kind is not ContactKind.PHONE:
            raise invalid("/contact", "format", _("Give the mobile number that the answer came from."))
        return json_response(OptOutAnswer(stop_by_message(contact, said.text, actor=call.actor, at=call.at)))
