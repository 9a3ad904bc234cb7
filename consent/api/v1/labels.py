"""Which groups a company puts an account holder into, and what somebody outside compared for it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from accounts.models import ProfileLabel, User
from accounts.profile.errors import NoProfiling
from accounts.profile.preferences import Label
from accounts.profile.rules import FIELDS
from consent.api.calls import Call, json_response
from consent.api.documents import operation
from consent.api.framework import ApiView
from consent.api.problems import ApiProblem, invalid
from consent.api.v1.acts import AHEAD
from consent.api.v1.bodies import CheckBody, LabelBody, LabelsBody, LabelWords
from consent.api.v1.confines import check_instant
from consent.api.v1.holder_answers import CheckAnswer, LabelAnswer, LabelsAnswer
from consent.api.v1.parameters import PERSON
from consent.clients.finding import holder_of
from consent.clients.labels import labels_given, note_check, put_labels_of
from consent.clients.models import Scope

_LABELS = msgspec.json.Decoder(LabelsBody)
_CHECK = msgspec.json.Decoder(CheckBody)
_EXAMPLE = {
    "code": "commuter",
    "words": {"zh-hans": "通勤乘客", "en": "Commuter"},
    "reason": {"zh-hans": "工作日早晚乘车", "en": "Rides in the morning and evening of working days"},
    "since": "2026-03-02T09:00:00+08:00",
}


class Labels(ApiView):
    """The company's labels of one person."""

    scopes = {"GET": Scope.PEOPLE_READ, "PUT": Scope.PEOPLE_WRITE}

    @operation(LabelsAnswer, parameters=[PERSON])
    def get(self, request: Request, person: str) -> HttpResponse:
        """List your labels of somebody. One that `may_be_used` denies was switched off: treat the person as without it.

        Ask right before you use one. None may be used where profiling is not allowed or every use is restricted.
        """
        user = _holder(self.call, person)
        given = labels_given(self.call.controller_id, user)
        labels = [_answer(each, given.allows_profiling) for each in given.labels]
        return json_response(LabelsAnswer(person, given.allows_profiling, labels))

    @operation(
        LabelsAnswer,
        body=LabelsBody,
        parameters=[PERSON],
        refusals=["no_profiling"],
        example={"labels": [_EXAMPLE]},
    )
    def put(self, request: Request, person: str) -> HttpResponse:
        """Put your labels of somebody in place of those you gave before; the person sees each with its reason.

        One that they switched off stays switched off, and on file where you leave it out.
        """
        call = self.call
        wanted = call.body(_LABELS).labels
        user = _holder(call, person)
        if len({label.code for label in wanted}) < len(wanted):
            raise invalid("/labels", "unique", _("Name each code once."))
        labels = [_label(label, place, call) for place, label in enumerate(wanted)]
        try:
            rows = put_labels_of(call.controller_id, user, labels, actor=call.actor, at=call.at)
        except NoProfiling as error:
            raise ApiProblem("no_profiling") from error
        return json_response(LabelsAnswer(person, True, [_answer(each, True) for each in rows]))


class Checks(ApiView):
    """What was compared with an account holder's information."""

    scopes = {"POST": Scope.PEOPLE_WRITE}

    @operation(
        CheckAnswer,
        body=CheckBody,
        parameters=[PERSON],
        example={"item": "name", "checked_by": "id-authority", "result": "match", "at": "2026-03-02T09:00:00+08:00"},
    )
    def post(self, request: Request, person: str) -> HttpResponse:
        """Tell who outside compared which item, when and with what result. The person sees it.

        With `match` the item counts as verified, unless it was changed after that. The same again is noted once.
        """
        call, said = self.call, self.call.body(_CHECK)
        user = _holder(call, person)
        if said.item not in FIELDS:
            raise invalid("/item", "choice", _("This is not one of the values that are allowed here."))
        at = _past(said.at, "/at", call)
        check = note_check(user, said.item, checked_by=said.checked_by, result=said.result, actor=call.actor, at=at)
        return json_response(CheckAnswer(person, check.field, check.checked_by, check.result, check.at))


def _holder(call: Call, person: str) -> User:
    user = holder_of(call.controller_id, person)
    if user is None:
        raise ApiProblem("not_found")
    return user


def _label(body: LabelBody, place: int, call: Call) -> Label:
    since = _past(body.since, f"/labels/{place}/since", call)
    return Label(body.code, msgspec.to_builtins(body.words), msgspec.to_builtins(body.reason), since)


def _past(at: datetime, pointer: str, call: Call) -> datetime:
    if at > call.at + AHEAD:
        raise invalid(pointer, "bounds", _("Give an instant that is past."))
    return check_instant(at, pointer)


def _answer(label: ProfileLabel, allows_profiling: bool) -> LabelAnswer:
    return LabelAnswer(
        code=label.code,
        words=msgspec.convert(label.words, LabelWords),
        reason=msgspec.convert(label.reason, LabelWords),
        since=label.at,
        may_be_used=allows_profiling and label.switched_off_at is None,
        switched_off_at=label.switched_off_at,
    )
