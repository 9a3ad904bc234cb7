"""A code proves one act of one person on one object, once, for ten minutes (K31, K32, NIST SP 800-63B)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.conftest import PostOffice
from accounts.models import Challenge, User
from accounts.otp.actions import issue_challenge, verify_challenge
from accounts.otp.errors import CodeRejected, Expired, NoSuchChallenge, WrongCode
from accounts.otp.selectors import open_challenge
from conftest import NOW

ACT, OBJECT = "policy.publish", {"version": "17"}
SOON = NOW + timedelta(minutes=1)


def issue(user: User, parameters: dict[str, str] = OBJECT, *, after: timedelta = timedelta()) -> Challenge:
    """A code for user."""
    return issue_challenge(user, ACT, parameters, act_label="publish version 17", at=NOW + after)


def other_than(code: str) -> str:
    """Six digits that are wrong."""
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_code_opens_the_act_once(dave: User, post_office: PostOffice) -> None:
    issue(dave)

    used = verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=SOON)

    assert (used.used_at, used.wrong_tries) == (SOON, 0)
    with pytest.raises(NoSuchChallenge):
        verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=SOON)


def test_the_code_is_of_the_person(dave: User, carol: User, post_office: PostOffice) -> None:
    issue(dave)

    with pytest.raises(NoSuchChallenge):
        verify_challenge(carol, ACT, OBJECT, post_office.last_code(), at=SOON)


@pytest.mark.parametrize(
    ("act", "parameters"),
    [("policy.withdraw", OBJECT), (ACT, {"version": "18"}), (ACT, {}), (ACT, {**OBJECT, "language": "en"})],
)
def test_the_code_is_of_the_act_and_its_object(
    act: str, parameters: dict[str, str], dave: User, post_office: PostOffice
) -> None:
    issue(dave)

    with pytest.raises(NoSuchChallenge):
        verify_challenge(dave, act, parameters, post_office.last_code(), at=SOON)
    assert open_challenge(dave, act, parameters, at=SOON) is None


def test_a_newer_code_kills_the_older(dave: User, post_office: PostOffice) -> None:
    issue(dave)
    older = post_office.last_code()
    issue(dave, {"version": "18"}, after=timedelta(minutes=2))

    with pytest.raises(CodeRejected):
        verify_challenge(dave, ACT, OBJECT, older, at=SOON)
    assert verify_challenge(dave, ACT, {"version": "18"}, post_office.last_code(), at=NOW + timedelta(minutes=3))


def test_after_ten_minutes_the_code_is_late(dave: User, post_office: PostOffice) -> None:
    issue(dave)

    with pytest.raises(Expired):
        verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=NOW + timedelta(minutes=10))
    assert verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=NOW + timedelta(minutes=9, seconds=59))


def test_five_wrong_tries_end_the_code_and_each_says_how_many_are_left(dave: User, post_office: PostOffice) -> None:
    issue(dave)
    wrong, left = other_than(post_office.last_code()), []

    for _ in range(5):
        with pytest.raises(WrongCode) as caught:
            verify_challenge(dave, ACT, OBJECT, wrong, at=SOON)
        left.append(caught.value.tries_left)

    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(NoSuchChallenge):
        verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=SOON)


def test_nothing_in_the_database_tells_the_code(dave: User, post_office: PostOffice) -> None:
    issue(dave)

    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_challenge::text FROM accounts_challenge")
        (row,) = cursor.fetchone()
    assert post_office.last_code() not in row
    assert dave.email not in row
    assert len(bytes(Challenge.objects.get().code_hmac)) == 32


def test_two_challenges_with_the_same_code_look_different(
    monkeypatch: pytest.MonkeyPatch, dave: User, carol: User, post_office: PostOffice
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: 42)
    first, second = issue(dave), issue(carol)

    assert post_office.last_code() == "000042"
    assert bytes(first.code_hmac) != bytes(second.code_hmac)


def test_a_code_is_never_sent_or_judged_inside_a_transaction(
    transactional_db: None, make_user: Callable[..., User], post_office: PostOffice
) -> None:
    dave = make_user(email="dave@controller.example")

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        issue(dave)
    assert post_office.count == 0

    issue(dave)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=SOON)


def test_of_a_hundred_guesses_at_once_five_are_judged(
    transactional_db: None, make_user: Callable[..., User], post_office: PostOffice
) -> None:
    dave = make_user(email="dave@controller.example")
    issue(dave)
    wrong = other_than(post_office.last_code())

    def guess(_: int) -> type[CodeRejected] | None:
        try:
            verify_challenge(dave, ACT, OBJECT, wrong, at=SOON)
        except CodeRejected as error:
            return type(error)
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(100)))

    assert answers.count(WrongCode) == 5
    assert answers.count(NoSuchChallenge) == 95
    assert Challenge.objects.get().wrong_tries == 5


def test_of_the_right_code_sent_twice_at_once_one_is_accepted(
    transactional_db: None, make_user: Callable[..., User], post_office: PostOffice
) -> None:
    dave = make_user(email="dave@controller.example")
    issue(dave)
    code = post_office.last_code()

    def submit(_: int) -> bool:
        try:
            return bool(verify_challenge(dave, ACT, OBJECT, code, at=SOON))
        except CodeRejected:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(submit, range(4))) == 1


def test_old_codes_are_swept_away(dave: User, carol: User, post_office: PostOffice) -> None:
    issue(dave)

    issue(carol, after=timedelta(days=1, minutes=11))

    assert [row.user for row in Challenge.objects.all()] == [carol]
