"""Decisions about people on file. The register is in memory, so one statement answers, however many are asked; none
where no register ever named the purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from consent.ledger.decisions.rules import Asked, Decision, Person, decide
from consent.ledger.decisions.statements import BY_ID, BY_REF, BY_REFS
from consent.ledger.rules import StateFacts
from consent.ledger.statements import fetch_all
from consent.policies import schedule
from consent.policies.recipients.selectors import start_of
from consent.policies.schedule import Book

MOST_AT_ONCE = 500


class Inquiry(NamedTuple):
    """A question about one person. ref: 32 bytes, see `consent.ledger.references`. at: aware instant, None for now."""

    ref: bytes
    purpose: str
    recipient: str = ""
    item: str = ""
    at: datetime | None = None


class _File(NamedTuple):
    """What is on file about one person: their last words on the purpose, by policy."""

    person: Person
    states: dict[int, list[StateFacts]]


def decision(
    controller_id: int,
    subject_id: int | None,
    purpose: str,
    recipient: str = "",
    item: str = "",
    at: datetime | None = None,
) -> Decision:
    """What holds for a data subject of the controller; None and other controllers' subjects are unknown to it.

    at: aware instant, now where None. One statement; none where subject_id is None.
    """
    now = datetime.now(UTC)
    values = {"controller": controller_id, "subject": subject_id, "purpose": purpose, "at": at}
    book = schedule.book(controller_id)
    rows = fetch_all(BY_ID[_is_past(at, now)], values) if subject_id is not None and purpose in book.purposes else []
    return _decided(book, Asked(purpose, recipient, item), _files(rows, [purpose]).get(0), at, now)


def decision_for_ref(
    controller_id: int, ref: bytes, purpose: str, recipient: str = "", item: str = "", at: datetime | None = None
) -> Decision:
    """As `decision`, for the person behind 32 bytes of reference. One statement."""
    now = datetime.now(UTC)
    values = {"controller": controller_id, "ref": ref, "purpose": purpose, "at": at}
    book = schedule.book(controller_id)
    rows = fetch_all(BY_REF[_is_past(at, now)], values) if purpose in book.purposes else []
    return _decided(book, Asked(purpose, recipient, item), _files(rows, [purpose]).get(0), at, now)


def decisions_for_refs(controller_id: int, inquiries: Sequence[Inquiry]) -> list[Decision]:
    """Several questions, about several people and instants, answered in their order. One statement for the present, one
    for the past. Raises ValueError for more than 500."""
    if len(inquiries) > MOST_AT_ONCE:
        raise ValueError(f"at most {MOST_AT_ONCE} questions at once")
    now, book = datetime.now(UTC), schedule.book(controller_id)
    files: dict[int, _File] = {}
    for past in (False, True):
        places = [
            place
            for place, inquiry in enumerate(inquiries)
            if inquiry.purpose in book.purposes and _is_past(inquiry.at, now) is past
        ]
        found = _files_of(controller_id, [inquiries[place] for place in places], past=past)
        files |= {places[number]: file for number, file in found.items()}
    return [
        _decided(book, Asked(inquiry.purpose, inquiry.recipient, inquiry.item), files.get(place), inquiry.at, now)
        for place, inquiry in enumerate(inquiries)
    ]


def _files_of(controller_id: int, inquiries: Sequence[Inquiry], *, past: bool) -> dict[int, _File]:
    if not inquiries:
        return {}
    purposes = [inquiry.purpose for inquiry in inquiries]
    values = {
        "controller": controller_id,
        "refs": [inquiry.ref for inquiry in inquiries],
        "purposes": purposes,
        "instants": [inquiry.at for inquiry in inquiries],
    }
    return _files(fetch_all(BY_REFS[past], values), purposes)


def _files(rows: Iterable[tuple[Any, ...]], purposes: Sequence[str]) -> dict[int, _File]:
    """By place in the list of purposes."""
    files: dict[int, _File] = {}
    for place, closed_at, adult_on, guardian_confirmed_at, restricted_at, policy_id, *said in rows:
        if place not in files:
            person = Person(closed_at, _start(adult_on), guardian_confirmed_at, restricted_at)
            files[place] = _File(person, defaultdict(list))
        if policy_id is not None:
            recipient, version_id, status, kind, at, event_id = said
            state = StateFacts(purposes[place], version_id, status, kind, at, recipient, event_id)
            files[place].states[policy_id].append(state)
    return files


def _decided(book: Book, asked: Asked, file: _File | None, at: datetime | None, now: datetime) -> Decision:
    person, states = file or (None, {})
    seconds = settings.DECISION_CACHE_SECONDS
    made = decide(asked, book, person, states, at or now, cache_seconds=seconds)
    if _is_past(at, now):  # it stays what it was; only what has become known of that time may differ
        return replace(made, cache_until=now + timedelta(seconds=seconds))
    return made


def _is_past(at: datetime | None, now: datetime) -> bool:
    return at is not None and at < now


def _start(day: date | None) -> datetime | None:
    return start_of(day) if day else None
