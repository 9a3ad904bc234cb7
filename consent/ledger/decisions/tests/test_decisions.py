"""Decisions about people on file: one statement, their own controller's, now and at any time before."""

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import Actor, ActorKind
from accounts.models import User
from consent.ledger.actions import Answer, record_answers, withdraw
from consent.ledger.decisions.reasons import Reason
from consent.ledger.decisions.rules import Decision
from consent.ledger.decisions.selectors import Inquiry, decision, decision_for_ref, decisions_for_refs
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject
from consent.ledger.tests.factories import answer, circumstances, make_subject, themselves
from consent.policies import schedule
from consent.policies.models import PolicyVersion
from consent.policies.recipients.actions import end_agreement
from consent.policies.recipients.models import RecipientAgreement
from consent.policies.recipients.tests.factories import make_recipient
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

TICK = timedelta(microseconds=1)
GIVEN, REFUSED = ConsentStatus.GIVEN, ConsentStatus.REFUSED
CLIENT = Actor(ActorKind.CLIENT, 1)
_keys = count(1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> PolicyVersion:
    company = make_controller()
    make_recipient(company)
    return make_version(make_policy(company), [facts("ads", recipient_codes=["bank"]), "sms"])


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def _ask(subject: DataSubject, purpose: str = "ads", recipient: str = "", **more: Any) -> Decision:
    return decision_for_ref(subject.controller_id, bytes(subject.ref), purpose, recipient, **more)


def _answer(subject: DataSubject, version: PolicyVersion, status: ConsentStatus, recipient: str = "") -> None:
    record_answers(
        subject,
        version,
        [Answer("ads", status, recipient=recipient)],
        circumstances=circumstances(),
        actor=CLIENT,
        key=f"k{next(_keys)}",
    )


def test_the_deciding_event_is_named(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])

    made = _ask(subject)

    assert (made.allowed, made.policy, made.version) == (True, "privacy", 1)
    assert made.event_id == ConsentEvent.objects.get().id


def test_one_statement_answers(
    subject: DataSubject, version: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer(subject, version, GIVEN, ["ads", "sms", ""])
    past = timezone.now() - timedelta(days=1)
    refs = [bytes(subject.ref)] * 250

    for asking in (
        lambda: _ask(subject, recipient="bank"),
        lambda: decision(subject.controller_id, subject.pk, "ads", "bank", "phone"),
        lambda: _ask(subject, at=past),
        lambda: decisions_for_refs(subject.controller_id, [Inquiry(ref, "ads") for ref in refs]),
    ):
        with django_assert_num_queries(1):
            asking()


def test_another_controller_does_not_know_the_person(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    other = make_version(make_policy(make_controller("other"), "other"), ["ads"]).policy.controller_id

    by_id = decision(other, subject.pk, "ads")
    by_ref = decision_for_ref(other, bytes(subject.ref), "ads")
    (at_once,) = decisions_for_refs(other, [Inquiry(bytes(subject.ref), "ads")])

    assert {by_id.reason, by_ref.reason, at_once.reason} == {Reason.UNKNOWN_SUBJECT}
    assert decision(subject.controller_id, None, "ads").reason == Reason.UNKNOWN_SUBJECT


def test_a_withdrawal_denies_at_once(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    withdraw(
        subject,
        version,
        "ads",
        circumstances=circumstances(),
        actor=themselves(subject),
        key="w",
        at=timezone.now(),
    )

    assert _ask(subject).reason == Reason.WITHDRAWN


def test_refusing_one_purpose_changes_no_other(alice: User) -> None:
    codes = ["ads", "sms", "push", "location"]
    lawful = facts("kyc", lawful_basis="legal_duty")
    version = make_version(make_policy(), [*codes, lawful])
    subject = make_subject(alice, version.policy.controller)
    answer(subject, version, GIVEN, codes)

    for refused in codes:
        answer(subject, version, REFUSED, [refused])
        allowed = {code for code in [*codes, "kyc"] if _ask(subject, code).allowed}
        assert allowed == {*codes, "kyc"} - {refused}
        answer(subject, version, GIVEN, [refused])


def test_what_was_decided_then_can_be_asked_later(subject: DataSubject, version: PolicyVersion) -> None:
    instants = []
    for status in (GIVEN, REFUSED, GIVEN, ConsentStatus.DEFERRED):
        answer(subject, version, status, ["ads"])
        instants.append(ConsentEvent.objects.order_by("-at").first().at)  # type: ignore[union-attr]

    reasons = [_ask(subject, at=at).reason for at in (instants[0] - TICK, *instants)]

    assert reasons == [
        Reason.NOT_ANSWERED,
        Reason.ALLOWED_BY_CONSENT,
        Reason.REFUSED,
        Reason.ALLOWED_BY_CONSENT,
        Reason.ALLOWED_BY_CONSENT,  # who puts off what they answered has answered it
    ]


def test_nobody_is_known_before_they_were(subject: DataSubject, version: PolicyVersion) -> None:
    assert _ask(subject, at=subject.created_at - TICK).reason == Reason.UNKNOWN_SUBJECT
    assert _ask(subject, at=subject.created_at).reason == Reason.NOT_ANSWERED


def test_a_later_version_does_not_change_what_held_before(alice: User) -> None:
    policy = make_policy()
    first = make_version(policy, ["ads"])
    subject = make_subject(alice, policy.controller)
    answer(subject, first, GIVEN, ["ads"])
    before = timezone.now()
    make_version(
        policy,
        [facts("ads", retention={"zh-hans": "永久"})],
        change_kinds=["M2"],
        published_at=before + TICK,
        effective_at=before + 2 * TICK,
    )

    assert _ask(subject, at=before).version == 1
    assert _ask(subject, at=before).allowed
    assert _ask(subject).reason == Reason.SUPERSEDED


def test_an_agreement_that_ended_was_in_force_before(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    ended_at = timezone.now()
    end_agreement(RecipientAgreement.objects.get(), actor=CLIENT, at=ended_at)
    schedule.refresh()

    assert _ask(subject, recipient="bank").reason == Reason.NO_ACTIVE_AGREEMENT
    assert _ask(subject, recipient="bank", at=ended_at - TICK).allowed


def test_a_no_about_one_recipient_denies_that_recipient(subject: DataSubject, version: PolicyVersion) -> None:
    _answer(subject, version, GIVEN)
    _answer(subject, version, REFUSED, "bank")

    assert [_ask(subject, recipient=to).reason for to in ("", "bank")] == [Reason.ALLOWED_BY_CONSENT, Reason.REFUSED]
    assert _ask(subject, recipient="bank", at=ConsentEvent.objects.latest("at").at - TICK).allowed


def test_of_two_policies_the_one_with_precedence_answers(alice: User) -> None:
    company = make_controller()
    make_version(make_policy(company, "general"), ["ads"])
    make_version(make_policy(company, "service", precedence=1), [facts("ads", lawful_basis="contract")])
    subject = make_subject(alice, company)

    assert (_ask(subject).policy, _ask(subject).allowed) == ("service", True)  # K108


def test_a_policy_that_account_holders_are_not_asked_about_decides_too(alice: User) -> None:
    version = make_version(make_policy(asks_account_holders=False), ["ads"])
    subject = make_subject(alice, version.policy.controller)
    answer(subject, version, GIVEN, ["ads"])

    assert _ask(subject).allowed


def test_age_and_guardian_are_read_from_the_file(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    DataSubject.objects.update(adult_on=timezone.localdate() + timedelta(days=1))
    alone = _ask(subject)
    DataSubject.objects.update(guardian_confirmed_at=timezone.now())
    guarded = _ask(subject)
    DataSubject.objects.update(adult_on=date(2020, 1, 1), guardian_confirmed_at=None)

    assert [alone.reason, guarded.reason] == [Reason.MINOR_WITHOUT_GUARDIAN, Reason.ALLOWED_BY_CONSENT]
    assert _ask(subject).allowed


def test_many_are_answered_in_their_order_each_for_its_instant(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    given_at = ConsentEvent.objects.get().at
    answer(subject, version, REFUSED, ["ads"])
    ref, nobody = bytes(subject.ref), bytes(32)

    made = decisions_for_refs(
        subject.controller_id,
        [
            Inquiry(nobody, "ads"),
            Inquiry(ref, "ads", at=given_at),
            Inquiry(ref, "sms"),
            Inquiry(ref, "ads"),
            Inquiry(ref, "ads", "bank", "face"),
            Inquiry(ref, "ads", at=given_at - TICK),
        ],
    )

    assert [each.reason for each in made] == [
        Reason.UNKNOWN_SUBJECT,
        Reason.ALLOWED_BY_CONSENT,
        Reason.NOT_ANSWERED,
        Reason.REFUSED,
        Reason.UNKNOWN_ITEM,
        Reason.NOT_ANSWERED,
    ]


def test_more_than_500_at_once_are_refused(version: PolicyVersion) -> None:
    with pytest.raises(ValueError, match="500"):
        decisions_for_refs(version.policy.controller_id, [Inquiry(bytes(32), "ads")] * 501)
    assert decisions_for_refs(version.policy.controller_id, []) == []


@pytest.mark.parametrize("odd", ["ads\x1f", "ads\x00", "\ud800", "' OR true --", "广告", "x" * 5000])
def test_odd_codes_are_unknown(subject: DataSubject, version: PolicyVersion, odd: str) -> None:
    assert _ask(subject, odd).reason == Reason.UNKNOWN_PURPOSE
    assert _ask(subject, "ads", odd).reason == Reason.UNKNOWN_RECIPIENT
    assert _ask(subject, "ads", item=odd).reason == Reason.UNKNOWN_ITEM


def test_the_past_is_kept_as_long_as_the_setting_says(subject: DataSubject, version: PolicyVersion) -> None:
    before = timezone.now()

    until = _ask(subject, at=before).cache_until

    assert timedelta(seconds=60) <= until - before < timedelta(seconds=70)


def test_events_and_states_decide_alike(subject: DataSubject, version: PolicyVersion) -> None:
    later = make_version(version.policy, [facts("ads", retention={"zh-hans": "永久"})], change_kinds=["M2"])
    for number, (status, which) in enumerate(
        [("given", later), ("refused", version), ("deferred", later), ("given", later), ("requested", version)]
    ):
        answer(subject, which, ConsentStatus(status), ["ads"], key=f"{number}-{uuid4()}")
        now = timezone.now() + timedelta(seconds=1)
        by_states, by_events = _ask(subject, at=now), _ask(subject, at=timezone.now() - TICK)

        assert (by_states.reason, by_states.event_id) == (by_events.reason, by_events.event_id), status
    assert ConsentState.objects.count() == 2
