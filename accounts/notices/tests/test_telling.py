"""A message to one person leaves once the act is committed: once, again after a failure, and then nothing is kept."""

import os
import signal
import smtplib
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from time_machine import travel

from accounts.conftest import PostOffice
from accounts.models import Notice, User
from accounts.notices import actions, broker, tasks
from accounts.notices.actions import claim_due, sweep_notices, tell
from accounts.notices.rules import AT_ONCE, KEPT, LEASE, PATIENCE, next_try_at
from accounts.otp.messages import send_message
from accounts.users.rules import Contact, ContactKind
from conftest import NOW, connect_as

EVENT, PARAMETERS = "account_known", {"url": "https://portal.example/<in>"}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with travel(NOW, tick=False):
        yield


def write(user: User, *contacts: Contact) -> list[Notice]:
    """A message to the given contacts, or to those of user."""
    return tell(user, EVENT, PARAMETERS, contacts=contacts or user.contacts, at=timezone.now())


def test_each_contact_gets_the_message_in_the_persons_language(alice: User, post_office: PostOffice) -> None:
    User.objects.filter(pk=alice.pk).update(language="en")
    alice.refresh_from_db()

    write(alice, *alice.contacts, Contact(ContactKind.PHONE, "+8613900139000"))
    tasks.send_due()

    (mail,), (text,) = post_office.mails, post_office.texts
    assert (mail["To"], mail["Content-Language"]) == (alice.email, "en")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "https://portal.example/<in>" in body.get_content()
    assert (text["phone"], text["template"], text["parameters"]) == ("+8613900139000", EVENT, PARAMETERS)


def test_its_id_is_the_notices_own(alice: User, post_office: PostOffice) -> None:
    mail, text = write(alice, *alice.contacts, Contact(ContactKind.PHONE, "+8613900139000"))

    tasks.send_due()

    assert post_office.mails[0]["Message-ID"].startswith(f"<{mail.pk.hex}@")
    assert post_office.texts[0]["id"] == text.pk.hex


def test_what_is_rolled_back_is_not_told(alice: User, post_office: PostOffice) -> None:
    with transaction.atomic():
        write(alice)
        transaction.set_rollback(True)
    tasks.send_due()

    assert post_office.count == 0


def test_a_worker_is_woken_after_the_commit(
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    monkeypatch.setattr(current_app, "send_task", lambda name, *_args, **_options: woken.append(name))

    with django_capture_on_commit_callbacks(execute=True):
        write(alice)
        assert woken == []

    assert woken == [tasks.send_due.name]


def test_a_broker_that_is_away_stops_nobody(
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_arguments: object, **_options: object) -> None:
        raise BrokerAway

    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    monkeypatch.setattr(current_app, "send_task", away)

    with django_capture_on_commit_callbacks(execute=True):
        (notice,) = write(alice)

    assert claim_due(at=NOW) == [notice]


def test_a_code_is_refused_because_it_must_not_wait(alice: User) -> None:
    with pytest.raises(ValueError, match="code"):
        tell(alice, EVENT, {"code": "123456"}, contacts=alice.contacts, at=NOW)


def test_somebody_without_an_account_is_told_too(post_office: PostOffice, db: None) -> None:
    contact = Contact(ContactKind.EMAIL, "nobody@people.example")

    tell(None, EVENT, PARAMETERS, contacts=[contact], at=NOW, language="en")
    tasks.send_due()

    assert (post_office.mails[0]["To"], post_office.mails[0]["Content-Language"]) == (contact.value, "en")


def test_without_a_contact_nothing_happens(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert tell(alice, EVENT, PARAMETERS, contacts=[], at=NOW) == []


def test_to_whom_and_what_lie_sealed_and_are_wiped_when_it_is_sent(alice: User, post_office: PostOffice) -> None:
    (notice,) = write(alice)
    with connection.cursor() as cursor:
        cursor.execute("SELECT destination, parameters FROM accounts_notice")
        stored = str(cursor.fetchall())

    tasks.send_due()

    assert alice.email not in stored
    assert "portal.example" not in stored
    notice.refresh_from_db()
    assert (notice.destination, notice.parameters, notice.sent_at) == ("", {}, NOW)


def test_what_was_sent_is_not_sent_again(alice: User, post_office: PostOffice) -> None:
    write(alice)

    tasks.send_due()
    with travel(NOW + LEASE + timedelta(hours=2)):
        tasks.send_due()

    assert post_office.count == 1


def test_a_failure_is_tried_again_under_the_same_id(alice: User, post_office: PostOffice) -> None:
    (notice,) = write(alice)
    post_office.refuses = "try later"

    tasks.send_due()
    tasks.send_due()
    post_office.refuses = ""
    with travel(NOW + timedelta(seconds=31)):
        tasks.send_due()

    notice.refresh_from_db()
    assert notice.attempts == 2
    assert [mail["Message-ID"].split("@")[0] for mail in post_office.mails] == [f"<{notice.pk.hex}"]


def test_pauses_grow_and_the_last_try_is_after_a_day() -> None:
    tries = [NOW]
    while due := next_try_at(len(tries), created_at=NOW, at=tries[-1]):
        tries.append(due)

    pauses = [(later - sooner).total_seconds() for sooner, later in zip(tries, tries[1:], strict=False)]
    assert pauses[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]
    assert set(pauses[8:-1]) == {3600}
    assert tries[-1] == NOW + PATIENCE


def test_after_a_day_it_is_given_up_and_wiped(alice: User, servers_away: None) -> None:
    (notice,) = write(alice)

    with travel(NOW + PATIENCE, tick=False):
        tasks.send_due()

    notice.refresh_from_db()
    assert (notice.given_up_at, notice.sent_at) == (NOW + PATIENCE, None)
    assert (notice.destination, notice.parameters) == ("", {})


def test_a_refused_number_is_given_up_at_once_and_asked_about_later(bob: User, post_office: PostOffice) -> None:
    (notice,) = write(bob)
    post_office.refuses = "MOBILE_NUMBER_ILLEGAL"

    tasks.send_due()

    notice.refresh_from_db()
    bob.refresh_from_db()
    assert (notice.given_up_at, bob.phone_bounced_at) == (NOW, NOW)


def test_a_former_number_that_refuses_says_nothing_about_the_present_one(
    alice: User, bob: User, post_office: PostOffice
) -> None:
    write(alice, *bob.contacts)
    post_office.refuses = "MOBILE_NUMBER_ILLEGAL"

    tasks.send_due()

    bob.refresh_from_db()
    assert bob.phone_bounced_at is None


def test_one_that_cannot_be_written_keeps_no_other_back(alice: User, post_office: PostOffice) -> None:
    tell(alice, "no_such_event", {}, contacts=alice.contacts, at=NOW)
    write(alice)

    tasks.send_due()

    assert post_office.count == 1
    assert Notice.objects.get(event="no_such_event").sent_at is None


def test_a_worker_killed_before_it_recorded_costs_one_repetition_with_the_same_id(
    alice: User, post_office: PostOffice
) -> None:
    write(alice)
    (dead,) = claim_due(at=NOW)
    send_message(alice.contacts[0], EVENT, PARAMETERS, language="en", key=dead.pk)  # and here it died

    tasks.send_due()
    assert post_office.count == 1  # its lease still holds
    with travel(NOW + LEASE, tick=False):
        tasks.send_due()
        tasks.send_due()

    first, second = post_office.mails
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_ended_by_kill_9_in_the_midst_of_a_batch_repeats_one_message_only(
    alice: User, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        write(alice, Contact(ContactKind.EMAIL, f"person{number}@people.example"))
    recorded: list[Notice] = []

    def die_at_the_second(notice: Notice, *, at: datetime) -> None:
        if recorded:
            os.kill(os.getpid(), signal.SIGKILL)
        recorded.append(notice)
        actions.record_sent(notice, at=at)

    connection.close()  # the child opens its own
    child = os.fork()
    if not child:
        monkeypatch.setattr(tasks, "record_sent", die_at_the_second)
        tasks.send_due()
        os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert (os.WTERMSIG(status), post_office.count) == (signal.SIGKILL, 2)

    with travel(NOW + LEASE, tick=False):
        tasks.send_due()

    told = Counter((mail["To"], mail["Message-ID"]) for mail in post_office.mails)
    assert sorted(told.values()) == [1, 1, 1, 1, 2]


def test_a_late_failure_does_not_undo_what_the_next_worker_did(alice: User, post_office: PostOffice) -> None:
    (notice,) = write(alice)
    (slow,) = claim_due(at=NOW)
    (fast,) = claim_due(at=NOW + LEASE)

    actions.record_failed(slow, at=NOW + LEASE)

    notice.refresh_from_db()
    assert notice.due_at == NOW + 2 * LEASE
    assert fast.attempts == 2


def test_what_another_worker_holds_is_left_to_it(alice: User) -> None:
    assert claim_due(at=NOW) == []
    write(alice)

    first, second = claim_due(at=NOW), claim_due(at=NOW)

    assert (len(first), len(second)) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_each_once(alice: User, post_office: PostOffice) -> None:
    for number in range(3 * AT_ONCE):
        write(alice, Contact(ContactKind.EMAIL, f"person{number}@people.example"))

    def work() -> None:
        tasks.send_due()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    told = [mail["To"] for mail in post_office.mails]
    assert len(told) == len(set(told)) == 3 * AT_ONCE
    assert not Notice.objects.filter(sent_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_held_while_a_server_is_waited_for(
    alice: User, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notice,) = write(alice)
    seen: list[bool] = []

    def look(*_arguments: object, **_options: object) -> None:
        assert not connection.in_atomic_block
        with connect_as("default", autocommit=True) as other:
            other.execute("SELECT 1 FROM accounts_notice WHERE id = %s FOR UPDATE NOWAIT", [notice.pk])
            seen.append(True)

    monkeypatch.setattr(tasks, "send_message", look)
    tasks.send_due()

    assert seen == [True]


def test_a_batch_costs_one_statement_and_one_more_for_each_message(alice: User, post_office: PostOffice) -> None:
    for number in range(AT_ONCE):
        write(alice, Contact(ContactKind.EMAIL, f"person{number}@people.example"))

    with CaptureQueriesContext(
        connection,
    ) as captured:
        tasks.send_batch(claim_due(at=NOW))

    assert len(captured) == 1 + AT_ONCE
    assert post_office.count == AT_ONCE


def test_a_batch_goes_over_one_connection(
    alice: User, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[smtplib.SMTP] = []

    class Counted(smtplib.SMTP):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            opened.append(self)
            super().__init__(*arguments, **options)

    monkeypatch.setattr("smtplib.SMTP", Counted)
    for number in range(5):
        write(alice, Contact(ContactKind.EMAIL, f"person{number}@people.example"))

    tasks.send_due()

    assert (len(opened), post_office.count) == (1, 5)


def test_after_thirty_days_nobody_knows_that_anything_was_sent(alice: User, post_office: PostOffice) -> None:
    write(alice)
    tasks.send_due()

    sweep_notices(at=NOW + KEPT)
    assert Notice.objects.exists()
    sweep_notices(at=NOW + KEPT + timedelta(seconds=1))

    assert not Notice.objects.exists()


def test_what_a_dead_worker_left_is_given_up_by_the_sweep(alice: User) -> None:
    (notice,) = write(alice)
    claim_due(at=NOW + PATIENCE)

    sweep_notices(at=NOW + PATIENCE + LEASE + timedelta(seconds=1))

    notice.refresh_from_db()
    assert notice.given_up_at is not None
    assert notice.destination == ""
