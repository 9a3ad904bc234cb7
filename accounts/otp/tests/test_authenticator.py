"""Who has an authenticator app may type its token instead of the code that was sent."""

import time
from datetime import timedelta

import pytest
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.conftest import PostOffice
from accounts.models import User
from accounts.otp.actions import issue_challenge, verify_challenge
from accounts.otp.errors import NoSuchChallenge, WrongCode
from conftest import NOW

ACT, OBJECT = "policy.publish", {"version": "17"}


def token_of(device: TOTPDevice) -> str:
    """What the app shows now."""
    generator = TOTP(device.bin_key)
    generator.time = time.time()
    return f"{generator.token():06d}"


@pytest.fixture
def device(dave: User) -> TOTPDevice:
    """Dave's app."""
    return TOTPDevice.objects.create(user=dave, name="app", confirmed=True)


def issue(user: User, *, after: timedelta = timedelta()) -> None:
    """A code for user."""
    issue_challenge(user, ACT, OBJECT, act_label="publish", at=NOW + after)


@pytest.mark.usefixtures("post_office")
def test_a_token_is_accepted_and_not_twice(dave: User, device: TOTPDevice) -> None:
    issue(dave)
    token = token_of(device)

    assert verify_challenge(dave, ACT, OBJECT, token, at=NOW).used_at == NOW

    issue(dave, after=timedelta(minutes=1))
    with pytest.raises(WrongCode):
        verify_challenge(dave, ACT, OBJECT, token, at=NOW + timedelta(minutes=1))


@pytest.mark.usefixtures("post_office")
def test_a_token_needs_an_act_that_was_opened(dave: User, device: TOTPDevice) -> None:
    with pytest.raises(NoSuchChallenge):
        verify_challenge(dave, ACT, OBJECT, token_of(device), at=NOW)


@pytest.mark.usefixtures("post_office")
def test_a_device_that_was_never_confirmed_proves_nothing(dave: User, device: TOTPDevice) -> None:
    TOTPDevice.objects.update(confirmed=False)
    issue(dave)

    with pytest.raises(WrongCode):
        verify_challenge(dave, ACT, OBJECT, token_of(device), at=NOW)


@pytest.mark.usefixtures("post_office")
def test_anothers_token_proves_nothing(carol: User, device: TOTPDevice) -> None:
    issue(carol)

    with pytest.raises(WrongCode):
        verify_challenge(carol, ACT, OBJECT, token_of(device), at=NOW)


def test_a_wrong_token_slows_the_device_down_but_not_the_code(
    dave: User, device: TOTPDevice, post_office: PostOffice
) -> None:
    issue(dave)
    wrong = f"{(int(post_office.last_code()) + 1) % 10**6:06d}"

    with pytest.raises(WrongCode):
        verify_challenge(dave, ACT, OBJECT, wrong, at=NOW)
    with pytest.raises(WrongCode):
        verify_challenge(dave, ACT, OBJECT, token_of(device), at=NOW)

    device.refresh_from_db()
    assert device.throttling_failure_count == 1
    assert verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=NOW).used_at == NOW
