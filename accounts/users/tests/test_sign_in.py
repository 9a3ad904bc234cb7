"""Who proves a contact of an account is let in, once, in this browser."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Challenge, User
from accounts.users.adapter import AccountAdapter
from accounts.users.tests.conftest import CODE_PAGE, Visitor


def test_the_code_lets_in_and_the_session_gets_a_new_name(alice: User, visitor: Visitor) -> None:
    visitor.sign_in("Alice@People.Example")
    before = visitor.browser.session.session_key

    response = visitor.type_code()

    assert (response.status_code, response["Location"]) == (302, "/")
    assert visitor.user_id == alice.pk
    assert visitor.browser.session.session_key != before


def test_a_number_lets_in_however_it_is_written(bob: User, visitor: Visitor) -> None:
    visitor.sign_in("+86 138 0013 8000")
    visitor.type_code()

    assert visitor.user_id == bob.pk


@pytest.mark.parametrize("typed", ["{0}{1} {2}", "{0}{1}-{2}", " {0}{1}{2} "])
def test_spaces_and_hyphens_in_a_code_are_forgiven(typed: str, alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    code = visitor.post_office.last_code()

    visitor.type_code(typed.format(code[:2], code[2:3], code[3:]))

    assert visitor.user_id == alice.pk


def test_full_width_digits_are_forgiven(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    visitor.type_code("".join(chr(ord(digit) + 0xFEE0) for digit in visitor.post_office.last_code()))

    assert visitor.user_id == alice.pk


@pytest.mark.parametrize(
    ("following", "target"),
    [
        ("/consents/?tab=all", "/consents/?tab=all"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_afterwards_one_goes_on_to_an_address_of_ours_only(
    following: str, target: str, alice: User, visitor: Visitor
) -> None:
    visitor.sign_in(alice.email, next=following)

    assert visitor.type_code()["Location"] == target


def test_next_travels_from_page_to_page(visitor: Visitor) -> None:
    page = visitor.read("/account/login/?next=/consents/")

    assert '<input type="hidden" name="next" value="/consents/">' in page
    assert 'href="/account/signup/?next=/consents/"' in page


def test_the_code_of_another_browser_is_of_no_use_here(alice: User, visitor: Visitor) -> None:
    thief = Visitor(visitor.post_office)
    visitor.sign_in(alice.email)
    code = visitor.post_office.last_code()
    assert thief.browser.post(CODE_PAGE, {"code": code})["Location"] == "/account/login/"

    visitor.type_code(code)
    assert (visitor.user_id, thief.user_id) == (alice.pk, None)


def test_a_used_code_does_not_let_in_again(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    kept = visitor.browser.cookies["sessionid"].value
    visitor.type_code()
    code = visitor.post_office.last_code()

    late = Client()
    late.cookies["sessionid"] = kept
    assert late.post(CODE_PAGE, {"code": code})["Location"] == "/account/login/"


def test_a_new_code_kills_the_old_one_of_the_same_browser(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    old = visitor.post_office.last_code()
    visitor.sign_in(alice.email)

    page = visitor.type_code(old).content.decode()
    assert "The code is wrong" in page
    assert visitor.user_id is None

    visitor.type_code()
    assert visitor.user_id == alice.pk


def test_a_code_that_somebody_else_asks_for_leaves_the_owners_alone(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    owners = visitor.post_office.last_code()
    stranger = Visitor(visitor.post_office)
    stranger.sign_in(alice.email)

    stranger.type_code(owners)
    visitor.type_code(owners)

    assert (stranger.user_id, visitor.user_id) == (None, alice.pk)


def test_send_again_sends_a_new_code_and_says_so(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    old = visitor.post_office.last_code()

    response = visitor.post(CODE_PAGE, again="1")

    assert response["Location"] == CODE_PAGE
    assert "An earlier code no longer works" in visitor.read(CODE_PAGE)
    assert visitor.post_office.count == 2
    if old != visitor.post_office.last_code():
        visitor.type_code(old)
        assert visitor.user_id is None
    visitor.type_code()
    assert visitor.user_id == alice.pk


def test_wrong_codes_count_down_and_the_fifth_ends_it(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    pages = [visitor.type_wrong_code().content.decode() for _ in range(5)]

    assert "You can try 4 more times." in pages[0]
    assert "You can try 1 more time." in pages[3]
    assert "that was the last try" in pages[4]
    assert 'name="code"' not in pages[4]
    visitor.type_code()
    assert visitor.user_id is None


def test_after_ten_minutes_the_code_is_late(alice: User, visitor: Visitor) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        visitor.sign_in(alice.email)
        clock.shift(timedelta(minutes=10))
        page = visitor.type_code().content.decode()

    assert "This code has expired" in page
    assert visitor.user_id is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦x"])
def test_what_is_no_code_costs_no_try(code: str, alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    page = visitor.post(CODE_PAGE, code=code).content.decode()

    assert "6 digits" in page
    assert Challenge.objects.get().wrong_tries == 0


def test_what_was_typed_is_not_shown_again(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    page = visitor.post(CODE_PAGE, code="987").content.decode()

    assert "987" not in page


def test_the_code_page_without_a_code_leads_to_sign_in(visitor: Visitor) -> None:
    assert visitor.browser.get(CODE_PAGE)["Location"] == "/account/login/"


def test_a_locked_account_stays_shut(alice: User, visitor: Visitor) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    visitor.sign_in(alice.email)

    response = visitor.type_code()

    assert response["Location"] == "/account/inactive/"
    assert visitor.user_id is None
    assert visitor.browser.get("/account/inactive/").status_code == 403


def test_a_fresh_staff_account_proves_its_contact_by_signing_in(
    make_user: Callable[..., User], visitor: Visitor
) -> None:
    erin = make_user(email="erin@controller.example", is_staff=True)
    User.objects.filter(pk=erin.pk).update(email_verified_at=None)

    visitor.sign_in("erin@controller.example")
    visitor.type_code()

    erin.refresh_from_db()
    assert visitor.user_id == erin.pk
    assert erin.email_verified_at is not None


def test_an_unproven_second_contact_opens_nothing(make_user: Callable[..., User], visitor: Visitor) -> None:
    user = make_user(phone="+8613900139000")
    user.email = "slip@people.example"
    user.save()

    visitor.sign_in("slip@people.example")

    assert "There is no account" in visitor.post_office.last_text()


def test_an_account_that_ended_meanwhile_is_not_entered(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)
    User.objects.filter(pk=alice.pk).delete()

    page = visitor.type_code().content.decode()

    assert "This code is no longer valid" in page
    assert visitor.user_id is None
    assert not User.objects.exists()


def test_no_other_way_of_signing_in_gives_a_session_to_an_unproven_person(make_user: Callable[..., User]) -> None:
    user = make_user(email="new@people.example")
    user.email_verified_at = None

    response = AccountAdapter().pre_login(
        RequestFactory().get("/"),
        user,
        email_verification="mandatory",
        signal_kwargs=None,
        email=None,
        signup=False,
        redirect_url=None,
    )

    assert response is not None
    assert response["Location"] == "/account/login/"


def test_a_server_that_goes_away_before_send_again_is_admitted(
    alice: User, visitor: Visitor, request: pytest.FixtureRequest
) -> None:
    visitor.sign_in(alice.email)
    request.getfixturevalue("servers_away")

    response = visitor.post(CODE_PAGE, again="1")

    page = response.content.decode()
    assert response.status_code == 503
    assert "We could not send the message just now" in page
    assert 'name="again"' in page
    assert not Challenge.objects.filter(replaced_at=None).exists()


def test_signed_in_already_one_is_led_on(alice: User, visitor: Visitor) -> None:
    visitor.browser.force_login(alice)

    assert visitor.browser.get("/account/login/?next=/consents/")["Location"] == "/consents/"
    assert visitor.browser.get("/account/signup/").status_code == 302
    assert visitor.browser.get(CODE_PAGE).status_code == 302


def test_sign_out_takes_a_post_and_ends_the_session(alice: User, visitor: Visitor) -> None:
    visitor.browser.force_login(alice)

    assert "Sign out?" in visitor.read("/account/logout/")
    assert visitor.user_id == alice.pk
    assert visitor.post("/account/logout/")["Location"] == "/account/login/"
    assert visitor.user_id is None


@pytest.mark.parametrize(
    "path", ["email/", "password/change/", "password/reset/", "password/set/", "reauthenticate/", "confirm-email/"]
)
def test_allauths_other_pages_do_not_exist(path: str, alice: User, visitor: Visitor) -> None:
    visitor.browser.force_login(alice)

    assert visitor.browser.get(f"/account/{path}").status_code == 404


def test_the_form_is_guarded_against_other_sites(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post("/account/login/", {"login": alice.email}).status_code == 403


@pytest.mark.parametrize("path", ["/account/login/", "/account/signup/", CODE_PAGE])
def test_security_tips_stand_where_one_comes_in(path: str, alice: User, visitor: Visitor) -> None:  # K12
    visitor.sign_in(alice.email)

    page = visitor.read(path)

    assert "never ask for it" in page or "Check that the address is" in page
