"""Taking an agreement back, as easily as it was given."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import override_settings

from accounts.models import User
from consent.ledger.actions import Recorded, withdraw
from consent.ledger.errors import IdempotencyConflict, NotTheirs, NotWithdrawable, UnknownPurpose
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject
from consent.ledger.rules import in_force
from consent.ledger.selectors import states_for
from consent.ledger.tests.factories import AT, answer, circumstances, make_subject, themselves
from consent.policies.models import PolicyVersion
from consent.policies.published import versions_of
from consent.policies.tests.factories import facts, make_policy, make_version

GIVEN, REFUSED, WITHDRAWN = ConsentStatus.GIVEN, ConsentStatus.REFUSED, ConsentStatus.WITHDRAWN
REGISTER = ("ads", facts("card", is_sensitive=True), facts("law", lawful_basis="legal_duty"))


@pytest.fixture
def version(db: None) -> PolicyVersion:
    return make_version(make_policy(), REGISTER)


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def _withdraw(
    subject: DataSubject, version: PolicyVersion, purpose: str, *, key: str = "w", **changes: Any
) -> Recorded:
    how: dict[str, Any] = {"circumstances": circumstances(), "actor": themselves(subject), "at": AT} | changes
    return withdraw(subject, version, purpose, key=key, **how)


def _in_force(user: User, version: PolicyVersion, purpose: str) -> bool:
    return in_force(versions_of(version.policy_id), states_for(user, version.policy), purpose, AT)


@pytest.mark.parametrize("purpose", ["", "ads", "card"])
def test_a_withdrawal_is_an_event_of_its_own_and_ends_the_consent(
    alice: User, subject: DataSubject, version: PolicyVersion, purpose: str
) -> None:
    answer(subject, version, GIVEN, ["", "ads", "card"])

    recorded = _withdraw(subject, version, purpose)

    assert [event.status for event in recorded.events] == [WITHDRAWN]
    assert {code for code in ("", "ads", "card") if not _in_force(alice, version, code)} == {purpose}
    assert ConsentEvent.objects.filter(purpose=purpose).count() == 2


def test_a_second_withdrawal_is_refused_and_announces_nothing(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    _withdraw(subject, version, "ads")

    with pytest.raises(NotWithdrawable):
        _withdraw(subject, version, "ads", key="again")

    assert ConsentEvent.objects.count() == 2


def test_the_same_withdrawal_sent_twice_is_answered_twice(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    first = _withdraw(subject, version, "ads")

    assert _withdraw(subject, version, "ads") == replace(first, replayed=True)
    assert ConsentEvent.objects.count() == 2


def test_a_key_used_for_something_else_withdraws_nothing(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads"], key="used")

    with pytest.raises(IdempotencyConflict):
        _withdraw(subject, version, "ads", key="used")

    assert _in_force(alice, version, "ads")


@pytest.mark.parametrize("status", [None, REFUSED, ConsentStatus.DEFERRED, ConsentStatus.EXPIRED])
def test_without_a_consent_in_force_nothing_is_withdrawn(
    subject: DataSubject, version: PolicyVersion, status: ConsentStatus | None
) -> None:
    if status:
        answer(subject, version, status, ["ads"])

    with pytest.raises(NotWithdrawable):
        _withdraw(subject, version, "ads")

    assert not ConsentEvent.objects.filter(status=WITHDRAWN).exists()


def test_what_a_law_demands_cannot_be_withdrawn(subject: DataSubject, version: PolicyVersion) -> None:
    with pytest.raises(NotWithdrawable):
        _withdraw(subject, version, "law")

    with pytest.raises(UnknownPurpose):
        _withdraw(subject, version, "nowhere")


def test_nobody_withdraws_for_another(alice: User, subject: DataSubject, version: PolicyVersion, bob: User) -> None:
    answer(subject, version, GIVEN, ["ads"])
    stranger = themselves(make_subject(bob, version.policy.controller))

    with pytest.raises(NotTheirs):
        _withdraw(subject, version, "ads", actor=stranger)

    assert _in_force(alice, version, "ads")


def test_a_consent_carried_over_from_an_earlier_version_is_withdrawn_under_the_one_in_effect(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads"])
    current = make_version(version.policy, REGISTER, change_kinds=["M5"])
    assert _in_force(alice, current, "ads")

    _withdraw(subject, current, "ads")

    assert not _in_force(alice, current, "ads")
    with pytest.raises(NotWithdrawable):
        _withdraw(subject, current, "ads", key="again")


def test_a_consent_to_a_version_to_come_is_not_in_force_yet(subject: DataSubject, version: PolicyVersion) -> None:
    coming = make_version(version.policy, REGISTER, effective_at=datetime(2099, 1, 1, tzinfo=UTC))
    answer(subject, coming, GIVEN, ["ads"])

    with pytest.raises(NotWithdrawable):
        _withdraw(subject, version, "ads")


def test_after_a_withdrawal_a_new_yes_counts_again(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    _withdraw(subject, version, "ads")

    answer(subject, version, GIVEN, ["ads"])

    assert _in_force(alice, version, "ads")
    assert ConsentState.objects.get().status == GIVEN


def test_consent_and_withdrawal_need_no_broker(alice: User, version: PolicyVersion) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    with override_settings(REDIS_URL=nowhere, CELERY_BROKER_URL=nowhere):
        subject = make_subject(alice, version.policy.controller)
        answer(subject, version, GIVEN, ["ads"])

        assert _withdraw(subject, version, "ads").events
