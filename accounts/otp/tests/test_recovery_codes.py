"""A printed code proves one act, once; guesses at it are counted like any others."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.audit.rules import SYSTEM
from accounts.models import RecoveryCode, User
from accounts.otp.actions import expect_proof, verify_challenge
from accounts.otp.enrolment import make_recovery_codes
from accounts.otp.errors import CodeRejected, NoSuchChallenge, WrongCode
from accounts.otp.rules import WayKind
from conftest import NOW

ACT, OBJECT = "account.cancel", {"user": "17"}


def expect(user: User, act: str = ACT) -> None:
    """user chose a recovery code."""
    expect_proof(user, act, OBJECT, WayKind.RECOVERY, at=NOW)


def typed(code: str) -> str:
    """As the form hands it on."""
    return code.replace("-", "")


def test_each_code_works_once(alice: User) -> None:
    code, *_ = make_recovery_codes(alice, actor=SYSTEM, at=NOW)
    expect(alice)

    assert verify_challenge(alice, ACT, OBJECT, typed(code), at=NOW).channel == WayKind.RECOVERY

    expect(alice)
    with pytest.raises(WrongCode):
        verify_challenge(alice, ACT, OBJECT, typed(code), at=NOW)
    assert RecoveryCode.objects.filter(used_at=NOW).count() == 1


def test_anothers_code_proves_nothing(alice: User, bob: User) -> None:
    code, *_ = make_recovery_codes(bob, actor=SYSTEM, at=NOW)
    expect(alice)

    with pytest.raises(WrongCode):
        verify_challenge(alice, ACT, OBJECT, typed(code), at=NOW)
    assert not RecoveryCode.objects.filter(used_at=NOW).exists()


def test_five_wrong_ones_are_judged_and_no_more(alice: User) -> None:
    code, *_ = make_recovery_codes(alice, actor=SYSTEM, at=NOW)
    expect(alice)
    for _ in range(5):
        with pytest.raises(WrongCode):
            verify_challenge(alice, ACT, OBJECT, "aaaaaaaaaa", at=NOW)

    with pytest.raises(NoSuchChallenge):
        verify_challenge(alice, ACT, OBJECT, typed(code), at=NOW)


@pytest.mark.parametrize("way_of_typing", [str.upper, lambda code: code.replace("-", "  "), lambda code: f" {code} "])
def test_capitals_and_spaces_are_forgiven(client: Client, alice: User, way_of_typing: Callable[[str], str]) -> None:
    client.force_login(alice)
    code, *_ = make_recovery_codes(alice, actor=SYSTEM, at=NOW)
    client.post("/account/ways/recovery-codes/")
    token = client.session["step_up_pending"]["token"]
    client.post("/account/verify/", {"for": token, "way": "recovery"})

    shown = client.post("/account/verify/", {"for": token, "code": way_of_typing(code)})

    assert shown.status_code == 302
    assert "生成新的恢复码" in client.get("/account/verify/go-on/").content.decode()
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_one_code_sent_for_two_acts_at_once_proves_one(transactional_db: None, make_user: Callable[..., User]) -> None:
    anna = make_user(email="anna@people.example")
    code, *_ = make_recovery_codes(anna, actor=SYSTEM, at=NOW)
    acts = [f"act.{number}" for number in range(4)]
    for act in acts:
        expect(anna, act)

    def submit(act: str) -> bool:
        try:
            return bool(verify_challenge(anna, act, OBJECT, typed(code), at=NOW))
        except CodeRejected:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(submit, acts)) == 1
