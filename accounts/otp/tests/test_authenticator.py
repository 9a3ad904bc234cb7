"""Who has an authenticator app may choose it; its token is then judged, once, and like any other guess (RFC 6238)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.conftest import PostOffice
from accounts.models import Authenticator, User
from accounts.otp.actions import expect_proof, issue_challenge, verify_challenge
from accounts.otp.errors import CodeRejected, NoSuchChallenge, TooSoon, WrongCode
from accounts.otp.rules import MAX_CODES_A_DAY, WayKind
from accounts.otp.tests.factories import make_authenticator, token_of
from conftest import NOW

ACT, OBJECT = "policy.publish", {"version": "17"}
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def device(alice: User) -> Authenticator:
    """Alice's app."""
    return make_authenticator(alice)


def expect(user: User, *, after: timedelta = timedelta()) -> None:
    """user chose the app."""
    expect_proof(user, ACT, OBJECT, WayKind.TOTP, at=NOW + after)


def test_a_token_is_accepted_and_not_twice(alice: User, device: Authenticator) -> None:
    expect(alice)
    token = token_of(device)

    proof = verify_challenge(alice, ACT, OBJECT, token, at=NOW)

    assert (proof.used_at, proof.device) == (NOW, device)
    expect(alice, after=timedelta(minutes=1))
    with pytest.raises(WrongCode):
        verify_challenge(alice, ACT, OBJECT, token, at=LATER)


def test_a_token_needs_an_act_that_was_begun(alice: User, device: Authenticator) -> None:
    with pytest.raises(NoSuchChallenge):
        verify_challenge(alice, ACT, OBJECT, token_of(device), at=NOW)


def test_a_token_is_no_answer_where_a_code_was_sent(
    alice: User, device: Authenticator, post_office: PostOffice
) -> None:
    issue_challenge(alice, ACT, OBJECT, act_label="publish", at=NOW)

    with pytest.raises(WrongCode):
        verify_challenge(alice, ACT, OBJECT, token_of(device), at=NOW)
    assert verify_challenge(alice, ACT, OBJECT, post_office.last_code(), at=NOW).device is None


def test_a_device_that_was_never_confirmed_proves_nothing(alice: User, device: Authenticator) -> None:
    Authenticator.objects.update(confirmed=False)
    expect(alice)

    with pytest.raises(WrongCode):
        verify_challenge(alice, ACT, OBJECT, token_of(device), at=NOW)


def test_anothers_token_proves_nothing(bob: User, device: Authenticator) -> None:
    expect(bob)

    with pytest.raises(WrongCode):
        verify_challenge(bob, ACT, OBJECT, token_of(device), at=NOW)


def guess_five_times(user: User, *, after: timedelta = timedelta()) -> None:
    """Use a whole challenge up."""
    expect(user, after=after)
    for _ in range(5):
        with pytest.raises(WrongCode):
            verify_challenge(user, ACT, OBJECT, "12345x", at=NOW + after)


def test_choosing_the_app_again_gives_no_new_tries(alice: User, device: Authenticator) -> None:
    expect(alice)
    with pytest.raises(WrongCode) as caught:
        verify_challenge(alice, ACT, OBJECT, "12345x", at=NOW)
    assert caught.value.tries_left == 4

    expect(alice)
    with pytest.raises(WrongCode) as caught:
        verify_challenge(alice, ACT, OBJECT, "12345x", at=NOW)
    assert caught.value.tries_left == 3


def test_after_five_wrong_tokens_one_waits_longer_and_longer(alice: User, device: Authenticator) -> None:
    guess_five_times(alice)
    with pytest.raises(TooSoon) as caught:
        expect(alice, after=timedelta(seconds=29))
    assert caught.value.wait_seconds == 1

    guess_five_times(alice, after=timedelta(seconds=30))
    with pytest.raises(TooSoon):
        expect(alice, after=timedelta(seconds=89))
    expect(alice, after=timedelta(seconds=90))


def test_a_code_by_mail_does_not_buy_new_guesses_at_the_app(
    alice: User, device: Authenticator, post_office: PostOffice
) -> None:
    guess_five_times(alice)
    issue_challenge(alice, ACT, OBJECT, act_label="publish", at=NOW)
    verify_challenge(alice, ACT, OBJECT, post_office.last_code(), at=NOW)

    with pytest.raises(TooSoon):
        expect(alice, after=timedelta(seconds=29))


def test_a_hundred_guesses_are_all_there_are_in_a_day(alice: User, device: Authenticator) -> None:
    for number in range(MAX_CODES_A_DAY):
        guess_five_times(alice, after=timedelta(hours=number))

    with pytest.raises(TooSoon):
        expect(alice, after=timedelta(hours=23))
    expect(alice, after=timedelta(hours=24))


def test_of_a_hundred_tokens_at_once_five_are_judged(transactional_db: None, make_user: Callable[..., User]) -> None:
    anna = make_user(email="anna@people.example")
    right = int(token_of(make_authenticator(anna)))
    expect(anna)

    def guess(number: int) -> type[CodeRejected] | None:
        try:
            verify_challenge(anna, ACT, OBJECT, f"{(right + 1000 + number) % 10**6:06d}", at=NOW)
        except CodeRejected as error:
            return type(error)
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(100)))

    assert (answers.count(WrongCode), answers.count(NoSuchChallenge)) == (5, 95)


def test_wrong_tokens_do_not_delay_a_code_by_mail(alice: User, device: Authenticator, post_office: PostOffice) -> None:
    guess_five_times(alice)

    issue_challenge(alice, ACT, OBJECT, act_label="publish", at=NOW)

    assert verify_challenge(alice, ACT, OBJECT, post_office.last_code(), at=NOW).used_at == NOW
