"""Every attempt to enter an account stands in its log, and only there."""

import statistics
import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from accounts.devices.actions import record_sign_in, record_wrong_code, sweep_sign_ins
from accounts.devices.network import system_version
from accounts.devices.selectors import sign_ins_of
from accounts.devices.tests.conftest import FIREFOX, SAFARI, ComeIn
from accounts.devices.traces import Trace
from accounts.models import Browser, SignIn, User
from accounts.users.rules import Contact, ContactKind
from accounts.users.tests.conftest import CODE_PAGE, Visitor
from conftest import NOW, connect_as

TRACE = Trace("token", "Firefox", "Android 15", "203.0.113.0/24", "")
TOLERATED_SECONDS = 0.001  # a network blurs more
STRANGER = Contact(ContactKind.EMAIL, "nobody@people.example")


def test_a_success_says_when_from_where_with_what_and_how(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)

    sign_in = SignIn.objects.get()
    assert (sign_in.user, sign_in.at, sign_in.result, sign_in.way) == (alice, NOW, "entered", "email")
    assert (sign_in.family, sign_in.system) == ("Firefox", "Android 15")
    assert (sign_in.network, sign_in.place) == ("203.0.113.0/24", "")
    assert sign_in.session_key == person.browser.session.session_key


def test_signing_up_is_the_first_sign_in(visitor: Visitor) -> None:
    visitor.sign_up("new@people.example")
    visitor.type_code()

    sign_in = SignIn.objects.get()
    assert (sign_in.result, sign_in.risks) == ("entered", [])


def test_a_wrong_code_is_noted_with_the_account(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    visitor.type_wrong_code()

    sign_in = SignIn.objects.get()
    assert (sign_in.user, sign_in.result, sign_in.session_key) == (alice, "wrong_code", "")
    assert sign_in.network == "127.0.0.0/24"


def test_of_one_code_at_most_five_wrong_tries_are_noted(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    for _ in range(8):
        visitor.type_wrong_code()

    assert SignIn.objects.count() == 5


def test_a_wrong_code_at_sign_up_names_no_account(alice: User, visitor: Visitor) -> None:
    visitor.sign_up(alice.email)
    visitor.post(CODE_PAGE, code="111111")

    assert not SignIn.objects.exists()


def test_asking_for_a_code_is_noted_nowhere(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    visitor.sign_in(STRANGER.value)

    assert not SignIn.objects.exists()


def test_a_wrong_code_for_nobody_leaves_no_row(visitor: Visitor) -> None:
    visitor.sign_in(STRANGER.value)
    visitor.type_wrong_code()

    assert not SignIn.objects.exists()


def test_whether_somebody_has_an_account_changes_no_statement(alice: User) -> None:
    sent = []
    for contact in (alice.contacts[0], STRANGER):
        with CaptureQueriesContext(connection) as captured:
            record_wrong_code(contact, TRACE, at=NOW)
        sent.append([query["sql"].split("WHERE")[0] for query in captured])

    assert len(sent[0]) == 1
    assert sent[0] == sent[1]


@pytest.mark.django_db(transaction=True)
def test_whether_somebody_has_an_account_changes_no_time(alice: User) -> None:
    """A difference of the code shows in every measurement, one of the machine does not."""

    def seconds(contact: Contact) -> float:
        start = time.perf_counter()
        record_wrong_code(contact, TRACE, at=NOW)
        return time.perf_counter() - start

    def lead() -> float:
        return statistics.median(seconds(alice.contacts[0]) - seconds(STRANGER) for _ in range(40))

    assert min(abs(lead()) for _ in range(3)) < TOLERATED_SECONDS


@pytest.mark.django_db(transaction=True)
def test_noting_a_wrong_code_leaves_the_connection_as_it_was(alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
        record_wrong_code(alice.contacts[0], TRACE, at=NOW)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
    with connect_as("default", autocommit=True) as other:
        assert other.execute("SELECT count(*) FROM accounts_signin").fetchone() == (1,)


def test_a_contact_that_opens_nothing_names_nobody(alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(email_verified_at=None, phone_verified_at=NOW)

    record_wrong_code(alice.contacts[0], TRACE, at=NOW)

    assert not SignIn.objects.exists()


def test_a_locked_account_notes_who_proved_its_contact(alice: User, visitor: Visitor) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    visitor.sign_in(alice.email)

    response = visitor.type_code()

    assert response["Location"] == "/account/inactive/"
    assert SignIn.objects.get().result == "locked"
    assert visitor.user_id is None


def test_what_it_costs_to_sign_in(alice: User, come_in: ComeIn, visitor: Visitor) -> None:
    browser = come_in(alice).browser
    browser.post("/account/logout/")
    visitor.browser = browser
    visitor.sign_in(alice.email)

    with CaptureQueriesContext(connection) as captured:
        visitor.type_code()

    mine = [query["sql"] for query in captured if "signin" in query["sql"] or "accounts_browser" in query["sql"]]
    assert len(mine) == 4  # known browser, past, browser, row


def test_the_same_browser_at_the_same_instant_is_one(alice: User) -> None:
    for _ in range(2):
        record_sign_in(alice, TRACE, [], way="email", session_key="", at=NOW)

    assert Browser.objects.count() == 1
    assert {sign_in.browser for sign_in in SignIn.objects.all()} == {Browser.objects.get()}


def test_the_log_is_kept_for_half_a_year(alice: User) -> None:
    record_sign_in(alice, TRACE, [], way="email", session_key="", at=NOW)

    sweep_sign_ins(at=NOW + timedelta(days=180))
    assert (SignIn.objects.count(), Browser.objects.count()) == (1, 1)
    sweep_sign_ins(at=NOW + timedelta(days=180, seconds=1))

    assert (SignIn.objects.count(), Browser.objects.count()) == (0, 0)


def test_the_log_is_of_one_person_newest_first_page_by_page(alice: User, bob: User) -> None:
    rows = [
        record_sign_in(alice, TRACE, [], way="email", session_key="", at=NOW + timedelta(minutes=minute))
        for minute in range(5)
    ]
    foreign = record_sign_in(bob, TRACE, [], way="phone", session_key="", at=NOW)

    first = sign_ins_of(alice, 3)
    assert list(first) == rows[:1:-1]
    assert list(sign_ins_of(alice, 3, before=first[2].pk)) == rows[1::-1]
    assert list(sign_ins_of(alice, 3, before=foreign.pk)) == []


@pytest.mark.parametrize(
    ("agent", "system"),
    [
        (FIREFOX, "Android 15"),
        (SAFARI, "iOS 17"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36", "Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36", "Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "macOS"),
        ("", ""),
    ],
)
def test_a_version_is_kept_only_where_browsers_tell_it_truthfully(agent: str, system: str) -> None:
    assert system_version(agent) == system


@pytest.mark.parametrize(
    ("family", "system", "place", "words"),
    [
        ("Firefox", "Android 15", "Guangzhou", "Firefox on Android 15, Guangzhou"),
        ("Firefox", "", "", "Firefox"),
        ("Other", "Linux", "", "Linux"),
        ("", "", "Guangzhou", "a browser that we do not recognise, Guangzhou"),
    ],
)
def test_what_is_not_known_of_a_sign_in_is_left_out(family: str, system: str, place: str, words: str) -> None:
    with override("en"):
        assert SignIn(family=family, system=system, place=place).where_words == words


def test_a_browser_without_a_name_is_let_in(alice: User, come_in: ComeIn) -> None:
    come_in(alice, Client(), agent="")

    sign_in = SignIn.objects.get()
    assert (sign_in.family, sign_in.system, sign_in.browser_words) == (
        *("", ""),
        "a browser that we do not recognise",
    )
    assert Session.objects.filter(session_key=sign_in.session_key).exists()
