"""Asking: by account, form and telephone, numbered and acknowledged (K94, K96)."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.audit.models import AuditEntry
from accounts.models import Notice, User
from accounts.users.rules import parse_contact
from conftest import NOW
from consent.rights.requests.actions import withdraw_request
from consent.rights.requests.errors import RequestError
from consent.rights.requests.links import fits, link_to, token_of
from consent.rights.requests.models import Kind, RightsRequest, Status
from consent.rights.requests.selectors import open_requests_of, own_request, request_by_link, requests_of
from consent.rights.requests.tests.factories import LATER, make_decided, make_request, person


def test_a_request_is_numbered_dated_and_acknowledged_to_every_contact(alice: User) -> None:
    alice.phone, alice.phone_verified_at = "+8613900139000", NOW
    alice.save()

    request = make_request(alice, Kind.ACCESS, at=NOW)

    assert request.number.startswith("R-2026-")
    assert len(request.number) == 13
    assert request.due_on.isoformat() == "2026-04-01"
    told = Notice.objects.filter(user_id=alice.pk, event="request_received")
    assert {notice.kind for notice in told} == {"email", "phone"}
    assert told[0].parameters["number"] == request.number
    assert AuditEntry.objects.get(act="request.opened").target == f"request:{request.number}"


def test_numbers_do_not_repeat(alice: User) -> None:
    numbers = {make_request(alice).number for _ in range(3)}

    assert len(numbers) == 3


def test_whoever_is_known_by_the_contact_is_whom_it_is_about(alice: User) -> None:
    request = make_request(contact=parse_contact(alice.email))

    assert request.user == alice


@pytest.mark.django_db
def test_a_stranger_is_acknowledged_at_the_contact_they_gave_in_their_language() -> None:
    request = make_request(contact=parse_contact("nobody@people.example"), language="zh-hans")

    assert request.user is None
    told = Notice.objects.get(event="request_received")
    assert (told.user_id, told.destination, told.language) == (None, "nobody@people.example", "zh-hans")


def test_what_a_person_wrote_lies_sealed(alice: User) -> None:
    request = make_request(alice, details="my secret words", name="Alice Smith", wanted={"field": "address"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM consent_rightsrequest r WHERE id = %s", [request.pk])
        (row,) = cursor.fetchone()
    assert "secret" not in row
    assert "Smith" not in row
    assert '"address"' not in row


def test_a_form_that_is_sent_twice_asks_once(alice: User) -> None:
    key = uuid4()

    first, second = make_request(alice, form_key=key), make_request(alice, form_key=key)

    assert first == second
    assert Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_asks_once(alice: User) -> None:
    key, made = uuid4(), []

    def ask() -> None:
        made.append(make_request(alice, form_key=key).number)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    assert RightsRequest.objects.count() == 1


def test_withdrawing_ends_a_request_once_and_says_so(alice: User) -> None:
    request = make_request(alice)

    for _ in range(2):
        withdraw_request(request, actor=person(alice), at=LATER)

    request.refresh_from_db()
    assert request.status == Status.WITHDRAWN
    assert AuditEntry.objects.filter(act="request.withdrawn").count() == 1
    assert not open_requests_of(alice).exists()
    assert requests_of(alice).exists()


def test_what_is_being_carried_out_cannot_be_withdrawn(alice: User, rita: User) -> None:
    request = make_decided(alice, rita)

    with pytest.raises(RequestError):
        withdraw_request(request, actor=person(alice), at=LATER)


def test_the_link_fits_its_own_request_alone(alice: User) -> None:
    first, second = make_request(alice), make_request(alice)

    assert request_by_link(first.number, token_of(first.number)) == first
    assert request_by_link(first.number, token_of(second.number)) is None
    assert request_by_link("R-2026-999999", token_of("R-2026-999999")) is None
    assert not fits(first.number, "")
    assert link_to(first.number).endswith(f"/requests/{first.number}/{token_of(first.number)}/")


def test_another_persons_request_is_no_different_from_none(alice: User, bob: User) -> None:
    request = make_request(alice)

    assert own_request(bob, request.number) is None
    assert own_request(alice, request.number) == request


ROWS: dict[str, dict[str, object]] = {
    "verified without a proof": {"status": "verified"},
    "decided without a proof": {"status": "decided", "decision": "granted", "decided_by_id": 9, "decided_at": NOW},
    "a proof by no way": {"verified_at": NOW},
    "documents judged by one": {
        "status": "verified",
        "verified_at": NOW,
        "verified_way": "documents",
        "verified_by_id": 7,
        "co_verified_by_id": 7,
        "barred": [7],
    },
    "a verifier who is not barred": {
        "status": "verified",
        "verified_at": NOW,
        "verified_way": "code",
        "verified_by_id": 7,
    },
    "ended without saying when": {"status": "withdrawn"},
    "closed without a decision": {
        "status": "closed",
        "ended_at": NOW,
        "verified_at": NOW,
        "verified_way": "device",
    },
    "a refusal without a reason": {
        "status": "closed",
        "ended_at": NOW,
        "verified_at": NOW,
        "verified_way": "device",
        "decision": "refused",
        "decided_by_id": 9,
        "decided_at": NOW,
    },
    "a decision by the verifier": {
        "status": "decided",
        "verified_at": NOW,
        "verified_way": "code",
        "verified_by_id": 7,
        "barred": [7],
        "decision": "granted",
        "decided_by_id": 7,
        "decided_at": NOW,
    },
}


@pytest.mark.parametrize("changes", ROWS.values(), ids=ROWS.keys())
def test_postgresql_refuses(alice: User, changes: dict[str, object]) -> None:
    request = make_request(alice)

    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.filter(pk=request.pk).update(**changes)


def test_postgresql_takes_the_same_decision_by_another(alice: User) -> None:
    request = make_request(alice)

    changes = ROWS["a decision by the verifier"] | {"decided_by_id": 8}
    assert RightsRequest.objects.filter(pk=request.pk).update(**changes) == 1


def test_the_language_of_an_account_goes_before_that_of_the_call(alice: User) -> None:
    make_request(alice, language="en", at=LATER + timedelta(hours=1))

    assert Notice.objects.get().language == alice.language
