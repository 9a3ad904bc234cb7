"""Several calls about one person at the same moment."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from consent.ledger.actions import Recorded, withdraw
from consent.ledger.errors import IdempotencyConflict, NotWithdrawable
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject
from consent.ledger.tests.factories import AT, answer, circumstances, make_subject, themselves
from consent.policies.models import PolicyVersion
from consent.policies.published import published_version
from consent.policies.tests.factories import make_policy, make_version

GIVEN, REFUSED, WITHDRAWN = ConsentStatus.GIVEN, ConsentStatus.REFUSED, ConsentStatus.WITHDRAWN
PURPOSES = [f"p{number}" for number in range(6)]
AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]
STATES_THAT_ARE_NOT_THE_LAST_EVENT = """
    SELECT count(*) FROM consent_state s JOIN LATERAL (
        SELECT e.id, e.status FROM consent_event e
         WHERE e.subject_id = s.subject_id AND e.version_id = s.version_id AND e.purpose = s.purpose
         ORDER BY e.at DESC, e.id DESC LIMIT 1) AS last ON true
     WHERE (last.id, last.status) <> (s.event_id, s.status)
"""


@pytest.fixture
def version(transactional_db: None) -> PolicyVersion:
    made = make_version(make_policy(), PURPOSES)
    published_version(made.pk)
    return made


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def _states_that_are_not_the_last_event() -> int:
    with connection.cursor() as cursor:
        cursor.execute(STATES_THAT_ARE_NOT_THE_LAST_EVENT)
        return int(cursor.fetchone()[0])


def test_yes_and_no_at_once_end_in_one_order(subject: DataSubject, version: PolicyVersion, at_once: AtOnce) -> None:
    for _round in range(10):
        results = at_once(2, lambda worker: answer(subject, version, (GIVEN, REFUSED)[worker], ["p0"]))

        assert not [result for result in results if isinstance(result, Exception)]
        assert _states_that_are_not_the_last_event() == 0
    assert ConsentEvent.objects.count() == 20


def test_many_calls_with_the_purposes_in_any_order_wait_for_each_other_without_deadlock(
    subject: DataSubject, version: PolicyVersion, at_once: AtOnce
) -> None:
    def work(worker: int) -> None:
        for turn in range(25):
            purposes = PURPOSES[:: -1 if (worker + turn) % 2 else 1]
            answer(subject, version, (GIVEN, REFUSED)[turn % 2], purposes, key=f"{worker}-{turn}")

    results = at_once(4, work)

    assert results == [None] * 4
    assert ConsentEvent.objects.count() == 4 * 25 * len(PURPOSES)
    assert ConsentState.objects.count() == len(PURPOSES)
    assert _states_that_are_not_the_last_event() == 0


def test_one_key_used_by_many_at_once_records_once(
    subject: DataSubject, version: PolicyVersion, at_once: AtOnce
) -> None:
    results = at_once(12, lambda _worker: answer(subject, version, GIVEN, PURPOSES, key="same"))

    assert len({result.events[0].id for result in results}) == 1
    assert sorted(result.replayed for result in results) == [False] + [True] * 11
    assert ConsentEvent.objects.count() == len(PURPOSES)


def _answer_some(subject: DataSubject, version: PolicyVersion, key: str, worker: int) -> Recorded:
    return answer(subject, version, GIVEN, PURPOSES[: worker + 1], key=key)


def test_one_key_used_at_once_for_calls_of_different_length_records_one_of_them_whole(
    subject: DataSubject, version: PolicyVersion, at_once: AtOnce
) -> None:
    for turn in range(10):
        work = partial(_answer_some, subject, version, f"same-{turn}")

        results = at_once(3, work)

        conflicts = [result for result in results if isinstance(result, IdempotencyConflict)]
        written = [result for result in results if not isinstance(result, Exception)]
        assert (len(conflicts), len(written)) == (2, 1)
        assert ConsentEvent.objects.filter(idempotency_key=f"same-{turn}").count() == len(written[0].events)


def test_of_two_withdrawals_at_once_one_is_refused(
    subject: DataSubject, version: PolicyVersion, at_once: AtOnce
) -> None:
    def work(worker: int) -> Any:
        key, actor = f"withdrawal-{worker}", themselves(subject)
        return withdraw(subject, version, "p0", circumstances=circumstances(), actor=actor, key=key, at=AT)

    answer(subject, version, GIVEN, ["p0"])

    results = at_once(6, work)

    assert sum(isinstance(result, NotWithdrawable) for result in results) == 5
    assert ConsentEvent.objects.filter(status=WITHDRAWN).count() == 1
