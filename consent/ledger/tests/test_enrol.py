"""A person becomes known to a controller."""

from collections.abc import Callable

import pytest
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.actions import enrol
from consent.ledger.models import DataSubject, SubjectKey
from consent.ledger.references import account_ref, reference_ref
from consent.ledger.tests.factories import AT
from consent.policies.tests.factories import make_controller


def test_the_first_sight_makes_a_person_with_a_key_of_their_own(alice: User, bob: User) -> None:
    controller = make_controller()

    subjects = [enrol(user, controller.pk, at=AT) for user in (alice, bob)]

    assert [subject.user_id for subject in subjects] == [alice.pk, bob.pk]
    assert [subject.created_at for subject in subjects] == [AT, AT]
    secrets = {bytes(key.secret) for key in SubjectKey.objects.all()}
    assert len(secrets) == 2
    assert {len(secret) for secret in secrets} == {32}


def test_the_second_sight_changes_nothing(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    controller = make_controller()
    first = enrol(alice, controller.pk, at=AT)
    secret = bytes(first.key.secret)

    with django_assert_num_queries(1):
        second = enrol(alice, controller.pk, at=AT.replace(year=2027))

    assert (second.pk, second.created_at) == (first.pk, AT)
    assert bytes(SubjectKey.objects.get().secret) == secret


def test_each_controller_sees_another_person(alice: User) -> None:
    controllers = [make_controller("pay"), make_controller("shop")]

    subjects = {enrol(alice, controller.pk, at=AT).pk for controller in controllers}

    assert len(subjects) == 2


def test_the_reference_is_keyed_and_does_not_show_the_user() -> None:
    refs = {account_ref(1), account_ref(2), reference_ref("1"), reference_ref("user:1")}

    assert {len(ref) for ref in refs} == {32}
    assert len(refs) == 4
    assert account_ref(1) == account_ref(1)


def test_another_key_gives_other_references() -> None:
    before = account_ref(1)

    with override_settings(INDEX_KEY="A" * 43 + "="):
        assert account_ref(1) != before


@pytest.mark.django_db(transaction=True)
def test_two_at_once_end_in_one_row(alice: User, at_once: Callable[..., list[DataSubject]]) -> None:
    controller = make_controller()

    subjects = at_once(8, lambda _worker: enrol(alice, controller.pk, at=AT))

    assert len({subject.pk for subject in subjects}) == 1
    assert (DataSubject.objects.count(), SubjectKey.objects.count()) == (1, 1)
