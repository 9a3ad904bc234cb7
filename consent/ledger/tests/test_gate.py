"""Who is asked before they go on, and who is left alone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import resolve
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.gate import NOTE, ConsentGateMiddleware
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject
from consent.ledger.tests import gate_urls
from consent.ledger.tests.factories import AT, answer, make_subject
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

GIVEN, REFUSED, DEFERRED = ConsentStatus.GIVEN, ConsentStatus.REFUSED, ConsentStatus.DEFERRED
DAY = timedelta(days=1)
ALL = ("", "ads", "location")
ASKED = "/consents/privacy/answer/?next=%2Fpage%2F%3Fa%3D1"


@pytest.fixture(autouse=True)
def _site() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="consent.ledger.tests.gate_urls"):
        yield


@pytest.fixture
def version(db: None) -> PolicyVersion:
    return make_version(make_policy())


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (Linux; Android 14) Chrome/130.0", REMOTE_ADDR="203.0.113.7")
    client.force_login(alice)
    return client


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def _effective_now(version: PolicyVersion, *kinds: str, purposes: Any = ("ads", "location")) -> PolicyVersion:
    """The policy's next version, in effect since a second ago."""
    now = datetime.now(UTC)
    return make_version(
        version.policy, purposes, change_kinds=kinds, published_at=now - DAY, effective_at=now - timedelta(seconds=1)
    )


def test_somebody_who_has_not_answered_is_asked_first(browser: Client, version: PolicyVersion, alice: User) -> None:
    response = browser.get("/page/?a=1")

    assert (response.status_code, response["Location"]) == (302, ASKED)
    assert "no-store" in response["Cache-Control"]
    assert DataSubject.objects.get().user_id == alice.pk
    assert not ConsentEvent.objects.exists()


def test_a_head_request_is_asked_too_and_a_form_is_not_lost(browser: Client, version: PolicyVersion) -> None:
    assert browser.head("/page/").status_code == 302
    assert browser.post("/page/").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/free/", "/healthz/", "/account/logout/", "/policies/", "/rights/export/", "/consents/privacy/answer/"],
)
def test_public_pages_leaving_exporting_and_the_question_itself_stay_open(
    browser: Client, version: PolicyVersion, address: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert browser.get(address).status_code == 200
    assert not DataSubject.objects.exists()


def test_visitors_and_employees_are_not_asked(version: PolicyVersion, make_user: Callable[..., User]) -> None:
    employee = Client()
    employee.force_login(make_user(email="dave@company.example", is_staff=True))

    assert [client.get("/page/").status_code for client in (Client(), employee)] == [200, 200]
    assert not DataSubject.objects.exists()


def test_a_fragment_sends_the_whole_page_to_the_question(browser: Client, version: PolicyVersion) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/consents/?before=x"}

    response = browser.get("/page/", headers=headers)

    assert response.status_code == 200
    assert response["HX-Redirect"] == "/consents/privacy/answer/?next=%2Fconsents%2F%3Fbefore%3Dx"


@pytest.mark.parametrize("status", [GIVEN, REFUSED, DEFERRED])
def test_whatever_the_answer_the_person_goes_on(
    browser: Client, version: PolicyVersion, subject: DataSubject, status: ConsentStatus
) -> None:
    assert browser.get("/page/").status_code == 302
    answer(subject, version, status, ALL)

    assert [browser.get("/page/").status_code for _turn in range(3)] == [200, 200, 200]


def test_a_withdrawal_is_not_a_reason_to_ask(browser: Client, version: PolicyVersion, subject: DataSubject) -> None:
    answer(subject, version, GIVEN, ALL)
    browser.get("/page/")

    answer(subject, version, ConsentStatus.WITHDRAWN, ["ads"])

    assert browser.get("/page/").status_code == 200


def test_who_chose_to_answer_later_is_asked_again_after_a_week(
    browser: Client, version: PolicyVersion, subject: DataSubject
) -> None:
    answer(subject, version, DEFERRED, ALL)

    for days, status in ((0, 200), (6.9, 200), (7.1, 302)):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
            assert browser.get("/page/").status_code == status


def test_a_new_version_asks_everybody_the_moment_it_takes_effect_without_touching_their_rows(
    browser: Client, version: PolicyVersion, subject: DataSubject
) -> None:
    answer(subject, version, GIVEN, ALL)
    soon = datetime.now(UTC) + DAY
    make_version(
        version.policy, ("ads", facts("location", items=["city"])), change_kinds=["M2"], effective_at=soon,
        published_at=datetime.now(UTC),
    )  # fmt: skip
    with time_machine.travel(soon - timedelta(seconds=1), tick=False) as clock:
        assert browser.get("/page/").status_code == 200
        rows = list(Session.objects.values()), list(ConsentState.objects.values())

        clock.shift(1)

        assert browser.get("/page/?a=1")["Location"] == ASKED
        assert (list(Session.objects.values()), list(ConsentState.objects.values())) == rows


def test_continued_use_after_a_notice_is_recorded_once_as_implied(
    browser: Client, version: PolicyVersion, subject: DataSubject
) -> None:
    answer(subject, version, GIVEN, ALL)
    current = _effective_now(version, "M6")

    assert [browser.get("/page/", headers={"Accept-Language": "en"}).status_code for _turn in range(3)] == [200] * 3

    event = ConsentEvent.objects.get(version_id=current.pk)
    text = current.texts.get(language="en")
    assert (event.purpose, event.status, event.kind, event.surface) == ("", "given", "implied", "page")
    assert (event.language, bytes(event.shown_sha256)) == ("en", bytes.fromhex(text.notice_sha256))
    assert (event.network, event.agent) == ("203.0.113.0/24", "Chrome on Android")
    assert event.actor == f"subject:{subject.user_id}"


@pytest.mark.parametrize("status", [REFUSED, DEFERRED, ConsentStatus.WITHDRAWN])
def test_who_did_not_agree_accepts_nothing_by_going_on(
    browser: Client, version: PolicyVersion, subject: DataSubject, status: ConsentStatus
) -> None:
    answer(subject, version, status, ALL)
    current = _effective_now(version, "M6")

    assert browser.get("/page/").status_code == 200
    assert not ConsentEvent.objects.filter(version_id=current.pk).exists()


@pytest.mark.parametrize("kind", ["M2", "M3"])
def test_going_on_accepts_no_change_of_scope_or_recipients(
    browser: Client, version: PolicyVersion, subject: DataSubject, kind: str
) -> None:
    answer(subject, version, GIVEN, ALL)
    current = _effective_now(version, kind)

    assert browser.get("/page/").status_code == 302
    answer(subject, current, DEFERRED, ALL)
    assert browser.get("/page/").status_code == 200
    assert not ConsentEvent.objects.filter(kind="implied").exists()


def test_being_asked_is_not_using_the_service(browser: Client, version: PolicyVersion, subject: DataSubject) -> None:
    answer(subject, version, GIVEN, ALL)
    current = _effective_now(version, "M6", purposes=("ads", "location", "sms"))

    assert browser.get("/page/").status_code == 302
    assert not ConsentEvent.objects.filter(version_id=current.pk).exists()
    answer(subject, current, REFUSED, ["sms"])
    assert browser.get("/page/").status_code == 200
    assert ConsentEvent.objects.get(version_id=current.pk, purpose="").kind == "implied"


def test_of_several_policies_each_is_asked_in_turn(browser: Client, version: PolicyVersion, alice: User) -> None:
    other = make_version(make_policy(make_controller("shop"), "cookies"))
    for made in (other, version):
        slug = made.policy.slug

        assert browser.get("/page/")["Location"].startswith(f"/consents/{slug}/answer/")
        answer(make_subject(alice, made.policy.controller), made, REFUSED, ALL)

    assert browser.get("/page/").status_code == 200


def test_nothing_is_asked_before_the_first_version_takes_effect(browser: Client, db: None) -> None:
    make_version(make_policy(), effective_at=datetime(2099, 1, 1, tzinfo=UTC))

    assert browser.get("/page/").status_code == 200
    assert not DataSubject.objects.exists()


def test_somebody_who_left_is_not_asked(browser: Client, version: PolicyVersion, subject: DataSubject) -> None:
    DataSubject.objects.update(closed_at=AT)

    assert browser.get("/page/").status_code == 200


def test_the_note_of_one_person_does_not_let_another_pass(
    browser: Client, version: PolicyVersion, subject: DataSubject, bob: User
) -> None:
    answer(subject, version, GIVEN, ALL)
    assert browser.get("/page/").status_code == 200

    browser.force_login(bob)

    assert browser.get("/page/").status_code == 302


@pytest.fixture
def passes(browser: Client, alice: User) -> Callable[[], bool]:
    """The middleware's own work alone: user and session are loaded already, as they are for every page."""
    request = RequestFactory().get("/page/")
    request.user, request.session, request.resolver_match = alice, browser.session, resolve("/page/")
    middleware = ConsentGateMiddleware(lambda _request: HttpResponse())
    request.session.get(NOTE)
    return lambda: middleware.process_view(request, gate_urls.page, (), {}) is None


def test_while_nothing_is_due_the_gate_asks_the_database_nothing(
    version: PolicyVersion,
    subject: DataSubject,
    passes: Callable[[], bool],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    answer(subject, version, REFUSED, ALL)
    passes()

    with django_assert_num_queries(0):
        assert passes()


def test_the_first_request_of_a_day_asks_twice_however_many_policies_there_are(
    version: PolicyVersion,
    subject: DataSubject,
    passes: Callable[[], bool],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for slug in ("a", "b", "c"):
        answer(subject, make_version(make_policy(version.policy.controller, slug)), GIVEN, ALL)
    answer(subject, version, GIVEN, ALL)

    with django_assert_num_queries(2):
        assert passes()


@pytest.mark.django_db(transaction=True)
def test_two_first_requests_at_once_record_one_implied_acceptance(
    alice: User, at_once: Callable[..., list[Any]]
) -> None:
    version = make_version(make_policy())
    answer(make_subject(alice, version.policy.controller), version, GIVEN, ALL)
    current = _effective_now(version, "M6")
    clients = [Client() for _worker in range(4)]
    for client in clients:
        client.force_login(alice)

    def visit(worker: int) -> Any:
        return clients[worker].get("/page/", headers={"Accept-Language": "en" if worker % 2 else "zh-hans"})

    responses = at_once(4, visit)

    assert [response.status_code for response in responses] == [200] * 4
    assert ConsentEvent.objects.filter(version_id=current.pk).count() == 1
