"""One button locks the account, opens a case and says how far it is."""

import re
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import Actor, ActorKind
from accounts.devices.actions import unlock_account
from accounts.models import Notice, SignIn, User
from accounts.users.tests.conftest import Visitor
from conftest import NOW
from consent.rights.compromise.actions import report_compromise
from consent.rights.requests.models import RightsRequest

PAGE = "/account/compromised/"
LOCKED = "/account/inactive/"


@pytest.fixture
def at_home(alice: User, visitor: Visitor) -> Visitor:
    """Alice's browser."""
    visitor.browser.force_login(alice)
    SignIn.objects.create(
        user=alice, at=NOW, result="wrong_code", family="Firefox", system="Linux", network="192.0.2.0/24"
    )
    return visitor


def report(user: User) -> RightsRequest:
    """As the person themselves."""
    return report_compromise(user, language="en", actor=Actor(ActorKind.SUBJECT, user.pk), at=NOW)


def test_the_button_locks_signs_out_and_opens_a_case(alice: User, at_home: Visitor) -> None:
    response = at_home.post(PAGE)

    alice.refresh_from_db()
    case = RightsRequest.objects.get()
    assert response["Location"] == LOCKED
    assert (alice.is_active, at_home.user_id) == (False, None)
    assert (case.kind, case.channel, case.user, case.status) == ("compromised", "account", alice, "received")
    assert Notice.objects.filter(event="account_locked", user_id=alice.pk).count() == 1


def test_the_page_afterwards_says_what_to_do_and_how_far_it_is(alice: User, at_home: Visitor) -> None:
    at_home.post(PAGE)

    response = at_home.look(LOCKED)

    page = response.content.decode()
    case = RightsRequest.objects.get()
    assert response.status_code == 403
    assert case.number in page
    assert "Received" in page
    assert "Secure your mailbox and your SIM card" in page
    assert at_home.look(re.findall(r'href="http://[^/]+(/[^"]*R-[^"]*)"', page)[0]).status_code == 200


def test_signing_in_to_a_locked_account_shows_its_case(alice: User, visitor: Visitor) -> None:
    case = report(alice)

    visitor.sign_in(alice.email)
    visitor.type_code()

    assert case.number in visitor.look(LOCKED).content.decode()


def test_a_stranger_learns_nothing_from_the_page_of_locked_accounts(alice: User, visitor: Visitor) -> None:
    case = report(alice)

    page = visitor.look(LOCKED).content.decode()

    assert case.number not in page
    assert "customer service" in page


def test_once_it_is_open_again_the_page_says_so(alice: User, at_home: Visitor) -> None:
    at_home.post(PAGE)

    unlock_account(alice, actor=Actor(ActorKind.STAFF, 7), at=NOW)

    assert "Your account is open again" in at_home.read(LOCKED)


def test_the_desk_sees_no_sign_in_unless_the_person_says_so(alice: User, at_home: Visitor) -> None:
    assert "checked" not in at_home.read(PAGE)

    at_home.post(PAGE, details="Somebody changed my number.")

    assert RightsRequest.objects.get().details == "Somebody changed my number."


def test_with_the_tick_the_newest_sign_ins_go_along(alice: User, at_home: Visitor) -> None:
    at_home.post(PAGE, details="Not me.", with_sign_ins="on")

    details = RightsRequest.objects.get().details
    assert details.splitlines()[0] == "Not me."
    assert "Firefox on Linux" in details
    assert "192.0.2.0/24" in details


def test_words_that_are_too_long_lock_nothing_and_say_so(alice: User, at_home: Visitor) -> None:
    page = at_home.post(PAGE, details="x" * 2001).content.decode()

    alice.refresh_from_db()
    assert alice.is_active
    assert 'role="alert"' in page


def test_a_second_report_is_the_same_case(alice: User) -> None:
    assert report(alice) == report(alice)

    assert RightsRequest.objects.count() == 1


def test_the_button_sent_twice_leads_a_stranger_to_sign_in(at_home: Visitor) -> None:
    at_home.post(PAGE)

    assert at_home.post(PAGE)["Location"] == f"/account/login/?next={PAGE}"
    assert RightsRequest.objects.count() == 1


def test_a_form_of_another_site_locks_nothing(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)

    assert browser.post(PAGE).status_code == 403

    alice.refresh_from_db()
    assert alice.is_active


def test_nobody_locks_somebody_else(alice: User, bob: User, at_home: Visitor) -> None:
    at_home.post(PAGE, user=str(bob.pk), id=str(bob.pk))

    bob.refresh_from_db()
    assert bob.is_active


def test_looking_locks_nothing_and_costs_two_queries(
    alice: User, at_home: Visitor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):  # session, person
        at_home.read(PAGE)

    alice.refresh_from_db()
    assert alice.is_active


@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one_case(make_user: Callable[..., User]) -> None:
    user = make_user(email="alice@people.example")
    start, numbers = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        numbers.append(report(User.objects.get(pk=user.pk)).number)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(numbers) == 2
    assert len(set(numbers)) == 1


def test_the_next_person_of_the_browser_learns_nothing_of_the_case(
    alice: User, make_user: Callable[..., User], at_home: Visitor
) -> None:
    at_home.post(PAGE)
    other = make_user(email="other@people.example")
    at_home.sign_in(other.email)
    at_home.type_code()

    page = at_home.look(LOCKED).content.decode()

    assert at_home.user_id == other.pk
    assert RightsRequest.objects.get().number not in page
