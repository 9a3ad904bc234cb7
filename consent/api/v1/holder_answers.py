"""What callers get about people with an account. The document of the API is made of these very types."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from consent.api.v1.bodies import LabelWords


class FoundAnswer(Struct):
    """Somebody who may be found, or nobody. person: by what you call them here. name, contact: masked."""

    found: bool
    person: str | None
    name: str
    contact: str


class IdentifiedAnswer(Struct):
    """By what you call an account holder of yours here; null if there is none."""

    person: str | None


class MarketingAnswer(Struct):
    """Whether it may be sent. reason: wanted, not_wanted, or that of the decision about the purpose. unsubscribe: an
    address that the message must show. headers: for an e-mail, RFC 8058. opt_out: how a text message must end."""

    allowed: bool
    reason: str
    sentence: str
    unsubscribe: str
    headers: dict[str, str]
    opt_out: str


class OptOutAnswer(Struct):
    """Whether it was an opt-out; anything else changes nothing."""

    understood: bool


class LabelAnswer(Struct):
    """A group. may_be_used: false once the person switched it off."""

    code: str
    words: LabelWords
    reason: LabelWords
    since: datetime
    may_be_used: bool
    switched_off_at: datetime | None


class LabelsAnswer(Struct):
    """Your labels of somebody; none while they do not allow profiling."""

    person: str
    allows_profiling: bool
    labels: list[LabelAnswer]


class CheckAnswer(Struct):
    """What is on file. at: of the comparison."""

    person: str
    item: str
    checked_by: str
    result: str
    at: datetime
