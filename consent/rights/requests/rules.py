"""By when a request must be answered, what a kind of request needs to show, and what a proof is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from chinese_calendar import is_workday

from consent.rights.requests.models import Kind

CONTACT_AGE = timedelta(days=7)  # a contact proves its owner only after that long on file
UNMASKED_FOR = timedelta(minutes=10)
SATURDAY = 5
# What a case shows of the person, beside what is to be corrected (K60).
ALWAYS_NEEDED = ("name", "email", "phone")
COMPANIONS = {"id-kind": "id-number", "id-number": "id-kind"}  # what may change along with a field
TO_COMPARE = ("id-kind", "id-number", "id-expiry")  # with documents that were sent


@dataclass(frozen=True, slots=True)
class Term:
    """days: how long the answer may take, counted from the day after. is_working: only days on which people work in
    mainland China are counted. citation: where it is written."""

    days: int
    is_working: bool
    citation: str


@dataclass(frozen=True, slots=True)
class Due:
    """on: the last day. is_estimate: some of its holidays are not published yet, so weekends alone were left out."""

    on: date
    is_estimate: bool = False


def term_of(kind: str, terms: Mapping[str, Mapping[str, Any]]) -> Term:
    """The term of a kind of request; `""` in terms is that of all others. terms: the setting REQUEST_TERMS."""
    found = terms.get(kind) or terms[""]
    return Term(int(found["days"]), bool(found["working"]), str(found["citation"]))


def due(term: Term, received_on: date) -> Due:
    """The last day on which the answer is in time. Source: GB/T 35273-2020 8.5, 8.7; K96."""
    if not term.is_working:
        return Due(received_on + timedelta(days=term.days))
    day, left, is_estimate = received_on, term.days, False
    while left:
        day += timedelta(days=1)
        works, is_known = works_on(day)
        left -= works
        is_estimate |= not is_known
    return Due(day, is_estimate)


def works_on(day: date) -> tuple[bool, bool]:
    """Whether people work in mainland China on day, and whether its year's holidays are known."""
    try:
        return is_workday(day), True
    except NotImplementedError:
        return day.weekday() < SATURDAY, False


def working_days_left(today: date, due_on: date) -> int:
    """Working days from tomorrow to due_on, both included; 0 where it is past."""
    span = (due_on - today).days
    return sum(works_on(today + timedelta(days=ahead))[0] for ahead in range(1, span + 1))


def values_wanted(wanted: Mapping[str, Any] | None) -> dict[str, str]:
    """What a correction is to write, by code; empty where it is not said yet."""
    field, value, with_it = ((wanted or {}).get(name, "") for name in ("field", "value", "with_it"))
    values = {field: value} if field and value else {}
    if values and with_it:
        values[COMPANIONS[field]] = with_it
    return values


def fields_needed(
    kind: str, wanted: Mapping[str, Any] | None, *, has_documents: bool, is_verified: bool
) -> tuple[str, ...]:
    """Which fields of the person a case may show, masked and one by one unmasked: before it is proven who asks, only
    what tells that. Source: K60, K95; PIPL 6."""
    asked = tuple(values_wanted(wanted)) if is_verified and kind == Kind.CORRECTION else ()
    compared = TO_COMPARE if has_documents else ()
    return tuple(dict.fromkeys(ALWAYS_NEEDED + asked + compared))
