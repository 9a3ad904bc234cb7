"""A person sees where they are signed in and ends it: at once, and only their own."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import Actor, ActorKind
from accounts.devices.actions import end_all_sessions, end_session
from accounts.devices.tests.conftest import SAFARI, ComeIn
from accounts.models import AuditEntry, Browser, SignIn, User
from conftest import NOW

LIST = "/account/sign-ins/"


def newest() -> SignIn:
    """The sign-in that happened last."""
    return SignIn.objects.latest("pk")


def end_url(sign_in: SignIn) -> str:
    return reverse("sign_ins:end", args=[sign_in.pk])


def test_the_page_marks_this_device_and_shows_the_other(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    come_in(alice, agent=SAFARI)

    page = person.read(LIST)

    assert page.count("This device") == 1
    assert "Firefox on Android 15" in page
    assert "Safari on iOS 17" in page
    assert "203.0.113.0/24" in page
    assert "203.0.113.7" not in page
    assert page.count("Sign this browser out") == 1


def test_an_ended_browser_is_out_on_its_next_request(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    other = come_in(alice, agent=SAFARI)
    assert other.look(LIST).status_code == 200

    person.post(end_url(newest()))

    assert other.look(LIST)["Location"] == f"/account/login/?next={LIST}"
    assert person.look(LIST).status_code == 200
    assert newest().ended_at is not None
    assert AuditEntry.objects.filter(act="session.ended", target=f"user:{alice.pk}").count() == 1


def test_a_session_under_a_new_name_can_still_be_ended(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    other = come_in(alice, agent=SAFARI)
    session = other.browser.session
    before = session.session_key

    session.cycle_key()
    other.browser.cookies["sessionid"] = session.session_key or ""
    assert other.user_id == alice.pk

    assert newest().session_key == session.session_key != before
    person.post(end_url(newest()))
    assert other.user_id is None


def test_a_session_that_was_just_ended_does_not_come_back_under_another_name(alice: User, come_in: ComeIn) -> None:
    other = come_in(alice)
    session = other.browser.session
    assert session["sign_in"] == newest().pk
    end_all_sessions(alice, actor=Actor(ActorKind.SUBJECT, alice.pk), at=NOW)

    session.cycle_key()
    session.save()

    assert "_auth_user_id" not in session
    other.browser.cookies["sessionid"] = session.session_key or ""
    assert other.user_id is None


def test_ending_twice_says_so_and_writes_nothing(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    come_in(alice, agent=SAFARI)
    person.post(end_url(newest()))

    person.post(end_url(newest()))

    assert "That browser was signed out before." in person.read(LIST)
    assert AuditEntry.objects.filter(act="session.ended").count() == 1


def test_all_others_are_ended_and_this_one_stays(alice: User, bob: User, come_in: ComeIn) -> None:
    others = [come_in(alice), come_in(alice, agent=SAFARI)]
    stranger = come_in(bob)
    person = come_in(alice)

    person.post(reverse("sign_ins:end_others"))

    assert "2 other browsers are signed out." in person.read(LIST)
    assert [other.user_id for other in others] == [None, None]
    assert stranger.user_id == bob.pk


def test_somebody_elses_sign_in_is_as_absent_as_none(alice: User, bob: User, come_in: ComeIn) -> None:
    theirs = come_in(bob)
    sign_in = newest()
    person = come_in(alice)

    for name in ("end", "not_me"):
        foreign = person.post(reverse(f"sign_ins:{name}", args=[sign_in.pk]))
        missing = person.post(reverse(f"sign_ins:{name}", args=[sign_in.pk + 999]))
        assert (foreign.status_code, missing.status_code) == (404, 404)
    assert person.look(reverse("sign_ins:not_me", args=[sign_in.pk])).status_code == 404
    assert theirs.user_id == bob.pk


@pytest.mark.parametrize("name", ["end", "end_others"])
def test_a_link_ends_nothing(name: str, alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    arguments = [newest().pk] if name == "end" else []

    assert person.look(reverse(f"sign_ins:{name}", args=arguments)).status_code == 405


@pytest.mark.parametrize("name", ["end", "end_others", "not_me"])
def test_a_form_of_another_site_is_refused(name: str, alice: User, come_in: ComeIn) -> None:
    other, browser = come_in(alice), Client(enforce_csrf_checks=True)
    arguments = [] if name == "end_others" else [newest().pk]
    browser.force_login(alice)

    assert browser.post(reverse(f"sign_ins:{name}", args=arguments)).status_code == 403
    assert other.user_id == alice.pk


@pytest.mark.parametrize("path", [LIST, "/account/sign-ins/1/not-me/"])
def test_a_stranger_is_sent_to_sign_in(path: str, db: None) -> None:
    assert Client().get(path)["Location"] == f"/account/login/?next={path}"


def test_this_was_not_me_ends_it_forgets_the_browser_and_advises(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    thief = come_in(alice, agent=SAFARI)
    url = reverse("sign_ins:not_me", args=[newest().pk])
    assert "Was this you?" in person.read(url)

    person.post(url)
    person.post(url)

    page = person.read(url)
    assert thief.user_id is None
    assert "Secure your mailbox and your SIM card first" in page
    assert "/account/compromised/" in page
    assert newest().disowned_at is not None
    assert [browser.system for browser in Browser.objects.all()] == ["Android 15"]
    assert AuditEntry.objects.filter(act="sign_in.disowned").count() == 1


def test_a_wrong_code_can_be_disowned_too(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    sign_in = SignIn.objects.create(user=alice, at=NOW, result=SignIn.Result.WRONG_CODE)

    person.post(reverse("sign_ins:not_me", args=[sign_in.pk]))

    sign_in.refresh_from_db()
    assert sign_in.disowned_at is not None
    assert person.user_id == alice.pk


def test_the_browser_in_use_cannot_be_disowned_by_its_own_page(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)

    page = person.read(reverse("sign_ins:not_me", args=[newest().pk]))

    assert "This is the browser you are using now." in page
    assert 'class="pair"' not in page


def test_older_sign_ins_are_on_further_pages(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)
    SignIn.objects.bulk_create(
        SignIn(user=alice, at=NOW.replace(year=2025), result=SignIn.Result.WRONG_CODE, family=f"B{number}")
        for number in range(30)
    )

    page = person.read(LIST)
    last = SignIn.objects.order_by("-at", "-pk")[19].pk

    assert page.count("<time") == 20
    assert f"?before={last}" in page
    for wrong in ("x", "-1", "9" * 40, "٣"):
        assert person.look(f"{LIST}?before={wrong}").status_code == 200


def test_the_page_costs_the_same_for_many(
    alice: User, come_in: ComeIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person = come_in(alice)
    come_in(alice, agent=SAFARI)
    person.read(LIST)

    with django_assert_num_queries(4):  # session, person, sign-ins, sessions
        person.read(LIST)


@pytest.mark.django_db(transaction=True)
def test_a_session_that_is_ended_by_two_at_once_is_ended_once(make_user: Callable[..., User]) -> None:
    user = make_user(email="alice@people.example")
    browser = Client()
    browser.force_login(user)
    key = browser.session.session_key or ""
    sign_in = SignIn.objects.create(user=user, at=NOW, result=SignIn.Result.ENTERED, session_key=key)
    start, results = threading.Barrier(4), []

    def end(number: int) -> None:
        start.wait()
        actor = Actor(ActorKind.SUBJECT, user.pk)
        results.append(
            end_session(sign_in, actor=actor, at=NOW)
            if number % 2
            else bool(end_all_sessions(user, actor=actor, at=NOW))
        )
        connection.close()

    threads = [threading.Thread(target=end, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [False, False, False, True]
    assert not Session.objects.exists()
    assert AuditEntry.objects.filter(act="session.ended").count() == 1
