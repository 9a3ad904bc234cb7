"""What is written about somebody while they are erased is taken away with the rest, or not written at all."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections, transaction
from django.test import Client

from accounts.audit.rules import Actor, ActorKind
from accounts.devices.actions import record_locked, record_sign_in, record_wrong_code
from accounts.devices.traces import Trace
from accounts.models import Challenge, LockNotice, PersonSearch, RecoveryCode, SignIn, User
from accounts.otp.actions import expect_proof
from accounts.otp.enrolment import make_recovery_codes
from accounts.otp.rules import WayKind
from accounts.profile.actions import announce_locks, record_check
from accounts.users.rules import Contact, ContactKind
from consent.clients.finding import find_person
from consent.clients.models import ApiKey
from consent.clients.tests.factories import make_key
from consent.policies.tests.factories import make_controller
from consent.rights.export.actions import start_export
from consent.rights.export.models import Export
from consent.rights.leaving import erasing
from consent.rights.leaving.erasing import finish_leaving
from consent.rights.leaving.models import Leaving, LeavingStep
from consent.rights.leaving.tests.factories import AT, DUE, begin, make_full_person, themselves
from consent.rights.requests.models import RightsRequest
from consent.rights.requests.tests.factories import make_request

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])
LOCKED = "a sign-in to a locked account"
TRACE = Trace("t" * 32, "Firefox", "Linux", "203.0.113.0/24", "")
NEXT_YEAR = AT + timedelta(days=365)  # whose numbers the others do not have
MAILBOX = Contact(ContactKind.EMAIL, "alice@people.example")
WRITERS: dict[str, Callable[[User], object]] = {
    "a request by contact": lambda _user: make_request(contact=MAILBOX, name="Alice", details="mine", at=NEXT_YEAR),
    "a request by account": lambda user: make_request(user, details="mine", at=NEXT_YEAR),
    "a sign-in": lambda user: record_sign_in(user, TRACE, [], way="email", session_key="k" * 32, at=AT),
    LOCKED: lambda user: record_locked(user, TRACE, way="email", at=AT),
    "a wrong code": lambda _user: record_wrong_code(MAILBOX, TRACE, at=AT),
    "an expected proof": lambda user: expect_proof(user, "x", {"n": "1"}, WayKind.TOTP, at=AT),
    "recovery codes": lambda user: make_recovery_codes(user, actor=themselves(user), at=AT),
    "an export": lambda user: start_export(user, actor=themselves(user), at=AT),
    "a lock announced": lambda user: announce_locks(user, ["id-number", "name"], at=AT),
    "a check by others": lambda user: record_check(
        user, "name", checked_by="x", result="fits", actor=themselves(user), at=AT
    ),
    "a search": lambda _user: _search(),
}


def _search() -> None:
    make_key(make_controller("finder"))
    key = ApiKey.objects.latest("pk").pk
    find_person(key, MAILBOX, actor=Actor(ActorKind.CLIENT, key), at=AT)


def erase_until(leaving: Leaving, last: str) -> None:
    """Every step before the one of that name."""
    assert erasing._start(leaving.pk, DUE)
    for name, step in erasing.STEPS:
        if name == last:
            return
        with transaction.atomic():
            step(*erasing._locked(leaving.pk), DUE)
            LeavingStep.objects.create(leaving=leaving, name=name, done_at=DUE)


def left_of(user: User) -> list[object]:
    """What is still there and should not be."""
    models = (SignIn, Challenge, RecoveryCode, Export, LockNotice, PersonSearch)
    rows = [row for model in models for row in model._default_manager.filter(user=user)]
    said = RightsRequest.objects.filter(user=user)
    return [*rows, *[row for row in said if row.contact_value or row.name or row.details or row.is_open]]


@pytest.mark.parametrize("name", ["a request by contact", "a request by account", LOCKED, "a wrong code", "a search"])
def test_a_write_that_is_not_committed_yet_is_waited_for(alice: User, name: str) -> None:
    make_full_person(alice)
    leaving, wrote, erased = begin(alice), Event(), Event()
    erase_until(leaving, "farewell")

    def write() -> None:
        try:
            with transaction.atomic():
                WRITERS[name](alice)
                wrote.set()
                _until_somebody_waits(erased)
        finally:
            connections.close_all()

    writer = Thread(target=write)
    writer.start()
    assert wrote.wait(10)
    finish_leaving(leaving.pk, at=DUE)
    erased.set()
    writer.join()

    assert left_of(alice) == []


@pytest.mark.parametrize("name", WRITERS)
def test_a_write_by_somebody_who_was_seen_before_is_refused_after(alice: User, name: str) -> None:
    make_full_person(alice)
    leaving, seen = begin(alice), User.objects.get(pk=alice.pk)
    finish_leaving(leaving.pk, at=DUE)

    with suppress(PermissionDenied):
        WRITERS[name](seen)

    assert left_of(alice) == []


@pytest.mark.parametrize("name", WRITERS)
def test_a_write_between_two_steps_leaves_nothing(alice: User, name: str) -> None:
    make_full_person(alice)
    leaving = begin(alice)
    erase_until(leaving, "farewell")

    with suppress(PermissionDenied):
        WRITERS[name](alice)
    finish_leaving(leaving.pk, at=DUE)

    assert left_of(alice) == []


def test_a_request_by_a_contact_that_just_went_is_a_strangers(alice: User) -> None:
    make_full_person(alice)
    leaving = begin(alice)
    finish_leaving(leaving.pk, at=DUE)

    request = make_request(contact=MAILBOX, details="mine", at=NEXT_YEAR)

    assert (request.user, request.is_open) == (None, True)


def test_who_was_locked_or_left_while_signing_in_does_not_come_in(alice: User) -> None:
    stale = User.objects.get(pk=alice.pk)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    with pytest.raises(PermissionDenied):
        record_sign_in(stale, TRACE, [], way="email", session_key="k" * 32, at=AT)

    assert not SignIn.objects.exists()
    assert Client().get("/account/").status_code == 302


def _until_somebody_waits(erased: Event) -> None:
    """Until another connection waits for a lock of this one, or need not."""
    while not erased.wait(0.01):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
