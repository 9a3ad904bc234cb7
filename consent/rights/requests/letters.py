"""What a person is told about their request, in their language, by every contact that is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext, override

from accounts.notices.actions import tell
from accounts.users.rules import Contact
from consent.rights.requests.complaints import complaint_route
from consent.rights.requests.links import link_to
from consent.rights.requests.models import Kind, Refusal, RightsRequest


def tell_received(request: RightsRequest, *, at: datetime) -> None:
    """The number, by when we answer, and where to follow it."""
    _tell(request, "request_received", {}, at=at)


def tell_progress(request: RightsRequest, sentence: str, *, at: datetime) -> None:
    """One sentence, an English msgid; everything else is on the status page."""
    with override(_language(request)):
        words = {"sentence": gettext(sentence)}
    _tell(request, "request_progress", words, at=at)


def tell_refused(request: RightsRequest, *, at: datetime) -> None:
    """The reason, our words, and where to complain. Source: K102; PIPL 50; GB/T 35273-2020 8.7."""
    with override(_language(request)):
        words = {
            "reason": str(Refusal(request.refusal).label),
            "answer": request.answer,
            "complaint": complaint_route(),
        }
    _tell(request, "request_refused", words, at=at)


def contacts_of(request: RightsRequest) -> list[Contact]:
    """The proven contacts of whoever it is about, so that the owner of an account learns what is asked in their name;
    for a stranger the contact that was given."""
    proven = [contact for contact in request.user.contacts if contact.is_proven] if request.user else []
    return proven or [contact for contact in [request.contact] if contact]


def _language(request: RightsRequest) -> str:
    return request.user.language if request.user else request.language


def _tell(request: RightsRequest, event: str, words: Mapping[str, str], *, at: datetime) -> None:
    language = _language(request)
    with override(language):
        known = {
            "number": request.number,
            "kind": str(Kind(request.kind).label),
            "due": date_format(request.due_on),
            "link": link_to(request.number),
        }
    tell(request.user, event, {**known, **words}, contacts=contacts_of(request), at=at, language=language)
