"""The account page shows the person to themselves, masked, and keeps what they prefer."""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.users.tests.conftest import CODE_PAGE, Visitor


@pytest.fixture
def at_home(alice: User, visitor: Visitor) -> Visitor:
    """Alice's browser."""
    visitor.browser.force_login(alice)
    return visitor


def test_a_stranger_is_sent_to_sign_in() -> None:
    assert Client().get("/account/")["Location"] == "/account/login/?next=/account/"


def test_contacts_are_masked_and_say_whether_they_are_proven(make_user: Callable[..., User], visitor: Visitor) -> None:
    user = make_user(email="chen@people.example", phone="+8613800138000", name="陈一")
    User.objects.filter(pk=user.pk).update(phone_verified_at=None)
    visitor.browser.force_login(user)

    page = visitor.read("/account/")

    assert "陈一" in page
    assert "c***n@people.example" in page
    assert "138 **** 8000" in page
    assert page.count("Not verified") == 1
    assert "chen@people.example" not in page
    assert "13800138000" not in page


def test_language_and_theme_are_kept_and_the_page_follows(alice: User, at_home: Visitor) -> None:
    response = at_home.post("/account/", language="en", theme="dark")

    alice.refresh_from_db()
    assert (alice.language, alice.theme) == ("en", "dark")
    assert response["Location"] == "/language/en/?next=%2Faccount%2F"
    assert 'data-theme="dark"' in at_home.read("/account/")


@pytest.mark.parametrize("data", [{"language": "fr", "theme": "dark"}, {"language": "en", "theme": "blue"}, {}])
def test_what_is_not_offered_is_refused(data: dict[str, str], alice: User, at_home: Visitor) -> None:
    page = at_home.post("/account/", **data).content.decode()

    alice.refresh_from_db()
    assert (alice.language, alice.theme) == ("zh-hans", "")
    assert 'role="alert"' in page


def test_another_persons_page_cannot_be_asked_for(alice: User, bob: User, at_home: Visitor) -> None:
    at_home.post("/account/", language="en", theme="dark", id=str(bob.pk), user=str(bob.pk))

    bob.refresh_from_db()
    assert bob.theme == ""


def test_pages_that_are_about_a_person_are_not_cached(alice: User, at_home: Visitor) -> None:
    assert "no-store" in at_home.browser.get("/account/")["Cache-Control"]
    for path in ("/account/login/", "/account/signup/"):
        assert "no-store" in Client().get(path)["Cache-Control"]


def test_each_page_costs_a_fixed_number_of_queries(
    alice: User, visitor: Visitor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        visitor.read("/account/login/")
        visitor.read("/account/signup/")
    visitor.sign_in(alice.email)
    with django_assert_num_queries(2):  # session, challenge
        visitor.read(CODE_PAGE)
    visitor.browser.force_login(alice)
    with django_assert_num_queries(2):  # session, person
        visitor.read("/account/")


def test_a_password_if_there_is_one_is_kept_slow_and_salted(alice: User) -> None:  # Y32
    alice.set_password("correct horse battery staple")

    assert identify_hasher(alice.password).algorithm == "argon2"
    assert "correct horse" not in alice.password
