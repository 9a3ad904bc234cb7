"""A locked account lets nobody in until it is opened again, and its owner knows about both."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.audit.rules import Actor, ActorKind
from accounts.conftest import PostOffice
from accounts.devices.actions import lock_account, unlock_account
from accounts.devices.tests.conftest import SAFARI, ComeIn
from accounts.models import AuditEntry, Browser, Challenge, Notice, SignIn, User
from accounts.notices.tasks import send_due
from accounts.otp.actions import issue_challenge
from accounts.users.tests.conftest import Visitor
from conftest import NOW

DESK = Actor(ActorKind.STAFF, 7)


@pytest.fixture
def reachable(make_user: Callable[..., User]) -> User:
    """Somebody with an address and a number."""
    return make_user(email="chen@people.example", phone="+8613900139000", language="en")


def lock(user: User) -> bool:
    """As the person themselves."""
    return lock_account(user, actor=Actor(ActorKind.SUBJECT, user.pk), at=NOW)


def test_locking_ends_every_session_and_every_open_code(
    reachable: User, come_in: ComeIn, post_office: PostOffice
) -> None:
    people = [come_in(reachable), come_in(reachable, agent=SAFARI)]
    issue_challenge(reachable, "contact.change", {"to": "x"}, act_label="change it", at=NOW)

    assert lock(reachable)

    reachable.refresh_from_db()
    assert (reachable.is_active, reachable.locked_at) == (False, NOW)
    assert [person.user_id for person in people] == [None, None]
    assert not Challenge.objects.filter(used_at=None, replaced_at=None).exists()
    assert AuditEntry.objects.get(act="account.locked").actor == f"subject:{reachable.pk}"


def test_a_code_to_sign_in_that_is_on_its_way_dies_too(reachable: User, visitor: Visitor) -> None:
    visitor.sign_in(reachable.email)

    lock_account(reachable, actor=DESK, at=Challenge.objects.get().created_at)

    assert Challenge.objects.get().replaced_at is not None
    assert "no valid code" in visitor.type_code().content.decode()


def test_each_proven_contact_is_told_and_no_other(reachable: User, post_office: PostOffice) -> None:
    User.objects.filter(pk=reachable.pk).update(phone_verified_at=None)

    lock(reachable)
    send_due()

    assert [mail["To"] for mail in post_office.mails] == [reachable.email]
    assert not post_office.texts
    assert "Nobody can sign in any more" in post_office.last_text()


def test_nobody_gets_in_while_it_is_locked(reachable: User, visitor: Visitor) -> None:
    lock(reachable)

    visitor.sign_in(reachable.email)
    response = visitor.type_code()

    assert response["Location"] == "/account/inactive/"
    assert visitor.user_id is None
    assert SignIn.objects.get().result == "locked"


def test_a_session_that_nobody_noted_is_out_for_good_too(reachable: User, visitor: Visitor) -> None:
    visitor.browser.force_login(reachable)

    lock(reachable)
    unlock_account(reachable, actor=DESK, at=NOW)

    assert visitor.look("/account/sign-ins/")["Location"].startswith("/account/login/")


def test_locking_twice_changes_and_tells_nothing(reachable: User) -> None:
    lock(reachable)
    told = Notice.objects.count()

    assert not lock(reachable)

    assert Notice.objects.count() == told == 2
    assert AuditEntry.objects.filter(act="account.locked").count() == 1


def test_unlocking_lets_in_from_browsers_that_nobody_knows(
    reachable: User, come_in: ComeIn, post_office: PostOffice
) -> None:
    browser = come_in(reachable).browser
    lock(reachable)

    assert unlock_account(reachable, actor=DESK, at=NOW)

    assert not Browser.objects.exists()
    assert AuditEntry.objects.get(act="account.unlocked").actor == "staff:7"
    assert Notice.objects.filter(event="account_unlocked").count() == 2
    come_in(reachable, browser)
    assert SignIn.objects.latest("pk").risks == ["new_browser"]


def test_what_is_not_locked_is_not_unlocked(reachable: User) -> None:
    assert not unlock_account(reachable, actor=DESK, at=NOW)

    assert not Notice.objects.exists()


def test_a_closed_account_stays_closed(reachable: User) -> None:
    lock(reachable)
    User.objects.filter(pk=reachable.pk).update(closed_at=NOW)

    assert not unlock_account(reachable, actor=DESK, at=NOW)

    reachable.refresh_from_db()
    assert not reachable.is_active


@pytest.mark.django_db(transaction=True)
def test_two_at_once_lock_and_tell_once(reachable: User) -> None:
    start, results = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        results.append(lock(User.objects.get(pk=reachable.pk)))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [False, True]
    assert Notice.objects.filter(event="account_locked").count() == 2
