"""What is enqueued happens after the commit, and is never lost."""

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.notices import broker
from consent.outbox import registry
from consent.outbox.actions import LONGEST_WAIT_SECONDS, enqueue, handle_next
from consent.outbox.models import OutboxMessage
from consent.outbox.registry import handles
from consent.outbox.tasks import relay

pytestmark = pytest.mark.django_db


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """Payloads that a handler of `test.happened` got."""
    monkeypatch.setattr(registry, "_handlers", {})
    seen: list[Mapping[str, Any]] = []
    handles("test.happened")(seen.append)
    return seen


def test_a_message_is_handled_once_and_kept_as_done(handled: list[Mapping[str, Any]]) -> None:
    at = timezone.now()
    message = enqueue("test.happened", {"version": 7}, at=at)

    assert handle_next(at=at)
    assert not handle_next(at=at)

    message.refresh_from_db()
    assert handled == [{"version": 7}]
    assert message.done_at == at


def test_a_message_of_a_transaction_that_failed_does_not_exist() -> None:
    with transaction.atomic():
        enqueue("test.happened", {}, at=timezone.now())
        transaction.set_rollback(True)

    assert not OutboxMessage.objects.exists()


def test_a_message_waits_until_it_is_due(handled: list[Mapping[str, Any]]) -> None:
    at = timezone.now()
    enqueue("test.happened", {}, at=at + timedelta(hours=1))

    assert not handle_next(at=at)
    assert handle_next(at=at + timedelta(hours=1))


def test_a_failing_handler_leaves_nothing_but_the_reason_and_a_later_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_handlers", {})

    @handles("test.failing")
    def fail(payload: Mapping[str, Any]) -> None:
        OutboxMessage.objects.create(topic="left.behind")
        raise RuntimeError("no such version")

    at = timezone.now()
    message = enqueue("test.failing", {}, at=at)

    assert handle_next(at=at)

    message.refresh_from_db()
    assert (message.attempts, message.last_error, message.done_at) == (1, "RuntimeError: no such version", None)
    assert message.due_at == at + timedelta(seconds=2)
    assert not OutboxMessage.objects.filter(topic="left.behind").exists()


def test_the_waits_grow_and_end_at_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    at = timezone.now()
    message = enqueue("test.unknown", {}, at=at)
    waits = []

    for _ in range(14):
        handle_next(at=message.due_at)
        before = message.due_at
        message.refresh_from_db()
        waits.append((message.due_at - before).total_seconds())

    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == LONGEST_WAIT_SECONDS
    assert message.last_error == "LookupError: nobody handles test.unknown"


def test_a_message_that_fails_does_not_hold_up_the_others(handled: list[Mapping[str, Any]]) -> None:
    at = timezone.now()
    enqueue("test.unknown", {}, at=at)
    enqueue("test.happened", {"version": 8}, at=at)

    relay()

    assert handled == [{"version": 8}]


def test_a_topic_has_one_handler(handled: list[Mapping[str, Any]]) -> None:
    with pytest.raises(ValueError, match="two handlers for test.happened"):
        handles("test.happened")(lambda payload: None)


def test_a_second_message_takes_as_many_queries_as_the_first(
    handled: list[Mapping[str, Any]], django_assert_num_queries: Callable[[int], Any]
) -> None:
    at = timezone.now()
    enqueue("test.happened", {}, at=at)
    enqueue("test.happened", {}, at=at)

    for _ in range(2):
        with django_assert_num_queries(6):  # the two transactions, select, update
            handle_next(at=at)


@pytest.mark.django_db(transaction=True)
def test_two_relays_at_once_handle_a_message_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr("consent.outbox.actions.wake", lambda *args: True)
    first_is_inside, second_is_done, seen = threading.Event(), threading.Event(), []

    @handles("test.slow")
    def slow(payload: Mapping[str, Any]) -> None:
        seen.append(payload)
        first_is_inside.set()
        second_is_done.wait(5)

    at = timezone.now()
    enqueue("test.slow", {}, at=at)

    def first() -> None:
        handle_next(at=at)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    first_is_inside.wait(5)
    second = handle_next(at=at)
    second_is_done.set()
    thread.join()

    assert not second
    assert len(seen) == 1


@pytest.mark.django_db(transaction=True)
def test_the_relay_is_called_for_after_the_commit_only(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr("consent.outbox.actions.wake", lambda task: called.append(task))

    with transaction.atomic():
        enqueue("test.happened", {}, at=timezone.now())
        before = list(called)

    assert before == []
    assert called == ["consent.outbox.tasks.relay"]


def test_a_wake_up_is_dropped_at_once_while_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def away(*args: Any, **options: Any) -> None:
        tried.append(args)
        raise OperationalError("connection refused")

    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    monkeypatch.setattr(current_app, "send_task", away)

    assert not broker.wake("consent.outbox.tasks.relay")
    assert not broker.wake("consent.outbox.tasks.relay")
    assert len(tried) == 1  # the second did not even try


def test_the_task_that_is_called_for_exists() -> None:
    assert relay.name == "consent.outbox.tasks.relay"
