"""People whom a controller's own systems name."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import Actor, ActorKind
from consent.ledger.actions import Answer, Recorded, enrol_reference, record_for_reference
from consent.ledger.errors import InvalidAnswers, NotTheirs, SubjectClosed, VersionNotPublished
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject, SubjectKey
from consent.ledger.selectors import states_by_reference, subject_by_reference
from consent.ledger.tests.factories import AT, circumstances
from consent.policies.models import PolicyVersion
from consent.policies.published import published_version
from consent.policies.tests.factories import make_controller, make_policy, make_version

GIVEN = ConsentStatus.GIVEN
CLIENT = Actor(ActorKind.CLIENT, 7)


@pytest.fixture
def version(db: None) -> PolicyVersion:
    return make_version(make_policy())


def _record(version: PolicyVersion, reference: str = "customer-1", key: str = "k", controller: int = 0) -> Recorded:
    return record_for_reference(
        controller or version.policy.controller_id,
        reference,
        version.pk,
        [Answer("", GIVEN)],
        circumstances=circumstances(),
        actor=CLIENT,
        key=key,
        at=AT,
    )


def test_the_first_answer_enrols_and_the_next_takes_one_statement(
    version: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _record(version)

    with django_assert_num_queries(1):
        recorded = _record(version, key="another")

    assert not recorded.replayed
    assert (DataSubject.objects.count(), SubjectKey.objects.count()) == (1, 1)
    assert ConsentEvent.objects.count() == 2
    assert {event.actor for event in ConsentEvent.objects.all()} == {"client:7"}


def test_the_same_key_again_is_a_replay(version: PolicyVersion) -> None:
    first = _record(version)

    again = _record(version)

    assert again.replayed
    assert again.events == first.events


def test_the_same_key_for_another_person_is_another_call(version: PolicyVersion) -> None:
    first = _record(version)

    other = _record(version, "customer-2")

    assert not other.replayed
    assert {event.id for event in other.events}.isdisjoint(event.id for event in first.events)


def test_a_reference_of_one_controller_is_nobody_elsewhere(version: PolicyVersion) -> None:
    elsewhere = make_version(make_policy(make_controller("shop"), slug="shop-privacy")).policy.controller_id
    _record(version)

    assert subject_by_reference(elsewhere, "customer-1") is None
    assert states_by_reference(elsewhere, "customer-1") is None
    with pytest.raises(NotTheirs):
        _record(version, controller=elsewhere)


def test_states_are_read_in_one_statement(
    version: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _record(version)

    with django_assert_num_queries(1):
        states = states_by_reference(version.policy.controller_id, "customer-1")

    assert states is not None
    assert [(state.purpose, state.version_id, state.status) for state in states[version.policy_id]] == [
        ("", version.pk, "given")
    ]


def test_somebody_enrolled_without_an_answer_is_known(version: PolicyVersion) -> None:
    enrol_reference(version.policy.controller_id, "customer-1", at=AT)

    assert states_by_reference(version.policy.controller_id, "customer-1") == {}


def test_who_has_left_is_not_enrolled_again(version: PolicyVersion) -> None:
    _record(version)
    DataSubject.objects.update(closed_at=AT)

    with pytest.raises(SubjectClosed):
        _record(version, key="later")

    assert ConsentState.objects.count() == 1


def test_bad_calls_enrol_nobody(version: PolicyVersion) -> None:
    with pytest.raises(InvalidAnswers):
        _record(version, key="")
    with pytest.raises(VersionNotPublished):
        record_for_reference(
            version.policy.controller_id,
            "customer-1",
            version.pk + 1,
            [Answer("", GIVEN)],
            circumstances=circumstances(),
            actor=CLIENT,
            key="k",
            at=AT,
        )

    assert not DataSubject.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_first_answers_at_once_end_in_one_person(at_once: Callable[..., list[Recorded]]) -> None:
    version = make_version(make_policy())
    published_version(version.pk)

    at_once(6, lambda worker: _record(version, key=f"k-{worker}"))

    assert (DataSubject.objects.count(), SubjectKey.objects.count()) == (1, 1)
    assert ConsentEvent.objects.count() == 6
