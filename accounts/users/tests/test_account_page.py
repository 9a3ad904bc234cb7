"""What the pages of sign-in and sign-up cost, and what is kept of a password."""

from django.contrib.auth.hashers import identify_hasher
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.users.tests.conftest import CODE_PAGE, Visitor


def test_pages_that_are_about_a_person_are_not_cached() -> None:
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


def test_a_password_if_there_is_one_is_kept_slow_and_salted(alice: User) -> None:  # Y32
    alice.set_password("correct horse battery staple")

    assert identify_hasher(alice.password).algorithm == "argon2"
    assert "correct horse" not in alice.password
